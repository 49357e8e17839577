import { canonicalText } from "../../json/canonical.ts";
import { compileContractSet, type CompiledVersion } from "../../core/compile.ts";
import { DEFAULT_LIMITS, sealContractSet, type Rule } from "../../core/contract-set.ts";
import { judge } from "../../core/decide.ts";
import type { RuleViolation } from "../../core/failure.ts";
import type { Violation } from "../../schema/violation.ts";
import type { JsonObject, JsonValue } from "../../json/json.ts";
import { toJsonText } from "../../json/json-text.ts";
import { parsePayload } from "../../core/payload.ts";
import { schemaRequires } from "../identity-proof.ts";
import { minedValues } from "./boundary-values.ts";
import { must } from "./conjunction.ts";
import { diffVersions, type Fact } from "./facts.ts";
import type { Gap } from "./gap.ts";
import { findGaps } from "./inclusion.ts";
import { namesIn } from "./object-facts.ts";
import { obstaclesIn, type Obstacles } from "./provable.ts";
import { schemaOfRule } from "./rule-schema.ts";
import { sampleValue } from "./sample.ts";
import { keyOf } from "./schema-key.ts";
import { createKeys, madeFor, openSchema, rootOf, type SchemaDocument, type SchemaNode } from "./schema-node.ts";
import { seededPick } from "./seeded-pick.ts";
import { everyNode } from "./walk.ts";
import { searchWitness, shrinkWitness } from "./witness.ts";

/** What of a version decides which payloads it accepts. The schema must have passed `refuseSchema`, the rules `lintRule`. */
export type ComparedVersion = {
  readonly schema: JsonObject | boolean;
  readonly rules: readonly Rule[];
  /** RFC 6901 pointers. */
  readonly identity: readonly string[];
};

/**
 * Whether one version accepts every payload the other accepts.
 *
 * - compatible: proved, for all payloads.
 * - incompatible: `witness` is accepted by the one and refused by the other; both versions judged its JSON text.
 * - unknown: neither. `undecided` says what stands in the way of a proof, with pointers into the refusing schema.
 */
export type Verdict =
  | { readonly kind: "compatible" }
  | {
      readonly kind: "incompatible";
      readonly witness: JsonValue;
      /** Why the other version refuses it. */
      readonly violations: readonly (Violation | RuleViolation)[];
    }
  | { readonly kind: "unknown"; readonly undecided: readonly Gap[] };

/** What {@link compareVersions} answers. */
export type Comparison = {
  /** Whether `after` accepts all that `before` accepts: consumers that move to `after` can read what is there. */
  readonly backward: Verdict;
  /** Whether `before` accepts all that `after` accepts: consumers that stay can read what will come. */
  readonly forward: Verdict;
  /** Every change, whether it breaks something or not. */
  readonly facts: readonly Fact[];
};

export type ComparisonOptions = {
  /** Of the search for witnesses: the same seed finds the same. */
  readonly seed: number;
  /** Payloads to begin the search with, such as fixtures. They need not be accepted by anything. */
  readonly payloads?: readonly JsonValue[];
  /** Payloads judged at most in one direction; 20,000 take well under a second. */
  readonly effort?: number;
};

const EFFORT = 20_000;
/** A proof is checked by a search too: a witness against it would be a bug. */
const EFFORT_PROVED = 400;

/**
 * Compares two versions of a contract: pure, deterministic, nothing is read or written. Takes milliseconds to a few seconds.
 * @throws when a witness contradicts a proof: a bug in the comparison, never an answer.
 */
export function compareVersions(
  before: ComparedVersion,
  after: ComparedVersion,
  options: ComparisonOptions,
): Comparison {
  const [old, next] = compileBoth(before, after);
  return {
    backward: decideInclusion(old, next, options),
    forward: decideInclusion(next, old, options),
    facts: diffVersions(before, after),
  };
}

type Side = ComparedVersion & {
  readonly document: SchemaDocument;
  readonly judging: CompiledVersion;
  readonly obstacles: Obstacles;
};

/** Compiles through a contract set, as a gateway does: the order of a schema's keys is then the canonical one. */
function compileBoth(before: ComparedVersion, after: ComparedVersion): readonly [Side, Side] {
  const subject = "compared";
  const versions = [before, after].map(({ schema, rules, identity }, index) => {
    return { version: index + 1, status: "active" as const, schema, rules, identity, digest: "" };
  });
  const contracts = [{ subject, collection: subject, versionField: null, versions }];
  const sealed = sealContractSet({ limits: DEFAULT_LIMITS, contracts, bindings: [] });
  const compiled = compileContractSet(sealed).bySubject.get(subject)?.versions;
  const keys = createKeys();
  const sides = (sealed.set.contracts[0]?.versions ?? []).map((version): Side => {
    const judging = compiled?.get(version.version);
    if (judging === undefined) throw new Error(`Version ${version.version} was not compiled`);
    const { schema, rules, identity } = version;
    const document = openSchema(`version ${version.version}`, schema, keys);
    return { schema, rules, identity, judging, document, obstacles: obstaclesIn(document) };
  });
  const [old, next] = sides;
  if (old === undefined || next === undefined) throw new Error("A version got lost in its contract set");
  return [old, next];
}

function decideInclusion(accepting: Side, refusing: Side, options: ComparisonOptions): Verdict {
  const undecided = gapsBetween(accepting, refusing);
  const effort = undecided.length === 0 ? EFFORT_PROVED : (options.effort ?? EFFORT);
  const witness = findWitness(accepting, refusing, { ...options, effort });
  if (witness === null) return undecided.length === 0 ? { kind: "compatible" } : { kind: "unknown", undecided };
  if (undecided.length === 0)
    throw new Error("The comparison proved compatible what a payload shows to be incompatible");
  return { kind: "incompatible", witness, violations: violationsOf(witness, refusing) };
}

/** What keeps "all that one side accepts, the other accepts" from being proved; nothing when it is. */
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
  const isSame = canonicalText(accepting.schema) === canonicalText(refusing.schema);
  if (obstacles.length > 0) return [...(isSame ? [] : obstacles), ...asked.filter(isNotAmong(known)).map(ruleGap)];
  return [...(isSame ? [] : findGaps(literals, root)), ...asked.flatMap((node) => findGaps(literals, node))];
}

/** Rules that are thresholds, as schemas. */
function ruleNodes({ rules, document }: Side): readonly SchemaNode[] {
  const schemas = rules.map(schemaOfRule).filter((schema) => schema !== null);
  return schemas.map((schema) => madeFor(rootOf(document), schema));
}

function isNotAmong(known: readonly SchemaNode[]): (node: SchemaNode) => boolean {
  const keys = new Set(known.map(keyOf));
  return (node) => !keys.has(keyOf(node));
}

function ruleGap({ pointer }: SchemaNode): Gap {
  return { pointer, reason: "a rule is not shown to hold" };
}

/** A rule that is no threshold must stand on the other side too, in the same words. */
function opaqueRuleGaps(accepting: Side, refusing: Side): readonly Gap[] {
  const known = new Set(accepting.rules.map(({ expression }) => expression.trim()));
  const asked = refusing.rules.filter((rule) => schemaOfRule(rule) === null && !known.has(rule.expression.trim()));
  return asked.map(({ id }) => ({ pointer: `/rules/${id}`, reason: "the rule is not shown to hold" }));
}

/** A version refuses a payload without its identity; the other side must ask for the same fields. */
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
  const expressions = [...accepting.rules, ...refusing.rules].map(({ expression }) => expression);
  const names = new Set([accepting, refusing].flatMap(({ document }) => everyNode(document).flatMap(namesIn)));
  const pool = minedValues([accepting.schema, refusing.schema] as JsonValue, expressions);
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
  });
  return found === null ? null : shrinkWitness(found, isWitness);
}

/** As `judge` does, without the words. */
function passes(value: JsonValue, { judging }: Side): boolean {
  return judging.schema.accepts(value) && judging.rules(value).length === 0 && !("missing" in judging.identity(value));
}

/** The text of a witness is parsed by the strict boundary and judged by both versions, like a record. */
function isConfirmed(value: JsonValue, accepting: Side, refusing: Side): boolean {
  const parsed = parsePayload(Buffer.from(toJsonText(value)), DEFAULT_LIMITS);
  if (!parsed.ok) return false;
  const [one, other] = [accepting, refusing].map(({ judging }) => judge(parsed, judging, "default").status);
  return one === "PASSED" && other === "FAILED";
}

function violationsOf(value: JsonValue, { judging }: Side): readonly (Violation | RuleViolation)[] {
  const parsed = parsePayload(Buffer.from(toJsonText(value)), DEFAULT_LIMITS);
  const decision = parsed.ok ? judge(parsed, judging, "default") : null;
  if (decision === null || decision.status === "PASSED") return [];
  const { reason } = decision;
  return reason.kind === "schema" || reason.kind === "rule" ? reason.violations : [];
}
