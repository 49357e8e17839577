const text = { type: "string" };
const whole = { type: "integer", minimum: 0 };

/** For /openapi.json: a broken constraint of a schema, or a broken rule. */
export const VIOLATION: object = {
  type: "object",
  required: ["code", "detail"],
  properties: {
    code: text,
    detail: text,
    rule: { ...text, description: "Of a broken rule: its id" },
    pointer: { ...text, description: "RFC 6901 pointer into the payload; of a missing field, where it should be" },
    keyword: text,
    schemaPath: { ...text, description: "RFC 6901 pointer into the schema" },
    expected: { ...text, description: "What the contract asks here, in words" },
    got: {
      ...text,
      description: "The kind of value that is there, and the value where the contract shows it (x-show-value)",
    },
    bytes: {
      type: "array",
      items: whole,
      minItems: 2,
      maxItems: 2,
      description: "First byte of the value in the raw record, and the byte after the last",
    },
    branches: {
      type: "array",
      description: "The branches of anyOf and oneOf that the payload was taken to be meant for, outermost first",
      items: {
        type: "object",
        required: ["schemaPath", "pointer", "name", "chosenBy"],
        properties: { schemaPath: text, pointer: text, name: text, chosenBy: { enum: ["field", "kind", "nearest"] } },
      },
    },
  },
};
