/** What people are not shown, and how long the store keeps what. */
export const KEEP_SETTINGS = {
  "redact.pointers": {
    value: { kind: "text" },
    byDefault: "",
    description:
      "Values of payloads that are shown nowhere, as JSON pointers separated by commas, in which * is any member or item; after a subject and a colon those of its records alone, as in /customer/email,shipment:/driver/*/name. A comma in a name is written ~2",
  },
  "redact.classes": {
    value: { kind: "text" },
    byDefault: "",
    description:
      "Classes, separated by commas, whose values are shown nowhere: contracts give them with x-classification, as in personal,secret",
  },
  "retention.failed": {
    value: { kind: "text" },
    byDefault: "",
    description:
      "How long failures and conflicts are kept after the time of their record, as in 90d or 36h: then the ledger alone says that they were. Without it for ever",
  },
  "retention.validated": {
    value: { kind: "text" },
    byDefault: "",
    description:
      "How long the contents of facts are kept: then each is a tombstone with its id, by which repeats are still recognised. Without it for ever",
  },
  "retention.receipts": {
    value: { kind: "text" },
    byDefault: "",
    description:
      "How long the receipts of duplicates are kept; the ledger still says which they were. Without it for ever",
  },
  "retention.evidence": {
    value: { kind: "text" },
    byDefault: "",
    description:
      "How long ledger entries keep the records they decided; then the audit checks their chain alone. Not shorter than retention.validated. Without it for ever",
  },
} as const;
