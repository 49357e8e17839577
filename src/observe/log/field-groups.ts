/** Fields that stand together in several events. */
export const FIELD_GROUPS = {
  stream: ["messaging.destination.name", "messaging.destination.partition.id"],
  batch: [
    "sigma.ledger.seq",
    "sigma.offset.from",
    "sigma.offset.to",
    "sigma.contract_set",
    "messaging.batch.message_count",
    "sigma.stored",
    "sigma.duplicates",
    "sigma.conflicts",
    "sigma.failures",
  ],
  failure: ["error.type", "sigma.fingerprint", "sigma.record.digest"],
} as const;

export type FieldGroup = keyof typeof FIELD_GROUPS;
