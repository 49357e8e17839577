import { compareNumbers } from "../json/decimal.ts";
import type { JsonValue } from "../json/json.ts";
import { INTEGER_RANGES } from "../schema/assertions.ts";
import type { ChangeRule } from "./change-rules.ts";
import type { Context } from "./diff-context.ts";
import { isAmong, isMultiple, isNumeric } from "./evaluate.ts";
import type { SchemaChange } from "./schema-change.ts";
import { isAsserted } from "../schema/asserted-format.ts";
import type { Numeric } from "./multiples.ts";
import { isList } from "./schema-node.ts";

const LOWER: ReadonlySet<string> = new Set([
  "minimum",
  "exclusiveMinimum",
  "minLength",
  "minItems",
  "minProperties",
  "minContains",
]);
const UPPER: ReadonlySet<string> = new Set([
  "maximum",
  "exclusiveMaximum",
  "maxLength",
  "maxItems",
  "maxProperties",
  "maxContains",
]);

/** Compares the values of a keyword that holds no schema. */
export function compareValue(
  { add }: Context,
  keyword: string,
  old: JsonValue | undefined,
  next: JsonValue | undefined,
  values: Pick<SchemaChange, "before" | "after">,
): void {
  if (keyword === "uniqueItems" && (old ?? false) === (next ?? false)) return;
  if (old === undefined || old === false) return add("constraint-added", keyword, values);
  if (next === undefined || next === false) return add("constraint-removed", keyword, values);
  if (isNumeric(old) && isNumeric(next)) {
    const order = compareNumbers(next, old);
    if (LOWER.has(keyword)) return add(order > 0 ? "bound-tightened" : "bound-loosened", keyword, values);
    if (UPPER.has(keyword)) return add(order < 0 ? "bound-tightened" : "bound-loosened", keyword, values);
    if (keyword === "multipleOf") return add(multipleRule(old, next), keyword, values);
  }
  if (keyword === "pattern") return add("pattern-changed", keyword, values);
  add(keyword === "const" ? "const-changed" : "constraint-changed", keyword, values);
}

function multipleRule(old: Numeric, next: Numeric): ChangeRule {
  if (old <= 0 || next <= 0) return "multiple-changed";
  if (isMultiple(next, old)) return "multiple-tightened";
  return isMultiple(old, next) ? "multiple-loosened" : "multiple-changed";
}

/** The accepted types. `number` includes `integer`; without `type` every type is accepted. */
export function typesIn(value: JsonValue | undefined): readonly JsonValue[] {
  if (value === undefined) return ["null", "boolean", "number", "integer", "string", "array", "object"];
  const types = isList(value) ? value : [value];
  return types.includes("number") ? [...types.filter((type) => type !== "integer"), "integer"] : types;
}

export function compareLists(
  { add }: Context,
  keyword: string,
  old: readonly JsonValue[],
  next: readonly JsonValue[],
  removed: ChangeRule,
  added: ChangeRule,
): void {
  for (const value of old) if (!isAmong(value, next)) add(removed, keyword, { before: value });
  for (const value of next) if (!isAmong(value, old)) add(added, keyword, { after: value });
}

/** Compares `format`. A change from annotating to asserting formats is reported once for the whole version (diffFormats). */
export function compareFormat(
  { add, run }: Context,
  old: JsonValue | undefined,
  next: JsonValue | undefined,
  values: Pick<SchemaChange, "before" | "after">,
): void {
  const [was, is] = [isAsserted(old, run.formats.before), isAsserted(next, run.formats.after)];
  if (!was && !is) return add("format-note-changed", "format", values);
  if ([old, next].some((one) => typeof one === "string" && INTEGER_RANGES.has(one)))
    return add("integer-range-changed", "format", values);
  if (was && is) return add("format-changed", "format", values);
  add(is ? "format-added" : "format-removed", "format", values);
}
