import { text, whole } from "../schema-parts.ts";

const said = {
  actor: { ...text, description: "Who says so; with a key it is the key, and without one it is required" },
  reason: { ...text, description: "Why; kept for ever" },
};

/** JSON Schema of the body that asks for a plan. */
export const PLAN_BODY: object = {
  type: "object",
  required: ["reason", "select"],
  examples: [{ actor: "ann", reason: "the limit was wrong", select: { code: "schema", since: "24h" } }],
  properties: {
    ...said,
    select: {
      type: "object",
      description: "Which failures; with `all`, which records",
      additionalProperties: false,
      properties: {
        group: { ...text, description: "Fingerprint of the group" },
        code: { ...text, description: "Failure code" },
        topic: text,
        partition: whole,
        since: { ...text, description: "Records from this time on: RFC 3339, or so long ago: 30m, 1h, 7d" },
        until: { ...text, description: "Records before this time" },
        from: { type: ["integer", "string"], description: "Offsets from this one on" },
        to: { type: ["integer", "string"], description: "Offsets before this one" },
        all: { type: "boolean", description: "Every record of the range, and not the failures alone" },
      },
    },
    toVersion: { type: ["integer", "null"], description: "The version that is to judge them all" },
  },
};

/** JSON Schema of the body that runs a plan. */
export const RUN_BODY: object = {
  type: "object",
  required: ["reason", "expect"],
  examples: [{ actor: "ann", reason: "approved", expect: 200, rate: 500 }],
  properties: {
    ...said,
    expect: { ...whole, description: "The number of records in the plan: what you have looked at" },
    rate: { type: ["integer", "null"], description: "Records a second, at most; without it, as many as may be" },
  },
};

/** JSON Schema of the body that pauses or cancels a plan. */
export const ACT_BODY: object = {
  type: "object",
  required: ["reason"],
  examples: [{ actor: "ann", reason: "not now" }],
  properties: said,
};
