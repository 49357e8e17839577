import { pointerOf } from "../json/pointer.ts";
import type { FormatsMode, Rule } from "../core/contract-set.ts";
import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { isAsserted } from "../schema/asserted-format.ts";
import { KEYWORDS } from "../schema/keywords.ts";

/** One constraint of a version, and the version without it. */
export type Constraint =
  | {
      readonly kind: "schema";
      /** RFC 6901 pointer to the part that is left out. */
      readonly pointer: string;
      /** `required "weight_kg"`, `maximum`. */
      readonly name: string;
      readonly without: JsonObject | boolean;
    }
  | { readonly kind: "rule"; readonly id: string; readonly without: readonly Rule[] };

/** Every constraint of a version: those of its schema in the order of the text, then its rules. */
export function constraintsOf(
  schema: JsonObject | boolean,
  rules: readonly Rule[],
  formats: FormatsMode,
): readonly Constraint[] {
  const isAsked = ({ path, name }: Site): boolean => name !== "format" || isAsserted(valueAt(schema, path), formats);
  const found: Constraint[] = sitesIn(schema, [])
    .filter(isAsked)
    .map(({ path, name, left }) => ({
      kind: "schema",
      pointer: pointerOf(path),
      name,
      without: without(schema, path, left) as JsonObject | boolean,
    }));
  for (const { id } of rules) found.push({ kind: "rule", id, without: rules.filter((rule) => rule.id !== id) });
  return found;
}

type Path = readonly (string | number)[];
/** `left` is the value that replaces the constraint; undefined when the constraint is removed. */
type Site = { readonly path: Path; readonly name: string; readonly left?: true };

/**
 * Keywords that are constraints as a whole, so that the whole keyword is left out. `$ref` and the other applicators are as
 * strict as the schemas in them, whose constraints are found separately. `not`, `contains`, `anyOf` and `oneOf` restrict the
 * payload themselves.
 */
const WHOLE: ReadonlySet<string> = new Set([
  "type",
  "enum",
  "const",
  "multipleOf",
  "maximum",
  "exclusiveMaximum",
  "minimum",
  "exclusiveMinimum",
  "maxLength",
  "minLength",
  "pattern",
  "format",
  "maxItems",
  "minItems",
  "maxContains",
  "minContains",
  "maxProperties",
  "minProperties",
  "not",
  "contains",
  "anyOf",
  "oneOf",
]);

/** Keywords whose schemas are conditions: leaving out a part of a condition does not make the version less strict. */
const CONDITIONS: ReadonlySet<string> = new Set(["not", "if"]);

function sitesIn(schema: JsonValue, path: Path): readonly Site[] {
  if (!isObject(schema)) return [];
  return Object.entries(schema).flatMap(([keyword, value]) => [
    ...sitesOf(keyword, value, [...path, keyword]),
    ...(CONDITIONS.has(keyword) ? [] : insideOf(keyword, value, [...path, keyword])),
  ]);
}

/** The constraints of the keyword itself. */
function sitesOf(keyword: string, value: JsonValue, path: Path): readonly Site[] {
  if (WHOLE.has(keyword)) return [{ path, name: keyword }];
  switch (keyword) {
    case "uniqueItems":
      return value === true ? [{ path, name: keyword }] : [];
    case "required":
      return namesIn(value).map((name, index) => ({
        path: [...path, index],
        name: `required ${JSON.stringify(name)}`,
      }));
    case "dependentRequired":
      return Object.entries(isObject(value) ? value : {}).flatMap(([trigger, names]) =>
        namesIn(names).map((name, index) => {
          const what = `dependentRequired ${JSON.stringify(trigger)} ${JSON.stringify(name)}`;
          return { path: [...path, trigger, index], name: what };
        }),
      );
    default:
      return [];
  }
}

/** The constraints of the schemas under the keyword. The schema `false` is one constraint. */
function insideOf(keyword: string, value: JsonValue, path: Path): readonly Site[] {
  const inside = (part: JsonValue, at: Path, name: string): readonly Site[] =>
    // `false` is replaced by `true`, so that its neighbours keep their index and meaning.
    part === false ? [{ path: at, name, left: true }] : sitesIn(part, at);
  switch (KEYWORDS[keyword] ?? "value") {
    case "schema":
      return inside(value, path, keyword);
    case "schemas":
      return (Array.isArray(value) ? (value as readonly JsonValue[]) : []).flatMap((part, index) =>
        inside(part, [...path, index], keyword),
      );
    case "map":
    case "pattern-map":
      return Object.entries(isObject(value) ? value : {}).flatMap(([name, part]) =>
        inside(part, [...path, name], `${keyword} ${JSON.stringify(name)}`),
      );
    case "value":
      return [];
  }
}

function valueAt(value: JsonValue, path: Path): JsonValue | undefined {
  let at: JsonValue | undefined = value;
  for (const step of path) {
    if (Array.isArray(at)) at = (at as readonly JsonValue[])[Number(step)];
    else at = at !== undefined && isObject(at) ? at[String(step)] : undefined;
  }
  return at;
}

/** A copy of the value. The part at the path is removed, or replaced by `left`. */
function without(value: JsonValue, [step, ...rest]: Path, left: true | undefined): JsonValue {
  const one = (part: JsonValue): readonly JsonValue[] => {
    if (rest.length > 0) return [without(part, rest, left)];
    return left === undefined ? [] : [left];
  };
  if (Array.isArray(value)) return value.flatMap((part: JsonValue, index) => (index === step ? one(part) : [part]));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).flatMap(([name, part]) =>
    name === step ? one(part).map((kept) => [name, kept] as const) : [[name, part] as const],
  );
  return Object.fromEntries(entries);
}

function namesIn(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
}
