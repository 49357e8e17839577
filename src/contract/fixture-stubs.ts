import { DEFAULT_LIMITS } from "../core/contract-set.ts";
import { resolveIntegers } from "../core/long-integers.ts";
import { parsePayload } from "../core/payload.ts";
import { compileRules } from "../core/rules.ts";
import { toJsonText } from "../json/json-text.ts";
import type { JsonValue } from "../json/json.ts";
import { compileNumberTypes, type NumberTypes } from "../schema/number-types.ts";
import { compileSchema } from "../schema/schema.ts";
import { minedValues } from "../inclusion/boundary-values.ts";
import { prepareVerdicts } from "../inclusion/compare.ts";
import { withoutFormatNotes } from "../inclusion/format-notes.ts";
import { must } from "../inclusion/conjunction.ts";
import { variationsOf } from "../inclusion/variations.ts";
import { namesIn } from "../inclusion/object-limits.ts";
import { obstaclesIn } from "../inclusion/provable.ts";
import { sampleValue } from "../inclusion/sample.ts";
import { createShared, isList, memberOf, openSchema, rootOf } from "../inclusion/schema-node.ts";
import { seededPick } from "../inclusion/seeded-pick.ts";
import type { ComparedVersion } from "../inclusion/side.ts";
import { everyNode } from "../inclusion/walk.ts";
import { fieldOf, nameOf } from "./constraint-field.ts";
import { constraintsOf, type Constraint } from "./constraints.ts";
import { untestedConstraints } from "./untested-constraints.ts";

/** A payload that breaks one constraint and nothing else. */
export type FixtureStub = {
  /** Of the file, without a folder: `weight_kg-maximum`. */
  readonly name: string;
  readonly kind: "pass" | "fail";
  readonly payload: JsonValue;
  /** What it breaks, for people; null of a payload that passes. */
  readonly breaks: string | null;
};

export type FixtureStubs = {
  readonly stubs: readonly FixtureStub[];
  /** Constraints that no payload was found to break alone: most often another one says the same. */
  readonly without: readonly string[];
};

/** Changes of payloads that pass, looked at before a witness is searched for. */
const CHANGES_MAX = 12_000;
/** Payloads that are changed. */
const BASES_MAX = 3;
/** Values of one enum. */
const LISTED_MAX = 6;
const EFFORT = 6_000;
/** Payloads made to find one with much in it, their steps, and the most parts one may have. */
const SAMPLES = 400;
const SAMPLE_STEPS = 2_000_000;
const PARTS_MAX = 60;
const SEED = 1;

/**
 * A payload for each constraint of a version that no fixture needs, and one that passes where there is none. A payload that
 * passes is changed at one place where that is enough, so that it looks like a real one; else one is searched for.
 * @param payloads of the fixtures there are.
 */
export function stubFixtures(version: ComparedVersion, payloads: readonly JsonValue[]): FixtureStubs {
  const { schema, rules, formats = "annotate" } = version;
  const judges = judgesOf(version);
  const passing = payloads.filter((payload) => judges.schema(payload) && judges.rules(payload));
  const stubs: FixtureStub[] = [];
  const taken = new Set<string>();
  const add = (name: string, kind: FixtureStub["kind"], payload: JsonValue, breaks: string | null): void => {
    let free = name;
    for (let count = 2; taken.has(free); count += 1) free = `${name}-${count}`;
    taken.add(free);
    stubs.push({ name: free, kind, payload, breaks });
  };
  if (passing.length === 0) {
    const sample = witnessOf(version, { ...version, schema: false, rules: [] });
    if (sample === null) return { stubs, without: constraintsOf(schema, rules, formats).map(describe) };
    passing.push(sample);
    add("sample", "pass", sample, null);
  }
  const fullest = fullestPayload(version, judges);
  const refused = refusedNear(
    version,
    [...passing.slice(0, BASES_MAX), ...(fullest === null ? [] : [fullest])],
    judges,
  );
  const without: string[] = [];
  const known = [...payloads, ...passing];
  for (const constraint of untestedConstraints(version, known)) {
    const weaker = withoutConstraint(version, constraint);
    const accepts = judgesOf(weaker);
    const isAlone = (payload: JsonValue): boolean =>
      constraint.kind === "rule"
        ? judges.schema(payload) && accepts.rules(payload)
        : !judges.schema(payload) && accepts.schema(payload);
    const near = refused.find(isAlone);
    const payload = near ?? witnessOf(weaker, version);
    if (payload === null) without.push(describe(constraint));
    else add(fileNameOf(constraint), "fail", payload, describe(constraint));
  }
  return { stubs, without };
}

type Judges = { readonly schema: (payload: JsonValue) => boolean; readonly rules: (payload: JsonValue) => boolean };

function judgesOf({ schema, rules, formats = "annotate" }: ComparedVersion): Judges {
  const compiled = compileRules(rules, schema, formats);
  return { schema: compileSchema(schema, { formats }).accepts, rules: (payload) => compiled(payload).length === 0 };
}

function withoutConstraint(version: ComparedVersion, constraint: Constraint): ComparedVersion {
  // A rule may speak of what the schema no longer shows to be there.
  return constraint.kind === "rule"
    ? { ...version, rules: constraint.without }
    : { ...version, schema: constraint.without, rules: [], identity: [] };
}

/** A payload that one version accepts and the other refuses. */
function witnessOf(accepting: ComparedVersion, refusing: ComparedVersion): JsonValue | null {
  // A constraint of the schema is judged by the schema alone, as the check of the fixtures does.
  const plain = accepting.identity.length === 0 ? { ...refusing, rules: [], identity: [] } : refusing;
  const verdict = prepareVerdicts(accepting, plain, { seed: SEED, effort: EFFORT })("backward");
  return verdict.kind === "incompatible" ? verdict.witness : null;
}

/** The one of many made ones that pass which has most in it: what is optional can only be broken where it is. */
function fullestPayload({ schema, formats = "annotate" }: ComparedVersion, judges: Judges): JsonValue | null {
  const root = rootOf(openSchema("version", withoutFormatNotes(schema, formats), createShared({ left: SAMPLE_STEPS })));
  if (obstaclesIn(root.document).toEvaluation.length > 0) return null;
  const pick = seededPick(SEED);
  let fullest: JsonValue | null = null;
  for (let count = 0; count < SAMPLES; count += 1) {
    const made = sampleValue([must(root)], [], pick);
    if (made === undefined || partsIn(made) > PARTS_MAX || partsIn(made) <= partsIn(fullest)) continue;
    if (judges.schema(made) && judges.rules(made)) fullest = made;
  }
  return fullest;
}

function partsIn(value: JsonValue): number {
  if (value === null || typeof value !== "object") return 1;
  return Object.values(value).reduce((sum: number, part: JsonValue) => sum + partsIn(part), 1);
}

/** Payloads that pass, changed at one place so that they no longer do. */
function refusedNear(
  { schema, rules, formats = "annotate" }: ComparedVersion,
  passing: readonly JsonValue[],
  judges: Judges,
): readonly JsonValue[] {
  const document = openSchema("version", withoutFormatNotes(schema, formats));
  const listed = everyNode(document).flatMap((node) => {
    const members = memberOf(node, "enum");
    return isList(members) ? members.slice(0, LISTED_MAX) : [];
  });
  // Listed values first: lists are made longer with the first few.
  const mined = minedValues(
    document.root,
    rules.map(({ expression }) => expression),
  );
  const pool = [...listed, ...mined];
  const numbers = compileNumberTypes(schema);
  const names = [...new Set(["extra", ...everyNode(document).flatMap(namesIn)])];
  const found: JsonValue[] = [];
  let left = CHANGES_MAX;
  for (const payload of passing) {
    for (const changed of variationsOf(payload, pool, names)) {
      left -= 1;
      if (left < 0) return found;
      if (isJudged(changed, numbers) && !(judges.schema(changed) && judges.rules(changed))) found.push(changed);
    }
  }
  return found;
}

/** An integer that no double keeps is refused before any constraint is asked, unless its place is declared. */
function isJudged(payload: JsonValue, numbers: NumberTypes): boolean {
  const parsed = parsePayload(Buffer.from(toJsonText(payload)), DEFAULT_LIMITS);
  return parsed.ok && (parsed.integers === undefined || resolveIntegers(parsed, numbers).ok);
}

function describe(constraint: Constraint): string {
  return constraint.kind === "rule" ? `rule ${constraint.id}` : `${nameOf(constraint)} of ${fieldOf(constraint)}`;
}

/** `weight_kg-maximum`, of letters that every file system takes. */
function fileNameOf(constraint: Constraint): string {
  if (constraint.kind === "rule") return `rule-${constraint.id}`;
  const field = fieldOf(constraint).replace(/^the payload$/, "payload");
  const keyword = constraint.name.split(" ", 1)[0] ?? "";
  return `${field}-${keyword}`
    .replaceAll(/[^A-Za-z0-9_]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 80);
}
