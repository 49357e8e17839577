import { compileContractSet } from "../core/compile.ts";
import { type CompiledVersion } from "../core/compiled.ts";
import { DEFAULT_LIMITS, sealContractSet, type VersionContent } from "../core/contract-set.ts";
import { judge, type Judgement } from "../core/decide.ts";
import { describeFailure, type RuleViolation } from "../core/failure.ts";
import { parsePayload } from "../core/payload.ts";
import type { JsonObject, JsonValue } from "../json/json.ts";
import { toJsonText } from "../json/json-text.ts";
import type { Violation } from "../schema/violation.ts";
import { spend, type Effort } from "./effort.ts";
import { withoutFormatNotes } from "./format-notes.ts";
import { obstaclesIn, type Obstacles } from "./provable.ts";
import { schemaOfRule } from "./rule-schema.ts";
import { createShared, madeFor, openSchema, rootOf, type SchemaDocument, type SchemaNode } from "./schema-node.ts";

/** One of two versions under comparison. */
export type Side = VersionContent & {
  readonly document: SchemaDocument;
  readonly judging: CompiledVersion;
  readonly obstacles: Obstacles;
  /** Steps that judging one payload costs, by the size of schema and rules. */
  readonly judgeCost: number;
};

const JUDGE_COST = 10;
/** One step pays for 256 characters of a schema: their number is shifted right by this many bits. */
const JUDGE_SHIFT = 8;
const RULE_COST = 20;
/**
 * Steps for a schema with circular references: judging by it fills the whole stack, which takes a third of a millisecond or
 * more.
 */
const CIRCLE_COST = 20_000;

/** Compiles both versions through a contract set, as a gateway does, so that the keys of the schemas are in canonical order. */
export function compileBoth(
  before: VersionContent,
  after: VersionContent,
  effort: Effort,
): readonly [old: Side, next: Side] {
  const subject = "compared";
  const versions = [before, after].map(({ schema, rules, identity, formats }, index) => {
    const mode = formats === undefined ? {} : { formats };
    return { version: index + 1, status: "active" as const, schema, rules, identity, ...mode, digest: "" };
  });
  const contracts = [{ subject, collection: subject, versionField: null, versions }];
  const sealed = sealContractSet({ limits: DEFAULT_LIMITS, contracts, bindings: [] });
  const compiled = compileContractSet(sealed).bySubject.get(subject)?.versions;
  const shared = createShared(effort);
  const sides = (sealed.set.contracts[0]?.versions ?? []).map((version): Side => {
    const judging = compiled?.get(version.version);
    if (judging === undefined) throw new Error(`Version ${version.version} was not compiled`);
    const { schema, rules, identity, formats = "annotate" } = version;
    const document = openSchema(`version ${version.version}`, withoutFormatNotes(schema, formats), shared);
    const obstacles = obstaclesIn(document);
    const size = toJsonText(schema).length >> JUDGE_SHIFT;
    const circle = obstacles.toEvaluation.length > 0 ? CIRCLE_COST : 0;
    const judgeCost = JUDGE_COST + size + circle + RULE_COST * rules.length;
    return { schema, rules, identity, formats, judging, document, obstacles, judgeCost };
  });
  const [old, next] = sides;
  if (old === undefined || next === undefined) throw new Error("A version got lost in its contract set");
  return [old, next];
}

/** Rules that are thresholds, as schemas. */
export function ruleNodes({ rules, document }: Side): readonly SchemaNode[] {
  const schemas = rules.map(schemaOfRule).filter((schema) => schema !== null);
  return schemas.map((schema) => madeFor(rootOf(document), schema));
}

/** Whether the version accepts the value, as `judge` decides it, without building the failure. */
export function passes(value: JsonValue, { judging, document, judgeCost }: Side): boolean {
  const { parts, isWide } = survey(value);
  spend(document.shared.effort, judgeCost + (parts >> PARTS_SHIFT));
  if (isWide) return judgeText(value, judging)?.status === "ACCEPTED";
  return judging.schema.accepts(value) && judging.rules(value).length === 0 && !("missing" in judging.identity(value));
}

/** One step pays for 4 parts of a payload: their number is shifted right by this many bits. */
const PARTS_SHIFT = 2;

/**
 * Counts the parts of a payload and finds integers that a double cannot represent. The version must declare the place of such
 * an integer, which its schema alone does not check.
 */
function survey(value: JsonValue): { readonly parts: number; readonly isWide: boolean } {
  const open: JsonValue[] = [value];
  let isWide = false;
  for (const part of open) {
    if (typeof part === "bigint") isWide = true;
    else if (part !== null && typeof part === "object")
      for (const inner of Object.values(part as JsonObject)) open.push(inner);
  }
  return { parts: open.length, isWide };
}

/** Judges the value's JSON text as a record with these bytes would be judged; null when the strict parser refuses the text. */
function judgeText(value: JsonValue, judging: CompiledVersion): Judgement | null {
  const parsed = parsePayload(Buffer.from(toJsonText(value)), DEFAULT_LIMITS);
  return parsed.ok ? judge(parsed, judging, "default") : null;
}

/** Parses the text of a witness strictly and judges it by both versions, like a record. */
export function isConfirmed(value: JsonValue, accepting: Side, refusing: Side): boolean {
  const [one, other] = [accepting, refusing].map(({ judging }) => judgeText(value, judging)?.status);
  return one === "ACCEPTED" && other === "FAILED";
}

/** The violations for which a version refuses a payload; empty when it accepts the payload. */
export function violationsOf(value: JsonValue, { judging }: Side): readonly (Violation | RuleViolation)[] {
  const decision = judgeText(value, judging);
  if (decision === null || decision.status === "ACCEPTED") return [];
  const { reason } = decision;
  if (reason.kind === "schema" || reason.kind === "rule") return reason.violations;
  const message = describeFailure(reason);
  return [{ pointer: "", keyword: "format", schemaPath: "", message, expected: "int64", got: "number" }];
}
