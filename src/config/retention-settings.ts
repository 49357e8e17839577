/** How long the store keeps what it shows of decisions. */
export const RETENTION_SETTINGS = {
  "retention.failed": {
    value: { kind: "text" },
    byDefault: "",
    description:
      "How long failures are kept, by the times of their records, as in 90d; h, d, w and y are hours, days, weeks and years. Empty keeps them for ever; 0d keeps none that is settled",
  },
  "retention.receipts": {
    value: { kind: "text" },
    byDefault: "",
    description: "How long receipts of duplicates are kept",
  },
  "retention.facts": {
    value: { kind: "text" },
    byDefault: "",
    description:
      "How long the payloads of facts are kept. Then a tombstone takes their place, which keeps the id: the same record sent again is a duplicate still",
  },
  "retention.facts_collections": {
    value: { kind: "texts" },
    byDefault: "",
    description: "Other terms for the facts of some collections, separated by commas, as in orders=2y,payments=forever",
  },
  "retention.evidence": {
    value: { kind: "text" },
    byDefault: "",
    description:
      "How long the ledger keeps the records of its entries. Without them positions are only known as PASSED or FAILED, and nothing can be redriven, erased or brought back",
  },
  "retention.collections": {
    value: { kind: "texts" },
    byDefault: "",
    description:
      "Other terms for the failures of some collections, separated by commas, as in orders=30d,payments=forever",
  },
  "retention.every_hours": {
    value: { kind: "integer", min: 0, max: 8_760 },
    byDefault: 24,
    description:
      "How often a gateway takes away what is older than the terms; 0 never does, and sigma retention run does it alone",
  },
} as const;
