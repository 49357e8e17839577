/** Whether and how a language model of one's own is asked about groups of failures. */
export const DIAGNOSIS_SETTINGS = {
  "diagnosis.url": {
    value: { kind: "text" },
    byDefault: "",
    description:
      "An Ollama server that is asked about groups of failures, as http://127.0.0.1:11434; empty is off. It gets what sigma diagnose --prompt shows",
  },
  "diagnosis.model": {
    value: { kind: "text" },
    byDefault: "qwen2.5:7b",
    description: "Model that is asked; the server must have it",
  },
  "diagnosis.token": {
    value: { kind: "text" },
    byDefault: "",
    description: "Bearer token for the server, where something before it asks for one",
    secret: true,
  },
  "diagnosis.automatic": {
    value: { kind: "boolean" },
    byDefault: true,
    description: "Ask about each group that has no advice yet when it gets failures; off: only when a person asks",
  },
  "diagnosis.timeout_seconds": {
    value: { kind: "integer", min: 1, max: 290 },
    byDefault: 120,
    description: "How long the model may take for one answer, with the time to load it",
  },
  "diagnosis.daily_cap": {
    value: { kind: "integer", min: 0, max: 100_000 },
    byDefault: 200,
    description: "Most questions in a day (UTC); 0: none",
  },
  "diagnosis.max_prompt": {
    value: { kind: "bytes", min: 2_048, max: 32_768 },
    byDefault: 8_192,
    description: "Most bytes of a question, instructions included; the excerpt is shortened first",
  },
  "diagnosis.excerpt": {
    value: { kind: "choice", values: ["redacted", "none"] },
    byDefault: "redacted",
    description: "Whether a question has up to 2 kB of one failed record, redacted by redact.*; none: no value of it",
  },
} as const;
