import type { FormatsMode } from "../../src/core/contract-set.ts";
import type { JsonObject, JsonValue } from "../../src/json/json.ts";

type Expected = "compatible" | "incompatible" | "unknown";

/** One edit of a schema, with what it does to compatibility in both directions. */
export type Edit = {
  readonly name: string;
  readonly before: JsonObject | boolean;
  readonly after: JsonObject | boolean;
  readonly backward: Expected;
  readonly forward: Expected;
  /** Whether the formats of each side are asserted; notes unless it says so. */
  readonly formats?: readonly [before: FormatsMode, after: FormatsMode];
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
  formats: readonly [before: FormatsMode, after: FormatsMode] = ["annotate", "annotate"],
): Edit {
  return { name, before, after, backward, forward, formats };
}

/** One row of the table, with formats asserted on both sides. */
export function asserted(...row: Parameters<typeof edit>): Edit {
  const [name, before, after, backward, forward] = row;
  return edit(name, before, after, backward, forward, ["assert", "assert"]);
}

/** An object with one field that is required. */
export function field(schema: JsonValue): JsonObject {
  return { type: "object", required: ["f"], properties: { f: schema } };
}
