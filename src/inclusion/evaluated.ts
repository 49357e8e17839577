import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import {
  memberOf,
  namesUnder,
  nodesByName,
  nodesInList,
  nodeUnder,
  own,
  referredBy,
  type SchemaNode,
} from "./schema-node.ts";

/** Whether a part of a schema accepts a value. */
type Judge = (node: SchemaNode, value: JsonValue) => boolean;
/** Whether a text matches a pattern. */
type Matches = (pattern: string, text: string) => boolean;

/** The schemas within a node that apply to the same value and accept it: the members they evaluate count as evaluated. */
function accepting(node: SchemaNode, value: JsonValue, judge: Judge): readonly SchemaNode[] {
  const target = referredBy(node);
  const found = [...(target === null ? [] : [target]), ...nodesInList(node, "allOf")];
  for (const keyword of ["anyOf", "oneOf"])
    found.push(...nodesInList(node, keyword).filter((part) => judge(part, value)));
  const condition = nodeUnder(node, "if");
  if (condition !== null) {
    const holds = judge(condition, value);
    const branch = nodeUnder(node, holds ? "then" : "else");
    found.push(...(holds ? [condition] : []), ...(branch === null ? [] : [branch]));
  }
  if (isObject(value)) {
    for (const [name, part] of nodesByName(node, "dependentSchemas")) if (Object.hasOwn(value, name)) found.push(part);
  }
  return found;
}

/**
 * The property names that an accepting schema has evaluated (JSON Schema 2020-12, 11.3).
 * @param isOwn ignores the node's own `unevaluatedProperties`, the keyword that is being checked.
 */
export function evaluatedNames(
  node: SchemaNode,
  object: JsonObject,
  using: { readonly judge: Judge; readonly matches: Matches },
  isOwn: boolean,
): ReadonlySet<string> {
  const found = new Set<string>();
  if (!isObject(node.schema)) return found;
  const names = Object.keys(object);
  const rest = memberOf(node, "additionalProperties") !== undefined;
  if (rest || (!isOwn && memberOf(node, "unevaluatedProperties") !== undefined)) return new Set(names);
  const properties = own(node.schema, "properties");
  const patterns = namesUnder(node, "patternProperties");
  for (const name of names) {
    const isNamed = isObject(properties) && Object.hasOwn(properties, name);
    if (isNamed || patterns.some((pattern) => using.matches(pattern, name))) found.add(name);
  }
  for (const part of accepting(node, object, using.judge))
    for (const name of evaluatedNames(part, object, using, false)) found.add(name);
  return found;
}

/** As {@link evaluatedNames}, for the items of an array. */
export function evaluatedItems(
  node: SchemaNode,
  list: readonly JsonValue[],
  judge: Judge,
  isOwn: boolean,
): ReadonlySet<number> {
  const found = new Set<number>();
  if (!isObject(node.schema)) return found;
  const isWhole = memberOf(node, "items") !== undefined || (!isOwn && memberOf(node, "unevaluatedItems") !== undefined);
  if (isWhole) return new Set(list.keys());
  const prefix = nodesInList(node, "prefixItems").length;
  const contains = nodeUnder(node, "contains");
  for (const [index, item] of list.entries())
    if (index < prefix || (contains !== null && judge(contains, item))) found.add(index);
  for (const part of accepting(node, list, judge))
    for (const index of evaluatedItems(part, list, judge, false)) found.add(index);
  return found;
}

/** The names that a schema may evaluate in any object; null when it may evaluate all. */
export type Evaluated = { readonly names: ReadonlySet<string>; readonly patterns: ReadonlySet<string> } | null;

/**
 * The names that the schemas beside `unevaluatedProperties` may evaluate, or certainly evaluate. That keyword does not apply to
 * them.
 * @param surely counts only what is evaluated in every object that passes: no branches, no conditions.
 */
export function evaluatedBeside(node: SchemaNode, surely: boolean): Evaluated {
  const names = new Set<string>();
  const patterns = new Set<string>();
  const seen = new Set<JsonValue>();
  const open: { readonly node: SchemaNode; readonly isOwn: boolean }[] = [{ node, isOwn: true }];
  for (const { node: part, isOwn } of open) {
    if (!isObject(part.schema) || seen.has(part.schema)) continue;
    seen.add(part.schema);
    if (memberOf(part, "additionalProperties") !== undefined) return null;
    if (!isOwn && memberOf(part, "unevaluatedProperties") !== undefined) return null;
    for (const name of namesUnder(part, "properties")) names.add(name);
    for (const pattern of namesUnder(part, "patternProperties")) patterns.add(pattern);
    open.push(...besideOf(part, surely).map((one) => ({ node: one, isOwn: false })));
  }
  return { names, patterns };
}

function besideOf(node: SchemaNode, surely: boolean): readonly SchemaNode[] {
  const target = referredBy(node);
  const sure = [...(target === null ? [] : [target]), ...nodesInList(node, "allOf")];
  if (surely) return sure;
  const conditions = ["if", "then", "else"].map((keyword) => nodeUnder(node, keyword)).filter((one) => one !== null);
  const branches = ["anyOf", "oneOf"].flatMap((keyword) => nodesInList(node, keyword));
  return [...sure, ...conditions, ...branches, ...nodesByName(node, "dependentSchemas").values()];
}

/** Whether a name is among the evaluated ones. */
export function isEvaluated(name: string, evaluated: Evaluated, matches: Matches): boolean {
  if (evaluated === null || evaluated.names.has(name)) return true;
  return [...evaluated.patterns].some((pattern) => matches(pattern, name));
}
