import { stepsIn, unescapeStep } from "../json/pointer.ts";
import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";

/** The most steps of a proof. The limit ends the walk through circular references, which prove nothing. */
const STEPS_MAX = 256;

/**
 * Whether every payload that the schema accepts has a value at the pointer.
 *
 * The proof uses only `type`, `required`, `properties`, `prefixItems`, `items`, `minItems`, `allOf` and local `$ref`; false
 * means not proved. Without this proof a payload could pass the schema and still be refused for a missing identity field, which
 * a producer who tests with the schema alone cannot foresee. Therefore it is an error and not a warning.
 */
export function schemaRequires(schema: JsonObject | boolean, pointer: string): boolean {
  return proves(schema, schema, stepsIn(pointer), { left: STEPS_MAX });
}

type Steps = { left: number };

function proves(root: JsonValue, schema: JsonValue, tokens: readonly string[], steps: Steps): boolean {
  const [token, ...rest] = tokens;
  if (token === undefined) return true;
  const parts = conjuncts(root, schema, steps);
  // `false` accepts no value, so every accepted value has the field.
  if (parts.includes(false)) return true;
  const objects = parts.filter(isObject);
  const types = objects.map((part) => soleType(part)).filter((type) => type !== null);
  if (types.includes("object")) {
    const required = objects.some(
      (part) => isArray(own(part, "required")) && (own(part, "required") as readonly JsonValue[]).includes(token),
    );
    if (!required) return false;
    return rest.length === 0 || objects.some((part) => provesProperty(root, part, token, rest, steps));
  }
  if (types.includes("array")) {
    const index = /^(?:0|[1-9][0-9]{0,8})$/.test(token) ? Number(token) : Infinity;
    if (!objects.some((part) => atLeast(part, index + 1))) return false;
    return rest.length === 0 || objects.some((part) => provesItem(root, part, index, rest, steps));
  }
  return false;
}

function provesProperty(
  root: JsonValue,
  part: JsonObject,
  token: string,
  rest: readonly string[],
  steps: Steps,
): boolean {
  const properties = own(part, "properties");
  const property = isObject(properties) ? own(properties, token) : undefined;
  return property !== undefined && proves(root, property, rest, steps);
}

function provesItem(root: JsonValue, part: JsonObject, index: number, rest: readonly string[], steps: Steps): boolean {
  const prefix = own(part, "prefixItems");
  const prefixed = isArray(prefix) ? prefix[index] : undefined;
  if (prefixed !== undefined) return proves(root, prefixed, rest, steps);
  const items = own(part, "items");
  return items !== undefined && proves(root, items, rest, steps);
}

/** The schema and all schemas that apply with it, through `allOf` and local `$ref`. */
function conjuncts(root: JsonValue, schema: JsonValue, steps: Steps): readonly JsonValue[] {
  const found: JsonValue[] = [];
  const open: JsonValue[] = [schema];
  for (let next = open.pop(); next !== undefined && steps.left > 0; next = open.pop()) {
    steps.left -= 1;
    found.push(next);
    if (!isObject(next)) continue;
    const all = own(next, "allOf");
    if (isArray(all)) open.push(...all);
    const target = localTarget(root, own(next, "$ref"));
    if (target !== undefined) open.push(target);
  }
  return found;
}

/**
 * Follows `#` and `#/...` in a document without inner `$id`s. Anchors are not followed; what they lead to counts as not proved.
 */
function localTarget(root: JsonValue, ref: JsonValue | undefined): JsonValue | undefined {
  if (typeof ref !== "string" || !/^#(?:\/|$)/.test(ref)) return undefined;
  let node: JsonValue | undefined = root;
  for (const token of ref.split("/").slice(1)) {
    // Percent-encoded fragments and base URIs that change on the way are rare; they count as not proved.
    if (token.includes("%")) return undefined;
    const name = unescapeStep(token);
    if (isArray(node)) node = node[Number(name)];
    else if (isObject(node)) node = own(node, name);
    else return undefined;
    if (isObject(node) && own(node, "$id") !== undefined) return undefined;
  }
  return node;
}

function soleType(part: JsonObject): string | null {
  const type = own(part, "type");
  if (typeof type === "string") return type;
  const only = isArray(type) && type.length === 1 ? type[0] : undefined;
  return typeof only === "string" ? only : null;
}

function atLeast(part: JsonObject, count: number): boolean {
  const minItems = own(part, "minItems");
  return typeof minItems === "number" && minItems >= count;
}

function own(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function isArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}
