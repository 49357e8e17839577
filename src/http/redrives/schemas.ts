/* oxlint-disable typescript/no-unnecessary-type-assertion -- an exported literal may name another one only with its type */
// Written out as literals, because their types are the schemas themselves (schema-parts.ts).

/** Groups of failures, in a dry run and in a report. */
const GROUPS = {
  type: "array",
  items: {
    type: "object",
    required: ["fingerprint", "code", "contract", "count"],
    properties: {
      fingerprint: { type: "string" },
      code: { type: "string" },
      contract: { type: ["string", "null"], description: "Such as shipment@2; null when no version judged" },
      pointer: {
        type: ["string", "null"],
        description: "RFC 6901 pointer of the first violation; null where there is none",
      },
      count: { type: "integer", minimum: 0 },
    },
  },
} as const;

/** What every view of a plan has. */
export const REDRIVE_PROPERTIES = {
  id: { type: "string", description: "12 hexadecimal digits" },
  state: { enum: ["planned", "running", "paused", "cancelled", "done"] },
  count: { type: "integer", minimum: 0, description: "Records of the plan" },
  subjects: { type: "array", items: { type: "string" }, description: "The contracts that it is about" },
  at: { type: "string", description: "When it was planned, RFC 3339" },
  actor: { type: "string" },
  reason: { type: "string" },
  run: {
    anyOf: [
      {
        type: "object",
        required: ["by", "rate"],
        properties: {
          by: { enum: ["cli", "gateway"], description: "Who runs it: a process of the command line, or the gateways" },
          rate: { type: ["integer", "null"], description: "Records a second, at most; null: no limit" },
        },
      },
      { type: "null" },
    ],
  },
  runner: {
    anyOf: [
      {
        type: "object",
        description: "Of a plan that is running",
        required: ["at", "isSilent"],
        properties: {
          at: { type: ["string", "null"], description: "When its runner last said that it is at work; null: not yet" },
          isSilent: { type: "boolean", description: "Nobody has run it for a minute: run it again" },
        },
      },
      { type: "null" },
    ],
  },
  last: {
    type: "object",
    description: "The last thing that was done about it",
    required: ["action", "at", "actor", "reason"],
    properties: {
      action: { type: "string" },
      at: { type: "string" },
      actor: { type: "string" },
      reason: { type: "string" },
    },
  },
} as const;

/** What a plan has besides. */
export const PLAN_PROPERTIES = {
  selection: {
    type: "object",
    description: "Which records were asked for; null: any. Times are resolved",
    required: ["kind", "fingerprint", "code", "topic", "partition", "from", "to", "fromMs", "toMs"],
    properties: {
      kind: { enum: ["failures", "range"] },
      fingerprint: { type: ["string", "null"] },
      code: { type: ["string", "null"] },
      topic: { type: ["string", "null"] },
      partition: { type: ["integer", "null"] },
      from: { type: ["string", "null"], description: "Offset, as text" },
      to: { type: ["string", "null"], description: "Offset, as text; excluded" },
      fromMs: { type: ["integer", "null"] },
      toMs: { type: ["integer", "null"] },
    },
  },
  toVersion: {
    type: ["integer", "null"],
    description: "The version that is to judge; null: the one that each record declares",
  },
  contractSet: { type: "string", description: "Digest of the contracts that the dry run was made with" },
  digest: { type: "string", description: "SHA-256 over the frozen offsets" },
  streams: {
    type: "array",
    items: {
      type: "object",
      required: ["number", "stream", "topic", "partition", "from", "to", "count"],
      properties: {
        number: { type: "integer", minimum: 0 },
        stream: { type: "string" },
        topic: { type: "string" },
        partition: { type: "integer", minimum: 0 },
        from: { type: "string", description: "First offset, as text" },
        to: { type: "string", description: "The offset behind the last, as text" },
        count: { type: "integer", minimum: 0 },
      },
    },
  },
  dryRun: {
    type: "object",
    description: "What the live contracts said when the plan was made; nothing of it is stored",
    required: ["passed", "failed", "groups", "groupsTotal", "conflicts", "duplicates", "repeats", "unavailable"],
    properties: {
      passed: { type: "integer", minimum: 0 },
      failed: { type: "integer", minimum: 0 },
      groups: GROUPS as typeof GROUPS,
      groupsTotal: { type: "integer", minimum: 0 },
      conflicts: { type: "integer", minimum: 0, description: "Records whose identity a fact with other content has" },
      duplicates: { type: "integer", minimum: 0, description: "Records that a fact has already" },
      repeats: { type: "integer", minimum: 0, description: "Records whose identity an earlier record of the plan has" },
      unavailable: {
        type: "array",
        items: {
          type: "object",
          required: ["reason", "count"],
          properties: { reason: { type: "string" }, count: { type: "integer", minimum: 0 } },
        },
      },
    },
  },
} as const;

/** What became of the records of a plan. */
export const REPORT = {
  type: "object",
  description: "What became of the records so far",
  required: ["planned", "handled", "stored", "duplicates", "conflicts", "failed", "pending", "unavailable", "groups"],
  properties: {
    planned: { type: "integer", minimum: 0 },
    handled: {
      type: "integer",
      minimum: 0,
      description: "Records that the run is through with; handled of planned is the progress",
    },
    stored: { type: "integer", minimum: 0, description: "Passed, and facts now" },
    duplicates: { type: "integer", minimum: 0, description: "Passed, and repeat a fact" },
    conflicts: { type: "integer", minimum: 0, description: "Passed, and a fact with other content has their identity" },
    failed: { type: "integer", minimum: 0, description: "Failed again" },
    pending: { type: "integer", minimum: 0, description: "Passed, and not yet known what became of them" },
    unavailable: { type: "integer", minimum: 0, description: "Could not be read any more when the run came to them" },
    groups: GROUPS as typeof GROUPS,
  },
} as const;
