import { KEYWORDS } from "../schema/keywords.ts";
import { spend } from "./effort.ts";
import { equalityKey } from "../schema/equal.ts";
import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { ANNOTATIONS, isList, own, type SchemaDocument, type SchemaNode } from "./schema-node.ts";

/**
 * A short name that equal schemas share: nodes with equal keys accept the same payloads, also when they stand in different
 * documents. Key order, annotations and the order of names in `type`, `required` and `enum` do not count; references
 * count by all that they lead to.
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

/** Characters of a key made in one step: 16. */
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

/** Everything reachable by references, by the text of the reference. */
function reachedText(document: SchemaDocument, schema: JsonObject): string {
  const reached = new Map<string, string>();
  const open = [...refsIn(schema)];
  for (let ref = open.pop(); ref !== undefined; ref = open.pop()) {
    if (reached.has(ref)) continue;
    const target = ref.startsWith(DYNAMIC) ? null : document.resolve(ref);
    // What cannot be followed means something in its own document only.
    reached.set(ref, target === null ? document.name : normalText(target.schema));
    if (target !== null) open.push(...refsIn(target.schema));
  }
  if (reached.size === 0) return "";
  return ` where ${JSON.stringify([...reached].toSorted(([a], [b]) => (a < b ? -1 : 1)))}`;
}

/** Before the text of a reference that is followed by who refers: it means something in its own document only. */
const DYNAMIC = "dynamic ";

/** Every reference in a value; one inside an annotation or a constant is listed too, which only makes keys longer. */
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
