import { isObject } from "../../json/json.ts";
import { must, takeApart, type Literal } from "../conjunction.ts";
import { findGaps } from "../proof.ts";
import { objectLimits, valueUnder } from "../object-limits.ts";
import { madeFor, memberOf, type SchemaNode } from "../schema-node.ts";
import { placeName, quoted, type Never } from "./never.ts";

/** Whether no value satisfies all of these literals. */
export function isNever(literals: readonly Literal[]): boolean {
  const [first] = literals;
  return first !== undefined && findGaps(literals, madeFor(first.node, false)).length === 0;
}

/** The finding for literals that contradict each other. Its message names the schemas involved. */
export function contradiction(pointer: string, literals: readonly Literal[], what: string): Never {
  const endless = endlessRequirement(literals);
  if (endless !== null) {
    const message = `${what}: ${placeName(endless)} requires itself, without end`;
    return {
      kind: "nothing",
      pointer,
      message,
      remedy: "Let it end: take a name out of required, or allow null there",
    };
  }
  const parts = smallestCore(literals);
  const places = [...new Set(parts.map(({ node }) => node.pointer))].filter((at) => at !== pointer || parts.length < 2);
  const others = places.map(placeName).join(" and ");
  const message =
    parts.length < 2
      ? `${what}: ${others} contradicts itself (${keywordsOf(parts[0]?.node)})`
      : `${what}: it contradicts ${others}${clashingName(parts)}`;
  return { kind: "nothing", pointer, message, remedy: "Change what contradicts the rest, or remove it" };
}

/** ` about "kind"`, when the literals contradict each other in the value of a required property; otherwise empty. */
function clashingName(literals: readonly Literal[]): string {
  const known = takeApart(literals, new Set());
  const name = [...objectLimits(known).required].find((one) => {
    const value = valueUnder(known, one);
    return value.length > 1 && isNever(value);
  });
  return name === undefined ? "" : ` about ${quoted(name)}`;
}

/**
 * The schema that a reference inside it leads back to: a value would have to contain another such value, without end. Null when
 * there is no such reference.
 */
function endlessRequirement(literals: readonly Literal[]): string | null {
  const [only, ...others] = literals;
  const ref = only === undefined || others.length > 0 ? undefined : memberOf(only.node, "$ref");
  const target = typeof ref === "string" ? only?.node.document.resolve(ref) : null;
  if (target === null || target === undefined || only === undefined) return null;
  return only.node.pointer.startsWith(`${target.pointer}/`) ? target.pointer : null;
}

function keywordsOf(node: SchemaNode | undefined): string {
  const types = node === undefined ? undefined : memberOf(node, "type");
  const named = node !== undefined && isObject(node.schema) ? Object.keys(node.schema) : [];
  const telling = named.filter(
    (name) => !["title", "description", "$id", "$schema", "$comment", "$defs"].includes(name),
  );
  return telling.map((name) => (name === "type" && typeof types === "string" ? `type ${types}` : name)).join(", ");
}

/** A minimal subset of the literals that no value satisfies. */
function smallestCore(literals: readonly Literal[]): readonly Literal[] {
  const known = takeApart(literals, new Set());
  let core = known.positives.length > 1 ? known.positives.map((node) => must(withoutParts(node))) : literals;
  if (!isNever(core)) core = literals;
  for (const one of core) {
    const fewer = core.filter((other) => other !== one);
    if (fewer.length > 0 && isNever(fewer)) core = fewer;
  }
  return core;
}

/** A schema without `allOf` and `$ref`, whose schemas takeApart returns separately. */
function withoutParts(node: SchemaNode): SchemaNode {
  if (!isObject(node.schema)) return node;
  const own = Object.entries(node.schema).filter(([keyword]) => keyword !== "allOf" && keyword !== "$ref");
  return madeFor(node, Object.fromEntries(own));
}
