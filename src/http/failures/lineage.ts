/* oxlint-disable typescript/no-unnecessary-type-assertion -- an exported literal may name another one only with its type */
/** JSON Schema of what retention took of a decision. */
export const TAKEN = {
  type: "array",
  description: "What retention took, or is taking, of this decision; absent where it took nothing",
  items: {
    type: "object",
    required: ["what", "at", "actor", "reason", "action", "gone"],
    properties: {
      what: { enum: ["failure", "receipt", "fact", "evidence"], description: "Of a fact the payload is what goes" },
      at: { type: "string", description: "When it was announced" },
      actor: { type: "string" },
      reason: { type: "string", description: "The term, as retention.failed 90d, and the time" },
      action: { type: "integer", minimum: 0, description: "Number of the action in the operator log" },
      gone: { type: "boolean", description: "False while retention is at it: some of it may be there still" },
    },
  },
} as const;

/** JSON Schema of where the fact lies that a record repeats or contradicts. */
export const REPEATED_FACT = {
  type: "object",
  description: "Of a duplicate or a conflict: where the fact lies that it repeats or contradicts",
  required: ["stream", "topic", "partition", "offset"],
  properties: {
    stream: { type: "string", description: "With it, /v1/decisions shows the decision that became the fact" },
    topic: { type: "string" },
    partition: { type: "integer", minimum: 0 },
    offset: { type: "integer", minimum: 0 },
    taken: TAKEN as typeof TAKEN,
  },
} as const;

/** JSON Schema of the redrives of a record, wherever a route answers them. */
export const REDRIVES = {
  type: "array",
  description: "What became of the record when it was sent again, the first time first",
  items: {
    type: "object",
    required: ["plan", "stream", "outcome", "factId", "code"],
    properties: {
      plan: { type: "string", description: "Id of the redrive plan" },
      stream: { type: "string", description: "Stream of the redrive: with it, /v1/decisions shows this decision" },
      outcome: { enum: ["stored", "duplicate", "conflict", "failed", "unknown"] },
      factId: {
        type: ["string", "null"],
        description: "Id of the fact that it became, repeats or contradicts; null when it failed",
      },
      code: {
        type: ["string", "null"],
        description: "Code of the failure; null when it passed, or its evidence is gone",
      },
      fact: REPEATED_FACT as typeof REPEATED_FACT,
      taken: TAKEN as typeof TAKEN,
    },
  },
} as const;

/** JSON Schema of where a redriven record failed first. */
export const FIRST_FAILED = {
  type: "object",
  description: "Of a record that was sent again: where it was decided first",
  required: ["plan", "stream", "topic", "partition", "offset", "code"],
  properties: {
    plan: { type: "string", description: "Id of the redrive plan" },
    stream: { type: "string" },
    topic: { type: "string" },
    partition: { type: "integer", minimum: 0 },
    offset: { type: "integer", minimum: 0 },
    code: {
      type: ["string", "null"],
      description: "Code of that failure; null when it passed there, or its evidence is gone",
    },
    taken: TAKEN as typeof TAKEN,
  },
} as const;

/** JSON Schema of the records that people sent in the place of a failure. */
export const CORRECTIONS = {
  type: "array",
  description: "New records that people sent in its place, in order",
  items: {
    type: "object",
    required: [
      "id",
      "actor",
      "at",
      "reason",
      "failedDigest",
      "correctedDigest",
      "stream",
      "offset",
      "outcome",
      "factId",
      "code",
    ],
    properties: {
      id: { type: "string", description: "The record names it in the header sigma-correction" },
      actor: { type: "string" },
      at: { type: "string" },
      reason: { type: "string" },
      failedDigest: { type: "string", description: "SHA-256 of the bytes that failed, hex" },
      correctedDigest: { type: "string", description: "SHA-256 of the new bytes, hex" },
      stream: { type: ["string", "null"], description: "Null when the append was never confirmed" },
      offset: { type: ["integer", "null"] },
      outcome: { enum: ["stored", "duplicate", "conflict", "failed", "unknown", "pending"] },
      factId: { type: ["string", "null"] },
      code: { type: ["string", "null"] },
      fact: REPEATED_FACT as typeof REPEATED_FACT,
      taken: TAKEN as typeof TAKEN,
    },
  },
} as const;

/** JSON Schema of the failure that a record was sent in the place of. */
export const CORRECTS = {
  type: "object",
  description: "Of a corrected record: the failure that it was sent in the place of, by whom and why",
  required: ["failure", "actor", "at", "reason", "failedDigest", "correctedDigest"],
  properties: {
    failure: { type: "string", description: "Id of the failure" },
    actor: { type: "string" },
    at: { type: "string" },
    reason: { type: "string" },
    failedDigest: { type: "string" },
    correctedDigest: { type: "string" },
    taken: TAKEN as typeof TAKEN,
  },
} as const;
