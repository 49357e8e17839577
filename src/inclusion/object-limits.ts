import { isObject } from "../json/json.ts";
import { type Conjunction, type Literal, must } from "./conjunction.ts";
import { spend } from "./effort.ts";
import { accepts, matches, schemasFor } from "./evaluate.ts";
import { evaluatedBeside, isEvaluated, type Evaluated } from "./evaluated.ts";
import {
  isList,
  madeFor,
  memberOf,
  namesUnder,
  nodesByName,
  nodeUnder,
  numberUnder,
  own,
  type SchemaNode,
  textsOf,
} from "./schema-node.ts";

/** The limits that a conjunction sets for objects. */
export type ObjectLimits = {
  readonly required: ReadonlySet<string>;
  readonly least: number;
  readonly most: number;
  /** The names that its schemas mention. */
  readonly names: ReadonlySet<string>;
  /** The patterns by which its schemas distinguish names. */
  readonly patterns: ReadonlySet<string>;
};

export function objectLimits({ positives }: Conjunction): ObjectLimits {
  const required = new Set(positives.flatMap((node) => textsOf(memberOf(node, "required"))));
  closeUnderDependencies(required, positives);
  const evaluated = positives.flatMap((node) => leftBy(node) ?? []);
  const names = new Set([...required, ...positives.flatMap(namesIn), ...evaluated.flatMap((one) => [...one.names])]);
  return {
    required,
    least: Math.max(required.size, ...positives.map((node) => numberUnder(node, "minProperties") ?? 0)),
    most: Math.min(...positives.map((node) => numberUnder(node, "maxProperties") ?? Infinity)),
    names,
    patterns: new Set([
      ...positives.flatMap((node) => namesUnder(node, "patternProperties")),
      ...evaluated.flatMap((one) => [...one.patterns]),
    ]),
  };
}

/**
 * The names that `unevaluatedProperties` may not apply to; it applies to all others. Null without that keyword, or when those
 * may be all names.
 */
function leftBy(node: SchemaNode): Evaluated {
  return memberOf(node, "unevaluatedProperties") === undefined ? null : evaluatedBeside(node, false);
}

/** The names that a schema object mentions, including those listed by `propertyNames`. */
export function namesIn(node: SchemaNode): readonly string[] {
  const allowed = nodeUnder(node, "propertyNames");
  const listed = allowed === null ? [] : listedNames(allowed);
  const dependent = memberOf(node, "dependentRequired");
  return [
    ...namesUnder(node, "properties"),
    ...namesUnder(node, "dependentSchemas"),
    ...(isObject(dependent) ? Object.entries(dependent).flatMap(([name, others]) => [name, ...textsOf(others)]) : []),
    ...textsOf(memberOf(node, "required")),
    ...(listed ?? []),
  ];
}

/** The names that a `propertyNames` schema lists; null when it has no list. */
export function listedNames(node: SchemaNode): readonly string[] | null {
  const members = memberOf(node, "enum");
  if (isList(members)) return textsOf(members);
  const only = memberOf(node, "const");
  return only === undefined ? null : textsOf([only]);
}

/** The literals that hold for the property of this name, if the object has it. */
export function valueUnder({ positives }: Pick<Conjunction, "positives">, name: string): readonly Literal[] {
  const found: Literal[] = [];
  const effort = positives[0]?.document.shared.effort;
  if (effort !== undefined) spend(effort, positives.length);
  for (const node of positives) {
    found.push(...schemasFor(node, name).map(must));
    const rest = nodeUnder(node, "unevaluatedProperties");
    if (rest !== null && !isEvaluated(name, leftBy(node), matches)) found.push(must(rest));
    const allowed = nodeUnder(node, "propertyNames");
    if (allowed !== null && !accepts(allowed, name)) found.push(must(madeFor(node, false)));
  }
  return found;
}

/**
 * The literals that hold for a property whose name no schema mentions.
 * @param matching the patterns that the name matches, among all patterns that distinguish names.
 */
export function valueUnderOther({ positives }: Conjunction, matching: ReadonlySet<string>): readonly Literal[] {
  return positives
    .flatMap((node) => {
      const rest = nodeUnder(node, "unevaluatedProperties");
      const left = rest === null ? null : leftBy(node);
      const speaks = rest !== null && left !== null && ![...left.patterns].some((pattern) => matching.has(pattern));
      return [...schemasForOther(node, matching), ...(speaks ? [rest] : [])];
    })
    .map(must);
}

/** The schemas that one object schema applies to a property whose name no schema mentions. */
export function schemasForOther(node: SchemaNode, matching: ReadonlySet<string>): readonly SchemaNode[] {
  const found = [...nodesByName(node, "patternProperties")].filter(([pattern]) => matching.has(pattern));
  if (found.length > 0) return found.map(([, part]) => part);
  const rest = nodeUnder(node, "additionalProperties");
  return rest === null ? [] : [rest];
}

/** Adds the names that `dependentRequired` requires because of the required names. */
function closeUnderDependencies(required: Set<string>, positives: readonly SchemaNode[]): void {
  const dependencies = positives.map((node) => memberOf(node, "dependentRequired")).filter((one) => isObject(one));
  for (const name of required)
    for (const dependent of dependencies) for (const other of textsOf(own(dependent, name))) required.add(other);
}
