import type { JsonObject, JsonValue } from "../../../src/json/json.ts";

type Expected = "compatible" | "incompatible" | "unknown";

/** One edit of a schema, with what it does to compatibility in both directions. */
export type Edit = {
  readonly name: string;
  readonly before: JsonObject | boolean;
  readonly after: JsonObject | boolean;
  readonly backward: Expected;
  readonly forward: Expected;
};

export const fine: Expected = "compatible";
export const broken: Expected = "incompatible";

/** One row of the table. */
export function edit(
  name: string,
  before: JsonObject | boolean,
  after: JsonObject | boolean,
  backward: Expected,
  forward: Expected,
): Edit {
  return { name, before, after, backward, forward };
}

/** An object with one field that is required. */
export function field(schema: JsonValue): JsonObject {
  return { type: "object", required: ["f"], properties: { f: schema } };
}
