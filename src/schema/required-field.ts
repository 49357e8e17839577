import { stepsIn, unescapeStep } from "../json/pointer.ts";
import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";

/** The most steps of a proof. The limit ends the walk through circular references, which prove nothing. */
const STEPS_MAX = 4_096;

/**
 * Whether every payload that the schema accepts has a value at the pointer.
 *
 * The proof uses only `type`, `required`, `properties`, `prefixItems`, `items`, `minItems`, `allOf`, `anyOf`, `oneOf` and local
 * `$ref`; false means not proved. Without this proof a payload could pass the schema and still be refused for a missing identity
 * field, which a producer who tests with the schema alone cannot foresee. Therefore it is an error and not a warning.
 */
export function schemaRequires(schema: JsonObject | boolean, pointer: string): boolean {
  return proves([{ schema, base: schema }], stepsIn(pointer), { left: STEPS_MAX });
}

/** A schema, and the schema with an `$id` around it (or the document), which its local references start from. */
type Part = { readonly schema: JsonValue; readonly base: JsonValue };
type ObjectPart = Part & { readonly schema: JsonObject };
type Steps = { left: number };

/** Whether a value that all parts accept has something at the tokens. */
function proves(schemas: readonly Part[], tokens: readonly string[], steps: Steps): boolean {
  if (tokens.length === 0) return true;
  const parts = conjuncts(schemas, steps);
  // `false` accepts no value, so every accepted value has the field.
  if (parts.some(({ schema }) => schema === false)) return true;
  const objects = parts.filter((part): part is ObjectPart => isObject(part.schema));
  return provesDirectly(objects, tokens, steps) || provesByBranches(objects, tokens, steps);
}

function provesDirectly(objects: readonly ObjectPart[], tokens: readonly string[], steps: Steps): boolean {
  const [token = "", ...rest] = tokens;
  const types = objects.map(({ schema }) => soleType(schema)).filter((type) => type !== null);
  if (types.includes("object")) {
    const required = objects.some(({ schema }) => {
      const names = own(schema, "required");
      return isArray(names) && names.includes(token);
    });
    if (!required) return false;
    return rest.length === 0 || objects.some((part) => provesProperty(part, token, rest, steps));
  }
  if (types.includes("array")) {
    const index = /^(?:0|[1-9][0-9]{0,8})$/.test(token) ? Number(token) : Infinity;
    if (!objects.some(({ schema }) => atLeast(schema, index + 1))) return false;
    return rest.length === 0 || objects.some((part) => provesItem(part, index, rest, steps));
  }
  return false;
}

/** Whether there is a choice of which every branch proves it, together with all other parts. */
function provesByBranches(objects: readonly ObjectPart[], tokens: readonly string[], steps: Steps): boolean {
  return objects.some(({ schema, base }, index) =>
    CHOICES.some((choice) => {
      const branches = own(schema, choice);
      if (!isArray(branches) || branches.length === 0) return false;
      const others = objects.map((part, at) => withoutParts(part, at === index ? choice : null));
      return branches.every((branch) => steps.left > 0 && proves([...others, inside(branch, base)], tokens, steps));
    }),
  );
}

const CHOICES = ["anyOf", "oneOf"] as const;

/** A part without what is listed as parts of their own, and without the choice that is being made. */
function withoutParts({ schema, base }: ObjectPart, choice: string | null): Part {
  const kept = Object.entries(schema).filter(([name]) => name !== "allOf" && name !== "$ref" && name !== choice);
  return { schema: Object.fromEntries(kept), base };
}

function inside(schema: JsonValue, base: JsonValue): Part {
  return { schema, base: isObject(schema) && typeof own(schema, "$id") === "string" ? schema : base };
}

function provesProperty({ schema, base }: ObjectPart, token: string, rest: readonly string[], steps: Steps): boolean {
  const properties = own(schema, "properties");
  const property = isObject(properties) ? own(properties, token) : undefined;
  return property !== undefined && proves([inside(property, base)], rest, steps);
}

function provesItem({ schema, base }: ObjectPart, index: number, rest: readonly string[], steps: Steps): boolean {
  const prefix = own(schema, "prefixItems");
  const prefixed = isArray(prefix) ? prefix[index] : undefined;
  if (prefixed !== undefined) return proves([inside(prefixed, base)], rest, steps);
  const items = own(schema, "items");
  return items !== undefined && proves([inside(items, base)], rest, steps);
}

/** The schemas and all that apply with them, through `allOf` and local `$ref`. */
function conjuncts(schemas: readonly Part[], steps: Steps): readonly Part[] {
  const found: Part[] = [];
  const open = [...schemas];
  for (let next = open.pop(); next !== undefined && steps.left > 0; next = open.pop()) {
    steps.left -= 1;
    found.push(next);
    const { schema, base } = next;
    if (!isObject(schema)) continue;
    const all = own(schema, "allOf");
    if (isArray(all)) open.push(...all.map((one) => inside(one, base)));
    const target = localTarget(base, own(schema, "$ref"));
    if (target !== undefined) open.push({ schema: target, base });
  }
  return found;
}

/** Follows `#` and `#/...` within one `$id`. Anchors are not followed; what they lead to counts as not proved. */
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
