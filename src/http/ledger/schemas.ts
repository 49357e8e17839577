/** JSON Schema of a stream of the ledger. */
export const STREAM = {
  title: "LedgerStream",
  type: "object",
  required: ["number", "stream", "topic", "partition", "plan", "entries", "settledTo", "hash", "engine", "newestAt"],
  properties: {
    number: { type: "integer", minimum: 0, description: "By which documents refer to the stream" },
    stream: { type: "string", description: "Its id; a topic that is made anew has another" },
    topic: { type: "string" },
    partition: { type: "integer", minimum: 0 },
    plan: { type: ["string", "null"], description: "The redrive plan whose stream it is; null: it is a log's" },
    entries: { type: "integer", minimum: 0, description: "0: nothing of it was decided yet" },
    settledTo: { type: ["integer", "null"], description: "Everything below this offset is decided" },
    hash: { type: ["string", "null"], description: "The head: the hash of the last entry vouches for all before it" },
    engine: { type: ["string", "null"] },
    newestAt: { type: ["string", "null"], description: "The time of the newest record of the last entry" },
  },
} as const;

/** JSON Schema of an entry. Its hash can be computed from it (docs/internals/protocol.md). */
export const ENTRY = {
  title: "LedgerEntry",
  type: "object",
  required: [
    "stream",
    "seq",
    "kind",
    "prevHash",
    "from",
    "to",
    "count",
    "passed",
    "failed",
    "outcomes",
    "evidence",
    "newestMs",
    "applied",
    "holders",
    "root",
    "contractSet",
    "engine",
    "note",
    "hash",
  ],
  properties: {
    stream: { type: "string" },
    seq: { type: "integer", minimum: 0, description: "0, 1, 2 without a gap" },
    kind: { enum: ["INIT", "BATCH", "GAP"] },
    prevHash: { type: "string", description: "The hash of the entry before; 64 zeros for the first" },
    from: { type: "integer" },
    to: { type: "integer", description: "The first offset that it does not cover" },
    count: { type: "integer", minimum: 0, description: "Records in it; its other offsets are holes" },
    passed: { type: "integer", minimum: 0, description: "Of its outcomes; not hashed by itself" },
    failed: { type: "integer", minimum: 0, description: "Of its outcomes; not hashed by itself" },
    outcomes: { type: "string", description: "Run lengths of P passed, F failed, - hole" },
    evidence: { type: "string", description: "SHA-256 of its records as they were fetched; empty without records" },
    newestMs: { type: "integer", description: "Of its records, milliseconds since the epoch" },
    applied: { type: "string", description: "What became of the entry before, in run lengths of S, D, C, F, -" },
    holders: { type: "string" },
    root: { type: "string", description: "SHA-256 over its decisions" },
    contractSet: { type: "string" },
    engine: { type: "string" },
    note: { type: "string" },
    hash: { type: "string", description: "SHA-256 of the RFC 8785 form of the rest, where offsets are texts" },
  },
} as const;

/** Properties of the JSON Schema of what was found about a position; entries are of {@link ENTRY}. */
export const PROOF_PROPERTIES = {
  stream: { type: "string" },
  topic: { type: "string" },
  partition: { type: "integer", minimum: 0 },
  offset: { type: "integer" },
  verified: { type: "boolean", description: "Nothing is wrong, and nothing was skipped but what `checks` says" },
  outcome: {
    enum: ["PASSED", "FAILED", null],
    description: "Null: the entry covers the offset, and it has no record",
  },
  checks: {
    type: "array",
    items: {
      type: "object",
      required: ["step", "result", "says"],
      properties: {
        step: { enum: ["chain", "evidence", "decision", "documents", "sealed"] },
        result: { enum: ["ok", "wrong", "skipped"] },
        says: { type: "string" },
      },
    },
  },
  findings: {
    type: "array",
    description: "As `sigma audit` says them, of the whole entry; at most 100",
    items: {
      type: "object",
      required: ["code", "seq", "offset", "message"],
      properties: {
        code: { type: "string" },
        seq: { type: ["integer", "null"] },
        offset: { type: ["integer", "null"] },
        message: { type: "string" },
      },
    },
  },
} as const;

/** JSON Schema of what this process knows of anchors. */
export const ANCHORS = {
  title: "Anchors",
  type: "object",
  required: ["places", "fallen"],
  properties: {
    places: {
      type: "array",
      description: "Where this process writes anchors; empty: nowhere, or nothing was written yet",
      items: {
        type: "object",
        required: ["place", "writtenAt", "remark", "trouble", "signature"],
        properties: {
          place: { type: "string", description: "A file or a topic" },
          writtenAt: { type: ["string", "null"], description: "The last anchor since the process began" },
          remark: { type: ["string", "null"], description: "A weakness of it" },
          trouble: {
            anyOf: [
              {
                type: "object",
                required: ["code", "message", "remedy"],
                properties: { code: { type: "string" }, message: { type: "string" }, remedy: { type: "string" } },
              },
              { type: "null" },
            ],
          },
          signature: {
            type: "object",
            description: "The last anchor as it lies there, verified with the public half of the gateway's key",
            required: ["kind"],
            properties: {
              kind: { enum: ["verified", "wrong", "unknown"], description: "unknown: it could not be looked at" },
              key: { type: "string", description: "Of verified: the key that signed it" },
              counter: { type: "integer", minimum: 0, description: "Of verified: its number in its chain" },
              at: { type: "string", description: "Of verified: when it was written, by the gateway's clock" },
              why: { type: "string", description: "Of wrong and unknown" },
            },
          },
        },
      },
    },
    fallen: {
      type: "array",
      description: "Streams whose ledger ends before an entry that this process knows: run `sigma audit --anchors`",
      items: {
        type: "object",
        required: ["stream", "seq"],
        properties: { stream: { type: "string" }, seq: { type: "integer", minimum: 0 } },
      },
    },
  },
} as const;
