import type { JsonObject, JsonValue } from "../json/json.ts";
import type { Matches } from "./linear-pattern.ts";
import type { Node, Part } from "./node.ts";
import { addViolation, type Site } from "./report.ts";
import type { Seen } from "./seen.ts";

/** The constraints of a schema on the members of an object by name. */
export type Fields = {
  readonly properties: ReadonlyMap<string, Node>;
  readonly patterns: readonly { readonly matches: Matches; readonly node: Node }[];
  /** `additionalProperties`; null when the schema has none. */
  readonly rest: Node | null;
  readonly required: readonly string[];
  readonly siteOfMissing: Site;
  /** The constraint for an unknown field, when the schema `false` refuses it; null for any other schema. */
  readonly siteOfUnknown: Site | null;
};

type Entry = { readonly name: string; readonly node: Node | null; readonly required: boolean };

/** Compiles `properties`, `patternProperties`, `additionalProperties` and `required` into one pass over the members. */
export function compileFields(fields: Fields): Part<"object"> {
  return {
    kind: "object",
    accepts: judgeFields(fields),
    tracks: (object, seen) => trackFields(fields, object, seen),
    explain: explainFields(fields),
  };
}

function judgeFields(fields: Fields): (object: JsonObject) => boolean {
  const { properties, patterns, rest, required } = fields;
  const needed = new Set(required);
  if (properties.size === 0 && patterns.length === 0 && rest === null) return hasAll([...needed]);
  const entries = new Map<string, Entry>();
  for (const name of [...properties.keys(), ...needed]) {
    entries.set(name, { name, node: properties.get(name) ?? null, required: needed.has(name) });
  }
  const neededCount = needed.size;
  if (patterns.length === 0) {
    // A producer writes its fields in a fixed order: trying the entry found last time at the same place saves a lookup
    // (a third of the time).
    const expected: Entry[] = [];
    const { size } = entries;
    return (object) => {
      let missing = neededCount;
      let place = 0;
      for (const name in object) {
        let entry = expected[place];
        if (entry === undefined || entry.name !== name) {
          entry = entries.get(name);
          if (entry !== undefined && place < size) expected[place] = entry;
        }
        place += 1;
        if (entry === undefined) {
          if (rest !== null && !rest.accepts(object[name] as JsonValue)) return false;
          continue;
        }
        if (entry.required) missing -= 1;
        const node = entry.node ?? rest;
        if (node !== null && !node.accepts(object[name] as JsonValue)) return false;
      }
      return missing === 0;
    };
  }
  return (object) => {
    let missing = neededCount;
    for (const name in object) {
      const entry = entries.get(name);
      if (entry !== undefined && entry.required) missing -= 1;
      const value = object[name] as JsonValue;
      let isNamed = false;
      if (entry !== undefined && entry.node !== null) {
        isNamed = true;
        if (!entry.node.accepts(value)) return false;
      }
      for (const { matches, node } of patterns) {
        if (!matches(name)) continue;
        isNamed = true;
        if (!node.accepts(value)) return false;
      }
      if (!isNamed && rest !== null && !rest.accepts(value)) return false;
    }
    return missing === 0;
  };
}

/** Compiles a test that an object has each name as its own; `toString`, for example, is inherited by all. */
function hasAll(names: readonly string[]): (object: JsonObject) => boolean {
  if (names.some((name) => name in Object.prototype))
    return (object) => names.every((name) => Object.hasOwn(object, name));
  // JSON has no undefined.
  return (object) => {
    for (const name of names) if (object[name] === undefined) return false;
    return true;
  };
}

/** The schemas that apply to a member; `additionalProperties` only when no other does. */
function nodesFor({ properties, patterns, rest }: Fields, name: string): readonly Node[] {
  const named = properties.get(name);
  const found = named === undefined ? [] : [named];
  for (const { matches, node } of patterns) if (matches(name)) found.push(node);
  return found.length > 0 || rest === null ? found : [rest];
}

function trackFields(fields: Fields, object: JsonObject, seen: Seen): boolean {
  let accepted = fields.required.every((name) => Object.hasOwn(object, name));
  for (const name of Object.keys(object)) {
    const nodes = nodesFor(fields, name);
    if (nodes.length === 0) continue;
    seen.names.add(name);
    accepted = nodes.every((node) => node.accepts(object[name] as JsonValue)) && accepted;
  }
  return accepted;
}

/**
 * Reports missing fields first, then the contract's fields in its order, then unknown fields in the payload's order.
 */
function explainFields(fields: Fields): Part<"object">["explain"] {
  const { properties, patterns, rest, required, siteOfMissing, siteOfUnknown } = fields;
  const named = [...properties].map(([name, node]) => ({ name, node, isInherited: name in Object.prototype }));
  const isOpen = patterns.length === 0 && rest === null;
  const hasRequired = hasAll(required);
  return (object, at, report) => {
    if (!hasRequired(object)) {
      for (const name of required) {
        if (!Object.hasOwn(object, name)) addViolation(report, siteOfMissing, { up: at, step: name }, undefined);
      }
    }
    for (let index = 0; index < named.length; index += 1) {
      const { name, node, isInherited } = named[index] as (typeof named)[number];
      const value = object[name];
      if (value === undefined || (isInherited && !Object.hasOwn(object, name))) continue;
      node.explain(value, { up: at, step: name }, report);
    }
    if (isOpen) return;
    for (const name of Object.keys(object)) {
      if (patterns.length === 0 && properties.has(name)) continue;
      const below = { up: at, step: name };
      const value = object[name] as JsonValue;
      const matching = patterns.filter(({ matches }) => matches(name));
      for (const { node } of matching) node.explain(value, below, report);
      if (matching.length > 0 || properties.has(name) || rest === null) continue;
      if (siteOfUnknown === null) rest.explain(value, below, report);
      else addViolation(report, siteOfUnknown, below, value);
    }
  };
}
