import type { CompiledContractSet, ContractRef } from "../../core/compiled.ts";
import type { ContractVersion } from "../../core/contract-set.ts";
import { partsOf } from "../../json/parts.ts";
import { stepsIn, valueAt } from "../../json/pointer.ts";
import { isObject, type JsonObject, type JsonValue } from "../../json/json.ts";
import { contentOf } from "../../core/contents.ts";

/** The text of a payload without the members that were set aside, and their names in the order of the text. */
type Rest = { readonly value: Buffer; readonly names: readonly string[] };

/**
 * Cuts members out of a payload, where the version that judges it does not name them. The other bytes stay as they are. A name that
 * stands twice is not cut, because the record is refused for it.
 * @param value the payload; when it is not a JSON object, nothing is cut.
 * @param names of the members that may be cut. @param ref the version that judges.
 */
export function setAside(value: Buffer, names: readonly string[], set: CompiledContractSet, ref: ContractRef): Rest {
  const text = value.toString("utf8");
  const nothing: Rest = { value, names: [] };
  // A name may be written with escapes.
  if (!names.some((name) => text.includes(name)) && !text.includes(String.raw`\u`)) return nothing;
  const parts = partsOf(text);
  if (parts.kind !== "object") return nothing;
  const named = namedBy(set, ref);
  const { members } = parts;
  const counts = new Map<string, number>();
  for (const { name } of members) counts.set(name, (counts.get(name) ?? 0) + 1);
  const cut = new Set(members.filter(({ name }) => names.includes(name) && counts.get(name) === 1 && !named(name)));
  if (cut.size === 0) return nothing;
  const kept = members.filter((member) => !cut.has(member));
  const rest = `{${kept.map(({ start, to }) => text.slice(start, to)).join(",")}}`;
  return { value: Buffer.from(rest), names: Array.from(cut, ({ name }) => name) };
}

type Named = (name: string) => boolean;

const NAMED = new WeakMap<CompiledContractSet, Map<string, Named>>();

/** Tells which members of the outermost object a version names. The answer is kept for as long as the contract set lives. */
function namedBy(set: CompiledContractSet, ref: ContractRef): Named {
  const known = NAMED.get(set) ?? new Map<string, Named>();
  NAMED.set(set, known);
  const found = known.get(ref.digest);
  if (found !== undefined) return found;
  const { contract, version } = contentOf(set, ref);
  const named = namesOf(version, contract.versionField);
  known.set(ref.digest, named);
  return named;
}

/** A version names a member in its schema, its identity, the field that declares the version, or its rules. */
function namesOf({ schema, identity, rules }: ContractVersion, versionField: string | null): Named {
  const pointers = versionField === null ? identity : [...identity, versionField];
  const first = pointers.map((pointer) => stepsIn(pointer)[0]);
  const collected = collect(schema);
  return (name) =>
    first.includes(name) ||
    collected.names.has(name) ||
    collected.patterns.some((pattern) => pattern.test(name)) ||
    rules.some(({ expression }) => expression.includes(name));
}

type Collected = { readonly names: Set<string>; readonly patterns: RegExp[] };

/** Keywords whose subschemas judge the same object. */
const SAME_OBJECT_LISTS = ["allOf", "anyOf", "oneOf"] as const;
const SAME_OBJECT = ["if", "then", "else", "not"] as const;

/** Every member name in a schema, and in all subschemas that judge the same object. */
function collect(root: JsonObject | boolean): Collected {
  const found: Collected = { names: new Set(), patterns: [] };
  const seen = new Set<JsonValue>();
  const visit = (schema: JsonValue | undefined): void => {
    if (!isObject(schema) || seen.has(schema)) return;
    seen.add(schema);
    const { properties, required, patternProperties, propertyNames, dependentRequired, dependentSchemas } = schema;
    for (const holder of [properties, dependentRequired, dependentSchemas]) addNames(found, keysOf(holder));
    for (const list of [required, ...valuesOf(dependentRequired)]) addNames(found, textsIn(list));
    for (const value of [schema["const"], ...itemsOf(schema["enum"])]) addNames(found, keysOf(value));
    if (isObject(propertyNames))
      addNames(found, textsIn([propertyNames["const"] ?? null, ...itemsOf(propertyNames["enum"])]));
    for (const pattern of keysOf(patternProperties)) found.patterns.push(new RegExp(pattern, "u"));
    for (const keyword of SAME_OBJECT_LISTS) for (const one of itemsOf(schema[keyword])) visit(one);
    for (const keyword of SAME_OBJECT) visit(schema[keyword]);
    for (const one of valuesOf(dependentSchemas)) visit(one);
    for (const keyword of ["$ref", "$dynamicRef"]) visit(resolve(root, schema[keyword]));
  };
  visit(root);
  return found;
}

/** The schema that a reference within the document leads to, by pointer or by anchor. */
function resolve(root: JsonObject | boolean, reference: JsonValue | undefined): JsonValue | undefined {
  if (typeof reference !== "string" || !isObject(root)) return undefined;
  const id = typeof root["$id"] === "string" ? root["$id"] : "";
  const fragment = reference.startsWith("#") ? reference.slice(1) : reference === id ? "" : reference.split("#")[1];
  if (fragment === undefined) return byKeyword(root, "$id", reference);
  if (fragment === "") return root;
  if (!fragment.startsWith("/"))
    return byKeyword(root, "$anchor", fragment) ?? byKeyword(root, "$dynamicAnchor", fragment);
  return valueAt(root, stepsIn(decode(fragment)));
}

function decode(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

function byKeyword(value: JsonValue, keyword: string, wanted: string): JsonValue | undefined {
  if (Array.isArray(value)) {
    return (value as readonly JsonValue[])
      .map((one) => byKeyword(one, keyword, wanted))
      .find((one) => one !== undefined);
  }
  if (!isObject(value)) return undefined;
  if (value[keyword] === wanted) return value;
  return Object.values(value)
    .map((one) => byKeyword(one, keyword, wanted))
    .find((one) => one !== undefined);
}

function addNames({ names }: Collected, added: readonly string[]): void {
  for (const name of added) names.add(name);
}

function keysOf(value: JsonValue | undefined): readonly string[] {
  return isObject(value) ? Object.keys(value) : [];
}

function valuesOf(value: JsonValue | undefined): readonly JsonValue[] {
  return isObject(value) ? Object.values(value) : [];
}

function itemsOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

function textsIn(value: JsonValue | undefined): readonly string[] {
  return itemsOf(value).filter((one) => typeof one === "string");
}
