import type { JsonObject, JsonValue } from "../json/json.ts";
import { listValues } from "./assertions.ts";
import type { BranchSummary } from "./branch-summary.ts";
import { compileMembership } from "./equal.ts";
import type { ExplainBranches } from "./combine.ts";
import type { Node } from "./node.ts";
import {
  addViolation,
  createTally,
  kindOf,
  pointerOf,
  reportWithin,
  VIOLATIONS_MAX,
  type At,
  type Report,
  type Site,
} from "./report.ts";
import type { Branch, Violation } from "./violation.ts";

type Candidate = { readonly node: Node; readonly facts: BranchSummary };

/** A field whose value distinguishes branches. */
type Discriminator = {
  readonly name: string;
  readonly site: Site;
  readonly siteOfMissing: Site;
  /** Whether every branch that fixes the field also requires it. */
  readonly isNeeded: boolean;
  /** The check of the field for each branch; null for a branch that allows any value. */
  readonly takes: readonly (((value: JsonValue) => boolean) | null)[];
};

/** Makes the constraint of a violation that concerns the branches as a whole. */
type MakeSite = (keyword: string, expected: string, message: string) => Site;

/**
 * Compiles the explanation of `anyOf` or `oneOf`: it reports the violations of the one branch that the value was meant
 * for.
 *
 * A field with fixed values (`kind: {const: ...}`) chooses the branch; else the kind of the value does; else the branch
 * with the fewest violations, and among equals the one whose violations lie deepest. A value that fits no branch is one
 * violation.
 */
export function compileBranches(
  keyword: "anyOf" | "oneOf",
  branches: readonly Candidate[],
  makeSite: MakeSite,
): ExplainBranches {
  const discriminators = findDiscriminators(keyword, branches, makeSite);
  const { siteOfMembers, siteOfKinds, siteOfSeveral, siteOfNone } = sitesOfWhole(keyword, branches, makeSite);
  const nameBranch = rememberBranches();
  const all = branches.map((_, index) => index);

  const explainOne = (index: number, why: Why, value: JsonValue, at: At | null, report: Report): void => {
    const candidate = branches[index];
    if (candidate === undefined) return;
    if (report.tally !== null) return candidate.node.explain(value, at, report);
    const inner = reportWithin(report, nameBranch(candidate, index, why, pointerOf(at)));
    candidate.node.explain(value, at, inner);
    append(report, inner.violations);
  };

  return (value, at, report) => {
    report.looks.left -= 1;
    if (report.looks.left < 0) return addViolation(report, siteOfNone, at, value);
    const matching = keyword === "oneOf" ? branches.filter(({ node }) => node.accepts(value)) : [];
    if (matching.length > 1) {
      const names = matching.map(({ facts }) => facts.name).join(", ");
      const message = `matches ${matching.length} branches, ${names}; exactly one is allowed`;
      return addViolation(report, siteOfSeveral, at, value, message);
    }
    if (siteOfMembers !== null) return addViolation(report, siteOfMembers, at, value);
    const ofKind = all.filter((index) => takesKind(branches[index], value));
    if (ofKind.length === 0 && siteOfKinds !== null) return addViolation(report, siteOfKinds, at, value);
    const chosen = chooseByField(discriminators, ofKind, value, at, report);
    if (chosen === "reported") return;
    const { field } = chosen;
    const left = chosen.left.length === 0 ? all : chosen.left;
    if (left.length > 1) {
      return explainOne(
        nearestOf(left, branches, value, at, report),
        { field, chosenBy: "nearest" },
        value,
        at,
        report,
      );
    }
    explainOne(left[0] ?? 0, { field, chosenBy: field === null ? "kind" : "field" }, value, at, report);
  };
}

/** Why a branch was chosen: the field that narrowed the choice, if any, and the deciding criterion. */
type Why = { readonly field: string | null; readonly chosenBy: Branch["chosenBy"] };

/** Constraints for violations that concern the branches as a whole; null when the branches do not tell enough. */
function sitesOfWhole(
  keyword: string,
  branches: readonly Candidate[],
  makeSite: MakeSite,
): {
  readonly siteOfMembers: Site | null;
  readonly siteOfKinds: Site | null;
  readonly siteOfSeveral: Site;
  readonly siteOfNone: Site;
} {
  const lists = branches.map(({ facts }) => facts.members);
  const kinds = branches.map(({ facts }) => facts.kinds);
  const members = lists.includes(null) ? null : `one of ${listValues(lists.flatMap((list) => list ?? []))}`;
  const kind = kinds.includes(null) ? null : [...new Set(kinds.flatMap((one) => [...(one ?? [])]))].join(" or ");
  return {
    siteOfMembers: members === null ? null : makeSite(keyword, members, `must be ${members}`),
    siteOfKinds: kind === null ? null : makeSite("type", kind, `must be ${kind}`),
    siteOfNone: makeSite(keyword, "one of its branches", "matches none of its branches"),
    siteOfSeveral: makeSite(keyword, "exactly one of its branches", "matches several branches; exactly one is allowed"),
  };
}

/**
 * Makes branch objects. The same branch at the same place is the same object, so that repeated violations are
 * recognised.
 */
function rememberBranches(): (candidate: Candidate, index: number, why: Why, pointer: string) => Branch {
  const remembered = new Map<string, Branch>();
  return ({ facts }, index, { field, chosenBy }, pointer) => {
    const key = `${index} ${chosenBy} ${field ?? ""} ${pointer}`;
    const known = remembered.get(key);
    if (known !== undefined) return known;
    const fixed = field === null ? undefined : facts.fixed.get(field);
    const name = field === null || fixed === undefined ? facts.name : `${field} = ${listValues(fixed, " | ")}`;
    const made: Branch = { schemaPath: facts.schemaPath, pointer, name, chosenBy };
    if (remembered.size >= REMEMBERED_MAX) remembered.clear();
    remembered.set(key, made);
    return made;
  };
}

const REMEMBERED_MAX = 256;

type Chosen = { readonly left: readonly number[]; readonly field: string | null };

/** Keeps the branches whose fixed fields fit; `reported` when the field's own value is wrong and was reported. */
function chooseByField(
  discriminators: readonly Discriminator[],
  candidates: readonly number[],
  value: JsonValue,
  at: At | null,
  report: Report,
): Chosen | "reported" {
  let left = candidates;
  let field: string | null = null;
  if (value === null || typeof value !== "object" || Array.isArray(value)) return { left, field };
  const object = value as JsonObject;
  for (const { name, takes, site, siteOfMissing, isNeeded } of discriminators) {
    if (left.length <= 1) break;
    const below = { up: at, step: name };
    if (!Object.hasOwn(object, name)) {
      if (!isNeeded || left.some((index) => takes[index] === null)) continue;
      addViolation(report, siteOfMissing, below, undefined);
      return "reported";
    }
    const found = object[name] ?? null;
    const fitting = left.filter((index) => takes[index]?.(found) ?? true);
    if (fitting.length === 0) {
      addViolation(report, site, below, found);
      return "reported";
    }
    if (fitting.length < left.length) field = name;
    left = fitting;
  }
  return { left, field };
}

function findDiscriminators(
  keyword: string,
  branches: readonly Candidate[],
  makeSite: MakeSite,
): readonly Discriminator[] {
  const names = [...new Set(branches.flatMap(({ facts }) => [...facts.fixed.keys()]))];
  const found: (Discriminator & { readonly isSharp: boolean })[] = [];
  for (const name of names) {
    const lists = branches.map(({ facts }) => facts.fixed.get(name) ?? null);
    const texts = lists.map((list) => (list === null ? null : listValues(list, " | ")));
    if (new Set(texts).size < 2) continue;
    const values = [
      ...new Map(lists.flatMap((list) => list ?? []).map((value) => [listValues([value]), value])).values(),
    ];
    const isSharp =
      !lists.includes(null) && values.length === lists.reduce((sum, list) => sum + (list?.length ?? 0), 0);
    const isNeeded = branches.every(({ facts }) => !facts.fixed.has(name) || facts.required.has(name));
    const expected = `one of ${listValues(values)}`;
    found.push({
      name,
      isNeeded,
      isSharp: isSharp && isNeeded,
      site: makeSite(keyword, expected, `matches none of ${name} = ${listValues(values, " | ")}`),
      siteOfMissing: makeSite("required", expected, `is required and missing: ${name} = ${listValues(values, " | ")}`),
      takes: lists.map((list) => (list === null ? null : compileMembership(list))),
    });
  }
  // A field that distinguishes every branch goes first; an optional one gives no hint when it is missing.
  return found.filter(({ isSharp }) => isSharp).concat(found.filter(({ isSharp }) => !isSharp));
}

function takesKind(branch: Candidate | undefined, value: JsonValue): boolean {
  const kinds = branch?.facts.kinds ?? null;
  if (kinds === null) return true;
  const kind = kindOf(value);
  return kinds.has(kind) || (kind === "number" && kinds.has("integer"));
}

/** The branch with the fewest violations; among equals the one with the deepest violations, then the first. */
function nearestOf(
  candidates: readonly number[],
  branches: readonly Candidate[],
  value: JsonValue,
  at: At | null,
  report: Report,
): number {
  let best = candidates[0] ?? 0;
  let fewest = Infinity;
  let deepest = -1;
  for (const index of candidates) {
    if (report.looks.left < 0) return best;
    const inner = createTally(report);
    report.looks.left -= 1;
    branches[index]?.node.explain(value, at, inner);
    const { tally } = inner;
    const { depth } = tally;
    // A branch that refuses without a violation is chosen last.
    const count = tally.count === 0 ? Infinity : tally.count;
    if (count > fewest || (count === fewest && depth <= deepest)) continue;
    best = index;
    fewest = count;
    deepest = depth;
  }
  return best;
}

function append(report: Report, violations: readonly Violation[]): void {
  for (const violation of violations) {
    if (report.violations.length < VIOLATIONS_MAX) report.violations.push(violation);
  }
}
