import { DEFAULT_LIMITS, type VersionContent } from "../core/contract-set.ts";
import { resolveIntegers } from "../core/long-integers.ts";
import { parsePayload } from "../core/payload.ts";
import { compileRules } from "../core/rules.ts";
import { toJsonText } from "../json/json-text.ts";
import type { JsonValue } from "../json/json.ts";
import { compileNumberTypes, type NumberTypes } from "../schema/number-types.ts";
import { compileSchema } from "../schema/schema.ts";
import { changePayloads, generatePayloads, prepareVerdicts } from "../inclusion/inclusion.ts";
import { fieldOf, nameOf } from "./constraint-field.ts";
import { constraintsOf, type Constraint } from "./constraints.ts";
import { untestedConstraints } from "./untested-constraints.ts";

/** A generated payload for a fixture: it breaks exactly one constraint, or it passes. */
export type FixtureStub = {
  /** Name of the file, without folder and suffix: `weight_kg-maximum`. */
  readonly name: string;
  readonly kind: "pass" | "fail";
  readonly payload: JsonValue;
  /** The constraint that it breaks, in words; null for a payload that passes. */
  readonly breaks: string | null;
};

export type FixtureStubs = {
  readonly stubs: readonly FixtureStub[];
  /** Constraints for which no payload was found that breaks only them: most often another constraint says the same. */
  readonly without: readonly string[];
};

/** The most changed payloads that are judged before a search for a witness begins. */
const CHANGES_MAX = 12_000;
/** The most passing payloads that are changed. */
const BASES_MAX = 3;
const EFFORT = 6_000;
/** Generated payloads for fullestPayload, and the most parts that one of them may have. */
const SAMPLES = 400;
const PARTS_MAX = 60;
const SEED = 1;

/**
 * Generates a must-fail payload for each constraint that no fixture needs, and a must-pass payload when there is none. Where
 * one change of a passing payload is enough, the payload is made so, because it then looks like a real one. Otherwise the
 * payload is searched for.
 * @param payloads the payloads of the existing fixtures.
 */
export function stubFixtures(version: VersionContent, payloads: readonly JsonValue[]): FixtureStubs {
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

function judgesOf({ schema, rules, formats = "annotate" }: VersionContent): Judges {
  const compiled = compileRules(rules, schema, formats);
  return { schema: compileSchema(schema, { formats }).accepts, rules: (payload) => compiled(payload).length === 0 };
}

function withoutConstraint(version: VersionContent, constraint: Constraint): VersionContent {
  // The schema's constraint is left out together with the rules: a rule may use a field that only this constraint guarantees.
  return constraint.kind === "rule"
    ? { ...version, rules: constraint.without }
    : { ...version, schema: constraint.without, rules: [], identity: [] };
}

/** A payload that one version accepts and the other refuses. */
function witnessOf(accepting: VersionContent, refusing: VersionContent): JsonValue | null {
  // A constraint of the schema is judged by the schema alone, as in the check of the fixtures.
  const plain = accepting.identity.length === 0 ? { ...refusing, rules: [], identity: [] } : refusing;
  const verdict = prepareVerdicts(accepting, plain, { seed: SEED, effort: EFFORT })("backward");
  return verdict.kind === "incompatible" ? verdict.witness : null;
}

/** The largest of the generated payloads that pass: an optional part can only be broken in a payload that has it. */
function fullestPayload(version: VersionContent, judges: Judges): JsonValue | null {
  let fullest: JsonValue | null = null;
  for (const made of generatePayloads(version, SEED, SAMPLES)) {
    if (partsIn(made) > PARTS_MAX || partsIn(made) <= partsIn(fullest)) continue;
    if (judges.schema(made) && judges.rules(made)) fullest = made;
  }
  return fullest;
}

function partsIn(value: JsonValue): number {
  if (value === null || typeof value !== "object") return 1;
  return Object.values(value).reduce((sum: number, part: JsonValue) => sum + partsIn(part), 1);
}

/** Passing payloads with one change each, by which they no longer pass. */
function refusedNear(version: VersionContent, passing: readonly JsonValue[], judges: Judges): readonly JsonValue[] {
  const numbers = compileNumberTypes(version.schema);
  const found: JsonValue[] = [];
  let left = CHANGES_MAX;
  for (const changed of changePayloads(version, passing)) {
    left -= 1;
    if (left < 0) return found;
    if (isJudged(changed, numbers) && !(judges.schema(changed) && judges.rules(changed))) found.push(changed);
  }
  return found;
}

/**
 * Whether the schema would judge a record with this payload. An integer that a double cannot represent is refused before that,
 * unless the schema declares its place as int64.
 */
function isJudged(payload: JsonValue, numbers: NumberTypes): boolean {
  const parsed = parsePayload(Buffer.from(toJsonText(payload)), DEFAULT_LIMITS);
  return parsed.ok && (parsed.integers === undefined || resolveIntegers(parsed, numbers).ok);
}

function describe(constraint: Constraint): string {
  return constraint.kind === "rule" ? `rule ${constraint.id}` : `${nameOf(constraint)} of ${fieldOf(constraint)}`;
}

/** `weight_kg-maximum`. Only characters that every file system accepts are kept. */
function fileNameOf(constraint: Constraint): string {
  if (constraint.kind === "rule") return `rule-${constraint.id}`;
  const field = fieldOf(constraint).replace(/^the payload$/, "payload");
  const keyword = constraint.name.split(" ", 1)[0] ?? "";
  return `${field}-${keyword}`
    .replaceAll(/[^A-Za-z0-9_]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 80);
}
