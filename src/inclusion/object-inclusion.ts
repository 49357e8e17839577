import { isObject } from "../json/json.ts";
import {
  madeFor,
  memberOf,
  namesUnder,
  nodesByName,
  nodeUnder,
  numberUnder,
  type SchemaNode,
  type Shared,
  textsOf,
} from "./schema-node.ts";
import { having, must, type Conjunction, type Literal } from "./conjunction.ts";
import { isSpent } from "./effort.ts";
import { accepts, matches, schemasFor } from "./evaluate.ts";
import { evaluatedBeside, isEvaluated } from "./evaluated.ts";
import { gapAt, NOT_REACHED, type Gap, type TypedQuestion } from "./gap.ts";
import {
  listedNames,
  namesIn,
  objectLimits,
  schemasForOther,
  valueUnder,
  valueUnderOther,
  type ObjectLimits,
} from "./object-limits.ts";
import { textOutside } from "./string-limits.ts";

/** The most patterns by which names are distinguished. Every subset of them is tried, 2^n in all. */
const PATTERNS_MAX = 4;

/** Proves that every object which satisfies the known literals satisfies one keyword of the goal. */
export function proveObjectKeyword(question: TypedQuestion, keyword: string): readonly Gap[] {
  const { goal, known, ask } = question;
  const facts = objectLimits(known);
  switch (keyword) {
    case "required":
      return textsOf(memberOf(goal, "required"))
        .filter((name) => !facts.required.has(name))
        .map((name) => gapAt(goal, `"${name}" may be missing`, "required"));
    case "minProperties":
      if (facts.least >= (numberUnder(goal, keyword) ?? Infinity)) return [];
      return [gapAt(goal, "there may be fewer properties", keyword)];
    case "maxProperties":
      if (mostProperties(known, facts) <= (numberUnder(goal, keyword) ?? -1)) return [];
      return [gapAt(goal, "there may be more properties", keyword)];
    case "dependentRequired": {
      const dependent = memberOf(goal, keyword);
      if (!isObject(dependent)) return [gapAt(goal, "it is not read", keyword)];
      return Object.entries(dependent).flatMap(([name, others]) => {
        const asked = { ...having(goal, textsOf(others)), pointer: gapAt(goal, "", keyword, name).pointer };
        return ask(asked, must(having(goal, [name])));
      });
    }
    case "dependentSchemas":
      return [...nodesByName(goal, keyword)].flatMap(([name, part]) => ask(part, must(having(goal, [name]))));
    case "propertyNames":
      return proveNames(question, facts);
    case "unevaluatedProperties":
      return proveLeftOver(question, facts);
    default:
      return proveValues(question, facts);
  }
}

/** The most properties that an object can have: limited by `maxProperties`, or because the object is closed. */
function mostProperties(known: Conjunction, facts: ObjectLimits): number {
  const others = facts.patterns.size === 0 ? valueUnderOther(known, new Set()) : [];
  if (!others.some(({ node }) => node.schema === false) && !namesAreListed(known)) return facts.most;
  const possible = [...facts.names].filter(
    (name) => !valueUnder(known, name).some(({ node }) => node.schema === false),
  );
  return Math.min(facts.most, possible.length);
}

function namesAreListed({ positives }: Conjunction): boolean {
  return positives.some((node) => {
    const allowed = nodeUnder(node, "propertyNames");
    return allowed !== null && listedNames(allowed) !== null;
  });
}

/** Proves the goal for every property: each name that either side mentions, and all other names. */
function proveValues(question: TypedQuestion, facts: ObjectLimits): readonly Gap[] {
  const { goal, known, askPart } = question;
  const gaps: Gap[] = [];
  for (const name of new Set([...facts.names, ...namesIn(goal)])) {
    if (isSpent(goal.document.shared.effort)) return [...gaps, gapAt(goal, NOT_REACHED)];
    const value = valueUnder(known, name);
    for (const part of schemasFor(goal, name)) gaps.push(...askPart(value, part));
  }
  const sets = otherNames(known, facts, namesUnder(goal, "patternProperties"), goal.document.shared);
  if (sets === null) return [...gaps, gapAt(goal, `names are told apart by more than ${PATTERNS_MAX} patterns`)];
  for (const matching of sets) {
    const value = valueUnderOther(known, matching);
    for (const part of schemasForOther(goal, matching)) gaps.push(...askPart(value, part));
  }
  return gaps;
}

/** Proves `unevaluatedProperties` of the goal for every property that no other keyword of the goal certainly evaluates. */
function proveLeftOver({ goal, known, askPart }: TypedQuestion, facts: ObjectLimits): readonly Gap[] {
  const rest = nodeUnder(goal, "unevaluatedProperties");
  const evaluated = evaluatedBeside(goal, true);
  if (rest === null || evaluated === null) return [];
  const gaps: Gap[] = [];
  for (const name of new Set([...facts.names, ...namesIn(goal), ...evaluated.names])) {
    if (isSpent(goal.document.shared.effort)) return [...gaps, gapAt(goal, NOT_REACHED)];
    if (!isEvaluated(name, evaluated, matches)) gaps.push(...askPart(valueUnder(known, name), rest));
  }
  const sets = otherNames(known, facts, [...evaluated.patterns], goal.document.shared);
  if (sets === null) return [...gaps, gapAt(goal, `names are told apart by more than ${PATTERNS_MAX} patterns`)];
  for (const matching of sets) {
    if ([...evaluated.patterns].some((pattern) => matching.has(pattern))) continue;
    gaps.push(...askPart(valueUnderOther(known, matching), rest));
  }
  return gaps;
}

/**
 * The subsets of the patterns that a name which no schema mentions may match: all that are not proved to be impossible. Null
 * when there are too many patterns.
 */
function otherNames(
  known: Conjunction,
  facts: ObjectLimits,
  asked: readonly string[],
  shared: Shared,
): readonly ReadonlySet<string>[] | null {
  if (namesAreListed(known)) return [];
  const sure = namePatterns(known);
  const open = [...new Set([...facts.patterns, ...asked])].filter((pattern) => !sure.includes(pattern));
  if (open.length > PATTERNS_MAX) return null;
  const sets = Array.from({ length: 2 ** open.length }, (_, bits) =>
    open.filter((_one, index) => (bits >> index) % 2 === 1),
  );
  return sets
    .filter((matched) => {
      if (open.length === 0) return true;
      const refused = open.filter((pattern) => !matched.includes(pattern));
      const names = { least: 0, most: Infinity, patterns: [...sure, ...matched], refused };
      return textOutside(names, null, shared).kind !== "empty";
    })
    .map((matched) => new Set([...sure, ...matched]));
}

/** The patterns that `propertyNames` requires of every name. */
function namePatterns({ positives }: Conjunction): readonly string[] {
  const allowed = positives.map((node) => nodeUnder(node, "propertyNames")).filter((node) => node !== null);
  return allowed.map((node) => memberOf(node, "pattern")).filter((pattern) => typeof pattern === "string");
}

/** Proves `propertyNames` of the goal for every name: each mentioned name that can be present, and all other names. */
function proveNames(question: TypedQuestion, facts: ObjectLimits): readonly Gap[] {
  const { goal, known, askPart } = question;
  const allowed = nodeUnder(goal, "propertyNames");
  if (allowed === null) return [];
  const gaps: Gap[] = [];
  for (const name of new Set([...facts.names, ...namesIn(goal)])) {
    if (isSpent(goal.document.shared.effort)) return [...gaps, gapAt(allowed, NOT_REACHED)];
    if (accepts(allowed, name) || isAbsent(valueUnder(known, name))) continue;
    gaps.push(gapAt(allowed, `a property may be called "${name}"`));
  }
  const sets = otherNames(known, facts, [], goal.document.shared);
  if (sets === null) return [...gaps, gapAt(allowed, `names are told apart by more than ${PATTERNS_MAX} patterns`)];
  for (const matching of sets) {
    if (isAbsent(valueUnderOther(known, matching))) continue;
    gaps.push(...askPart(nameLiterals(goal, known, matching), allowed));
  }
  return gaps;
}

function nameLiterals(goal: SchemaNode, known: Conjunction, matching: ReadonlySet<string>): readonly Literal[] {
  const said = known.positives.map((node) => nodeUnder(node, "propertyNames")).filter((node) => node !== null);
  const matched = [...matching].map((pattern) => madeFor(goal, { pattern }));
  return [madeFor(goal, { type: "string" }), ...said, ...matched].map(must);
}

function isAbsent(value: readonly Literal[]): boolean {
  return value.some(({ node, positive }) => positive && node.schema === false);
}

/** Proves that no object satisfies the known literals. */
export function noObjectIn({ known, goal, askPart }: TypedQuestion): boolean {
  const facts = objectLimits(known);
  if (facts.least > mostProperties(known, facts)) return true;
  return [...facts.required].some((name) => {
    if (isSpent(goal.document.shared.effort)) return false;
    const value = valueUnder(known, name);
    return value.length > 0 && askPart(value, madeFor(goal, false)).length === 0;
  });
}
