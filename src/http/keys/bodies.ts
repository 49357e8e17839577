import { text } from "../schema-parts.ts";

const names = { type: "array", items: text } as const;
const said = {
  actor: { ...text, description: "Who says so; with a key it is the key, and without one it is required" },
  reason: { ...text, description: "Why; kept for ever" },
};
const expires = { type: ["string", "null"], description: "When it ends: 90d, 12h, or RFC 3339; never without it" };

/** JSON Schema of the body that makes a key. */
export const MAKE_BODY: object = {
  type: "object",
  required: ["reason", "name", "roles"],
  examples: [{ actor: "ann", reason: "the dashboard", name: "grafana", roles: ["viewer"], expires: "90d" }],
  properties: {
    ...said,
    name: { ...text, description: "Who uses it" },
    roles: { type: "array", items: { enum: ["viewer", "operator", "admin", "producer", "validator"] } },
    topics: { ...names, description: "Only for records of these topics; a producer needs them" },
    subjects: { ...names, description: "Only for records of these contracts" },
    expires,
  },
};

/** JSON Schema of the body that rotates a key. */
export const ROTATE_BODY: object = {
  type: "object",
  required: ["reason"],
  examples: [{ actor: "ann", reason: "every quarter", overlap: "24h", expires: "90d" }],
  properties: {
    ...said,
    overlap: { ...text, description: "How long the old key is still taken: 24h without it, 0s: not at all" },
    expires,
  },
};

/** JSON Schema of the body that revokes a key. */
export const REVOKE_BODY: object = {
  type: "object",
  required: ["reason"],
  examples: [{ actor: "ann", reason: "it was in a log" }],
  properties: said,
};
