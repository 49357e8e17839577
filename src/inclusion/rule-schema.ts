import type { JsonObject } from "../json/json.ts";
import type { Rule } from "../core/contract-set.ts";

/** A rule that compares one top-level field with one number, as `weight_kg <= 1000.0`. */
const THRESHOLD = /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*(<=|>=|<|>)\s*(-?[0-9]+(?:\.[0-9]+)?)\s*$/;

const BOUNDS: Readonly<Record<string, string>> = {
  "<=": "maximum",
  "<": "exclusiveMaximum",
  ">=": "minimum",
  ">": "exclusiveMinimum",
};

/** Names with another meaning in an expression: the whole payload, constants, and types. */
const TAKEN: ReadonlySet<string> = new Set(
  "payload true false null in int uint double string bytes bool list map type dyn null_type google optional".split(" "),
);

/** The most digits that a double always preserves. */
const DIGITS_MAX = 15;

/**
 * The schema that accepts exactly the payloads for which a rule holds, when the rule is a threshold on one field; otherwise
 * null. The schema of the rule's version guarantees that the field is present and a number, and this schema requires the same.
 */
export function schemaOfRule({ expression }: Rule): JsonObject | null {
  const [, field = "", operator = "", text = ""] = THRESHOLD.exec(expression) ?? [];
  const keyword = BOUNDS[operator];
  if (keyword === undefined || TAKEN.has(field) || field in Object.prototype) return null;
  if (text.replace(/\D/g, "").length > DIGITS_MAX) return null;
  return { type: "object", required: [field], properties: { [field]: { type: "number", [keyword]: Number(text) } } };
}
