import type { JsonObject } from "../json/json.ts";
import type { Rule } from "../core/contract-set.ts";

/** `weight_kg <= 1000.0`: one top-level field against one number. */
const THRESHOLD = /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*(<=|>=|<|>)\s*(-?[0-9]+(?:\.[0-9]+)?)\s*$/;

const BOUNDS: Readonly<Record<string, string>> = {
  "<=": "maximum",
  "<": "exclusiveMaximum",
  ">=": "minimum",
  ">": "exclusiveMinimum",
};

/** Names that mean something else in an expression: the whole payload, constants, and types. */
const TAKEN: ReadonlySet<string> = new Set(
  "payload true false null in int uint double string bytes bool list map type dyn null_type google optional".split(" "),
);

/** More digits than every double keeps. */
const DIGITS_MAX = 15;

/**
 * The schema that accepts exactly the payloads a rule holds for, when the rule is a threshold on one field; else null.
 * The schema of a rule's version shows that the field is there and a number, and so does this one.
 */
export function schemaOfRule({ expression }: Rule): JsonObject | null {
  const [, field = "", operator = "", text = ""] = THRESHOLD.exec(expression) ?? [];
  const keyword = BOUNDS[operator];
  if (keyword === undefined || TAKEN.has(field) || field in Object.prototype) return null;
  if (text.replace(/\D/g, "").length > DIGITS_MAX) return null;
  return { type: "object", required: [field], properties: { [field]: { type: "number", [keyword]: Number(text) } } };
}
