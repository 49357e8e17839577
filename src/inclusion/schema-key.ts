import { KEYWORDS } from "../schema/keywords.ts";
import { spend } from "./effort.ts";
import { equalityKey } from "../schema/equal.ts";
import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { ANNOTATIONS, isList, own, type SchemaDocument, type SchemaNode } from "./schema-node.ts";

/**
 * A short name for the content of a schema: nodes with equal keys accept the same payloads, even in different documents. Key
 * order, annotations and the order of names in `type`, `required` and `enum` are ignored. A reference counts as the schemas
 * that it leads to.
 */
export function keyOf({ document, schema }: SchemaNode): string {
  if (typeof schema === "boolean") return String(schema);
  const { names, given, effort } = document.shared;
  const known = given.get(schema);
  if (known !== undefined) return known;
  const text = `${normalText(schema)}${reachedText(document, schema)}`;
  spend(effort, text.length >> KEY_SHIFT);
  let made = names.get(text);
  if (made === undefined) {
    made = `s${names.size}`;
    names.set(text, made);
  }
  given.set(schema, made);
  return made;
}

/** One step pays for 16 characters of a key: their number is shifted right by this many bits. */
const KEY_SHIFT = 4;

/** Keywords whose value is a set written as a list. */
const SETS: ReadonlySet<string> = new Set(["type", "required", "enum"]);

function normalText(schema: JsonValue): string {
  if (!isObject(schema)) return equalityKey(schema);
  const members: string[] = [];
  for (const keyword of Object.keys(schema).toSorted()) {
    if (ANNOTATIONS.has(keyword) || keyword.startsWith("x-")) continue;
    members.push(`${JSON.stringify(keyword)}:${memberText(keyword, schema[keyword] ?? null)}`);
  }
  return `{${members.join(",")}}`;
}

function memberText(keyword: string, value: JsonValue): string {
  switch (Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined) {
    case "schema":
      return normalText(value);
    case "schemas":
      return isList(value) ? `[${value.map(normalText).join(",")}]` : equalityKey(value);
    case "map":
    case "pattern-map": {
      if (!isObject(value)) return equalityKey(value);
      const members = Object.keys(value).toSorted();
      return `{${members.map((name) => `${JSON.stringify(name)}:${normalText(value[name] ?? null)}`).join(",")}}`;
    }
    case "value":
    case undefined:
      if (SETS.has(keyword) && isList(value))
        return value
          .map((item) => equalityKey(item))
          .toSorted()
          .join(",");
      return equalityKey(value);
  }
}

/** The schemas that references lead to, with the text of each reference. */
function reachedText(document: SchemaDocument, schema: JsonObject): string {
  const reached = new Map<string, string>();
  const open = [...refsIn(schema)];
  for (let ref = open.pop(); ref !== undefined; ref = open.pop()) {
    if (reached.has(ref)) continue;
    const target = ref.startsWith(DYNAMIC) ? null : document.resolve(ref);
    // A reference that cannot be followed has a meaning only in its own document.
    reached.set(ref, target === null ? document.name : normalText(target.schema));
    if (target !== null) open.push(...refsIn(target.schema));
  }
  if (reached.size === 0) return "";
  return ` where ${JSON.stringify([...reached].toSorted(([a], [b]) => (a < b ? -1 : 1)))}`;
}

/**
 * A prefix for dynamic references: their target depends on the referring document, so they have a meaning only in their own
 * document.
 */
const DYNAMIC = "dynamic ";

/** Every reference in a value. References inside annotations and constants are listed too, which only makes keys longer. */
function refsIn(value: JsonValue): ReadonlySet<string> {
  const found = new Set<string>();
  const open: JsonValue[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (isList(next)) open.push(...next);
    if (!isObject(next)) continue;
    const ref = own(next, "$ref");
    if (typeof ref === "string") found.add(ref);
    const dynamic = own(next, "$dynamicRef");
    if (typeof dynamic === "string") found.add(`${DYNAMIC}${dynamic}`);
    open.push(...Object.values(next));
  }
  return found;
}
