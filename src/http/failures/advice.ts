/** JSON Schema of what a language model said of a group; null where there is nothing. */
export const ADVICE = {
  description: "What a language model said of the group: advice, not evidence. Null when there is none",
  anyOf: [
    {
      type: "object",
      required: [
        "notice",
        "diagnostic_summary",
        "probable_root_cause",
        "confidence_level",
        "suggested_fix",
        "who_must_act",
        "model",
        "at",
        "promptDigest",
        "durationMs",
      ],
      properties: {
        notice: { type: "string", description: "That it is advice" },
        diagnostic_summary: { type: "string" },
        probable_root_cause: { type: "string" },
        confidence_level: { enum: ["low", "medium", "high"], description: "In the model's own opinion" },
        suggested_fix: { type: "string" },
        who_must_act: { enum: ["producer", "contract-owner", "operator", "nobody", "unknown"] },
        model: { type: "string" },
        at: { type: "string", description: "When it was asked, RFC 3339" },
        promptDigest: { type: "string", description: "SHA-256 of the question, hex" },
        durationMs: { type: "integer", minimum: 0 },
      },
    },
    { type: "null" },
  ],
} as const;
