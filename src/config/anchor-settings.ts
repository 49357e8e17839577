/** Where signed heads of the ledger are kept, how often, and with which key. */
export const ANCHOR_SETTINGS = {
  "anchor.file": {
    value: { kind: "path" },
    byDefault: "",
    description:
      "File that signed heads of the ledger are appended to, where the writer of the store cannot write; empty is off",
  },
  "anchor.topic": {
    value: { kind: "text" },
    byDefault: "",
    description: "Compacted Kafka topic that signed heads of the ledger are appended to; empty is off",
  },
  "anchor.key_file": {
    value: { kind: "path" },
    byDefault: "",
    description:
      "Key that signs anchors, made by sigma keys new; without it anchor.key in the folder sigma-aetl of the user's configuration",
    flag: "--key-file",
  },
  "anchor.entries": {
    value: { kind: "integer", min: 1, max: 1_000_000 },
    byDefault: 1_000,
    description: "Ledger entries after which the next anchor is written",
  },
  "anchor.minutes": {
    value: { kind: "integer", min: 1, max: 1_440 },
    byDefault: 5,
    description: "Longest time until the next anchor is written, when there is anything to anchor",
  },
} as const;
