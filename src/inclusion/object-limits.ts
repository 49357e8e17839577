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

/** What a conjunction says of objects. */
export type ObjectLimits = {
  readonly required: ReadonlySet<string>;
  readonly least: number;
  readonly most: number;
  /** Names it speaks of one by one. */
  readonly names: ReadonlySet<string>;
  /** Patterns it tells names apart by. */
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

/** What `unevaluatedProperties` may leave alone: it speaks of every other name. Null without one, or when that may be all. */
function leftBy(node: SchemaNode): Evaluated {
  return memberOf(node, "unevaluatedProperties") === undefined ? null : evaluatedBeside(node, false);
}

/** Names a schema object mentions, enumerated names of `propertyNames` among them. */
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

/** The names a `propertyNames` lists; null when it does not list them. */
export function listedNames(node: SchemaNode): readonly string[] | null {
  const members = memberOf(node, "enum");
  if (isList(members)) return textsOf(members);
  const only = memberOf(node, "const");
  return only === undefined ? null : textsOf([only]);
}

/** What is known of the value under a name, if the object has it. */
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
 * What is known of the value under a name that nobody mentions.
 * @param matching the patterns the name matches, of all that anybody tells names apart by.
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

/** The schemas one object schema applies to the value under a name that nobody mentions. */
export function schemasForOther(node: SchemaNode, matching: ReadonlySet<string>): readonly SchemaNode[] {
  const found = [...nodesByName(node, "patternProperties")].filter(([pattern]) => matching.has(pattern));
  if (found.length > 0) return found.map(([, part]) => part);
  const rest = nodeUnder(node, "additionalProperties");
  return rest === null ? [] : [rest];
}

/** Adds what must be there because something else is. */
function closeUnderDependencies(required: Set<string>, positives: readonly SchemaNode[]): void {
  const dependencies = positives.map((node) => memberOf(node, "dependentRequired")).filter((one) => isObject(one));
  for (const name of required)
    for (const dependent of dependencies) for (const other of textsOf(own(dependent, name))) required.add(other);
}
