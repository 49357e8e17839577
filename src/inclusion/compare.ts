import { canonicalText } from "../json/canonical.ts";
import type { JsonValue } from "../json/json.ts";
import type { RuleViolation } from "../core/failure.ts";
import type { Violation } from "../schema/violation.ts";
import { schemaRequires } from "./identity-proof.ts";
import { minedValues } from "./boundary-values.ts";
import { must } from "./conjunction.ts";
import { isSpent, type Effort } from "./effort.ts";
import { diffVersions } from "./version-changes.ts";
import { type SchemaChange } from "./schema-change.ts";
import type { Gap } from "./gap.ts";
import { findGaps } from "./inclusion.ts";
import { namesIn } from "./object-limits.ts";
import { schemaOfRule } from "./rule-schema.ts";
import { sampleValue } from "./sample.ts";
import { keyOf } from "./schema-key.ts";
import { rootOf, type SchemaNode } from "./schema-node.ts";
import { seededPick } from "./seeded-pick.ts";
import { compileBoth, isConfirmed, passes, ruleNodes, violationsOf, type ComparedVersion, type Side } from "./side.ts";
import { wideIntegerGaps } from "./wide-integers.ts";
import { everyNode } from "./walk.ts";
import { searchWitness, shrinkWitness } from "./witness.ts";

/**
 * Whether one version accepts every payload that the other accepts.
 *
 * - compatible: proved for all payloads.
 * - incompatible: one version accepts `witness` and the other refuses it; both versions judged its JSON text.
 * - unknown: neither proved nor refuted. `undecided` lists what could not be proved, with pointers into the refusing schema.
 */
export type Verdict =
  | { readonly kind: "compatible" }
  | {
      readonly kind: "incompatible";
      readonly witness: JsonValue;
      /** The violations for which the other version refuses the witness. */
      readonly violations: readonly (Violation | RuleViolation)[];
    }
  | { readonly kind: "unknown"; readonly undecided: readonly Gap[] };

/** The result of {@link compareVersions}. */
export type Comparison = {
  /** Whether `after` accepts every payload that `before` accepts: consumers that move to `after` can read the existing records. */
  readonly backward: Verdict;
  /** Whether `before` accepts every payload that `after` accepts: consumers that stay at `before` can read the new records. */
  readonly forward: Verdict;
  /** Every change, whether it breaks something or not. */
  readonly changes: readonly SchemaChange[];
};

export type ComparisonOptions = {
  /** The seed of the search for witnesses: the same seed finds the same witness. */
  readonly seed: number;
  /** Payloads that the search begins with, such as fixtures. No version need accept them. */
  readonly payloads?: readonly JsonValue[];
  /** The most payloads that are judged in one direction; 20,000 take well under a second. */
  readonly effort?: number;
  /** The fraction of the usual steps that this comparison may take, for several comparisons that share the time of one. */
  readonly share?: number;
};

const EFFORT = 20_000;
/** Payloads judged after a proof: a witness against a proof would show a bug. */
const EFFORT_PROVED = 400;
/** Steps for each direction, of the proof and then of the search. Both directions together take less than 2 s of CPU. */
const PROOF_STEPS = 1_000_000;
const SEARCH_STEPS = 1_000_000;

/** `backward`: the later version must accept what the earlier one accepts. `forward`: the other way round. */
export type Direction = "backward" | "forward";

/**
 * Compares two versions of a contract. The function is pure and deterministic and takes milliseconds to a few seconds.
 * @throws when a witness contradicts a proof, which is a bug in the comparison.
 */
export function compareVersions(
  before: ComparedVersion,
  after: ComparedVersion,
  options: ComparisonOptions,
): Comparison {
  const decide = prepareVerdicts(before, after, options);
  return { backward: decide("backward"), forward: decide("forward"), changes: diffVersions(before, after) };
}

/**
 * Compiles two versions once and decides each direction when it is asked for.
 * @throws as {@link compareVersions}
 */
export function prepareVerdicts(
  before: ComparedVersion,
  after: ComparedVersion,
  options: ComparisonOptions,
): (direction: Direction) => Verdict {
  const effort: Effort = { left: 0 };
  const [old, next] = compileBoth(before, after, effort);
  return (direction) => {
    switch (direction) {
      case "backward":
        return decideInclusion(old, next, effort, options);
      case "forward":
        return decideInclusion(next, old, effort, options);
    }
  };
}

function decideInclusion(accepting: Side, refusing: Side, steps: Effort, options: ComparisonOptions): Verdict {
  const { share = 1 } = options;
  steps.left = PROOF_STEPS * share;
  const undecided = gapsBetween(accepting, refusing);
  const effort = undecided.length === 0 ? EFFORT_PROVED : (options.effort ?? EFFORT);
  steps.left = SEARCH_STEPS * share;
  const witness = findWitness(accepting, refusing, { ...options, effort });
  if (witness === null) return undecided.length === 0 ? { kind: "compatible" } : { kind: "unknown", undecided };
  if (undecided.length === 0)
    throw new Error("The comparison proved compatible what a payload shows to be incompatible");
  return { kind: "incompatible", witness, violations: violationsOf(witness, refusing) };
}

/** The gaps in the proof that one side accepts every payload that the other accepts; empty when it is proved. */
function gapsBetween(accepting: Side, refusing: Side): readonly Gap[] {
  return [
    ...schemaGaps(accepting, refusing),
    ...opaqueRuleGaps(accepting, refusing),
    ...identityGaps(accepting, refusing),
  ];
}

function schemaGaps(accepting: Side, refusing: Side): readonly Gap[] {
  const root = rootOf(refusing.document);
  const known = [rootOf(accepting.document), ...ruleNodes(accepting)];
  const asked = ruleNodes(refusing).map((node) => ({ ...node, pointer: "/rules" }));
  const obstacles = [accepting, refusing].flatMap(({ obstacles: { toEvaluation, toProof } }) => [
    ...toEvaluation,
    ...toProof,
  ]);
  const literals = known.map(must);
  const isSame = saysTheSame(accepting, refusing);
  if (obstacles.length > 0) return [...(isSame ? [] : obstacles), ...asked.filter(isNotAmong(known)).map(ruleGap)];
  const wide = isSame ? [] : wideIntegerGaps(accepting.document, refusing.document);
  return [...(isSame ? [] : findGaps(literals, root)), ...wide, ...asked.flatMap((node) => findGaps(literals, node))];
}

/**
 * Whether two schemas are equal except for annotations. Equal schemas accept the same payloads even when they contain circular
 * references, which the proof cannot handle.
 */
function saysTheSame(one: Side, other: Side): boolean {
  if (one.formats === other.formats && canonicalText(one.schema) === canonicalText(other.schema)) return true;
  return keyOf(rootOf(one.document)) === keyOf(rootOf(other.document));
}

function isNotAmong(known: readonly SchemaNode[]): (node: SchemaNode) => boolean {
  const keys = new Set(known.map(keyOf));
  return (node) => !keys.has(keyOf(node));
}

function ruleGap({ pointer }: SchemaNode): Gap {
  return { pointer, reason: "a rule is not shown to hold" };
}

/** A rule that is not a threshold counts as proved only when the other side has a rule with the same expression. */
function opaqueRuleGaps(accepting: Side, refusing: Side): readonly Gap[] {
  const known = new Set(accepting.rules.map(({ expression }) => expression.trim()));
  const asked = refusing.rules.filter((rule) => schemaOfRule(rule) === null && !known.has(rule.expression.trim()));
  return asked.map(({ id }) => ({ pointer: `/rules/${id}`, reason: "the rule is not shown to hold" }));
}

/** A version refuses a payload without its identity fields; the accepting side must require the same fields. */
function identityGaps(accepting: Side, refusing: Side): readonly Gap[] {
  const asked = refusing.identity.filter((pointer) => !accepting.identity.includes(pointer));
  const open = asked.filter((pointer) => !schemaRequires(accepting.schema, pointer));
  return open.map((pointer) => ({ pointer: "/identity", reason: `the identity field ${pointer} may be missing` }));
}

function findWitness(
  accepting: Side,
  refusing: Side,
  options: ComparisonOptions & { readonly effort: number },
): JsonValue | null {
  const [wanted, doubted] = [accepting, refusing].map((side) => [rootOf(side.document), ...ruleNodes(side)].map(must));
  const differs = (value: JsonValue): boolean => passes(value, accepting) && !passes(value, refusing);
  const isWitness = (value: JsonValue): boolean => differs(value) && isConfirmed(value, accepting, refusing);
  const steps = accepting.document.shared.effort;
  const expressions = [...accepting.rules, ...refusing.rules].map(({ expression }) => expression);
  const names = new Set([accepting, refusing].flatMap(({ document }) => everyNode(document).flatMap(namesIn)));
  const pool = minedValues([accepting.document.root, refusing.document.root], expressions);
  const isSampled = [accepting, refusing].every(({ obstacles }) => obstacles.toEvaluation.length === 0);
  const found = searchWitness({
    isWitness,
    isBase: (value) => passes(value, accepting),
    sample: (pick) => (isSampled ? sampleValue(wanted ?? [], doubted ?? [], pick) : pool[pick(pool.length)]),
    given: options.payloads ?? [],
    pool,
    names: [...names, "extra"],
    pick: seededPick(options.seed),
    effort: options.effort,
    isSpent: () => isSpent(steps),
  });
  return found === null ? null : shrinkWitness(found, isWitness, steps);
}
