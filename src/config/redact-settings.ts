/** What people are not shown. */
export const REDACT_SETTINGS = {
  "redact.pointers": {
    value: { kind: "texts" },
    byDefault: "",
    description:
      "Values of payloads that are shown nowhere, as JSON pointers separated by commas, in which * is any member or item; after a subject and a colon those of its records alone, as in /customer/email,shipment:/driver/*/name. A comma in a name is written ~2",
  },
  "redact.classes": {
    value: { kind: "texts" },
    byDefault: "",
    description:
      "Classes, separated by commas, whose values are shown nowhere: contracts give them with x-classification, as in personal,secret",
  },
} as const;
