import type { FormatsMode, VersionContent } from "../core/contract-set.ts";
import type { RuleViolation } from "../core/failure.ts";
import type { JsonObject, JsonValue } from "../json/json.ts";
import type { Violation } from "../schema/violation.ts";
import type { Effort } from "./effort.ts";
import type { Gap } from "./gap.ts";
import { changedPayloads, sampledPayloads } from "./made-payloads.ts";
import { neverIn, type NeverReport } from "./never/find-never.ts";
import type { SchemaChange } from "./schema-change.ts";
import { compileBoth, violationsOf, type Side } from "./side.ts";
import { diffVersions } from "./version-changes.ts";
import { gapsBetween } from "./version-gaps.ts";
import { findWitness } from "./version-witness.ts";

// The front file: other parts import only this one. It holds what can be asked of versions and schemas, and the two procedures
// that answer, a proof and a search. Every function is pure and deterministic.

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
 * Compares two versions of a contract, in milliseconds to a few seconds. Their schemas must have passed `refuseSchema`, their
 * rules `lintRule`.
 * @throws when a witness contradicts a proof, which is a bug in the comparison.
 */
export function compareVersions(before: VersionContent, after: VersionContent, options: ComparisonOptions): Comparison {
  const decide = prepareVerdicts(before, after, options);
  return { backward: decide("backward"), forward: decide("forward"), changes: listChanges(before, after) };
}

/**
 * Compiles two versions once and decides each direction when it is asked for.
 * @throws as {@link compareVersions}
 */
export function prepareVerdicts(
  before: VersionContent,
  after: VersionContent,
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
  const { seed, payloads = [], share = 1 } = options;
  steps.left = PROOF_STEPS * share;
  const undecided = gapsBetween(accepting, refusing);
  const effort = undecided.length === 0 ? EFFORT_PROVED : (options.effort ?? EFFORT);
  steps.left = SEARCH_STEPS * share;
  const witness = findWitness(accepting, refusing, { seed, payloads, effort });
  if (witness === null) return undecided.length === 0 ? { kind: "compatible" } : { kind: "unknown", undecided };
  if (undecided.length === 0)
    throw new Error("The comparison proved compatible what a payload shows to be incompatible");
  return { kind: "incompatible", witness, violations: violationsOf(witness, refusing) };
}

/**
 * Lists every change between two versions: of the schema in its order, then of the rules, then of the identity. It decides
 * nothing. The time is linear except for lists of branches.
 */
export function listChanges(before: VersionContent, after: VersionContent): readonly SchemaChange[] {
  return diffVersions(before, after);
}

/**
 * Finds the parts of a schema that no value can pass or that can never matter, in the order of the text. Every finding is
 * proved. A `false` written by hand is not reported. It takes under two seconds; what would take longer is not reported.
 * @param schema one that `refuseSchema` accepts.
 */
export function findNever(schema: JsonObject | boolean, formats: FormatsMode): NeverReport {
  return neverIn(schema, formats);
}

/**
 * Generates payloads that the schema of a version probably accepts, the same ones for the same seed. The caller must judge
 * them. Attempts that fail yield nothing; a schema with circular references yields nothing at all.
 * @param attempts the most payloads.
 */
export function generatePayloads(version: VersionContent, seed: number, attempts: number): Iterable<JsonValue> {
  return sampledPayloads(version, seed, attempts);
}

/**
 * Generates the payloads that differ from one of the given payloads at one place, by values that matter to the version: at its
 * bounds and just beyond. They can be many thousands; each is made when it is asked for.
 */
export function changePayloads(version: VersionContent, payloads: readonly JsonValue[]): Iterable<JsonValue> {
  return changedPayloads(version, payloads);
}
