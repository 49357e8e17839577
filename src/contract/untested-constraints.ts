import type { JsonValue } from "../json/json.ts";
import type { Rule } from "../core/contract-set.ts";
import { compileRules } from "../core/rules.ts";
import { compileSchema } from "../schema/schema.ts";
import { fieldOf, nameOf } from "./constraint-field.ts";
import { constraintsOf, type Constraint } from "./constraints.ts";
import { faultAt, type Fault, type Place } from "./fault.ts";
import type { LoadedVersion } from "./files.ts";
import { readSchemaFile } from "./schema-file.ts";

/** The constraints of a version that its fixtures do not test. */
export type UntestedReport = {
  readonly constraints: number;
  /** One finding for each constraint that no fixture needs, in the order of the text. */
  readonly findings: readonly Fault[];
  /** The same as advice, one for each field: how many constraints, and some of their names. */
  readonly summary: readonly Fault[];
};

/**
 * Leaves out each constraint of a version in turn and judges the fixtures again. When no verdict changes, no fixture needs the
 * constraint. A constraint of the schema is judged by the schema alone: a rule that fails on a payload which the weaker schema
 * accepts would hide the missing fixture.
 * @param payloads the fixtures that are JSON, must-pass and must-fail.
 */
export function untestedConstraints(
  version: Pick<LoadedVersion, "schema" | "rules" | "formats">,
  payloads: readonly JsonValue[],
): readonly Constraint[] {
  const { schema, rules, formats = "annotate" } = version;
  const accepts = compileSchema(schema, { formats }).accepts;
  const schemaVerdicts = payloads.map((payload) => accepts(payload));
  const accepted = payloads.filter((_, index) => schemaVerdicts[index]);
  const verdictsOf = (some: readonly Rule[]): readonly boolean[] => {
    const compiled = compileRules(some, schema, formats);
    return accepted.map((payload) => compiled(payload).length === 0);
  };
  const ruleVerdicts = verdictsOf(rules);
  return constraintsOf(schema, rules, formats).filter((constraint) => {
    if (constraint.kind === "rule") return same(verdictsOf(constraint.without), ruleVerdicts);
    const mutant = compileSchema(constraint.without, { formats }).accepts;
    return payloads.every((payload, index) => mutant(payload) === schemaVerdicts[index]);
  });
}

/** The untested constraints as findings, each at the place of its constraint. */
export function reportUntested(
  version: LoadedVersion,
  subject: string,
  payloads: readonly JsonValue[],
): UntestedReport {
  const untested = untestedConstraints(version, payloads);
  const constraints = constraintsOf(version.schema, version.rules, version.formats ?? "annotate").length;
  if (untested.length === 0) return { constraints, findings: [], summary: [] };
  const source = readSchemaFile(version.schemaFile, version.place, []);
  const placeOf = (constraint: Constraint): Place =>
    constraint.kind === "rule" || source === null ? version.place : source.placeOf(constraint.pointer);
  const findings = untested.map((constraint) => {
    const what = constraint.kind === "rule" ? `rule ${constraint.id}` : `${constraint.name} at ${constraint.pointer}`;
    const message = `No fixture of ${subject}@${version.version} needs ${what}: it is untested, or another constraint says the same`;
    return faultAt(placeOf(constraint), "SIG-C-045", message, remedyFor(constraint, version));
  });
  return { constraints, findings, summary: summarize(untested, version, subject, placeOf) };
}

/**
 * One line for each field, for people to read: a first contract of thirty constraints would otherwise get thirty similar lines.
 */
function summarize(
  untested: readonly Constraint[],
  version: LoadedVersion,
  subject: string,
  placeOf: (constraint: Constraint) => Place,
): readonly Fault[] {
  const byField = new Map<string, Constraint[]>();
  for (const constraint of untested) {
    const field = fieldOf(constraint);
    byField.set(field, [...(byField.get(field) ?? []), constraint]);
  }
  return [...byField].flatMap(([field, constraints]) => {
    const [first] = constraints;
    if (first === undefined) return [];
    const count = constraints.length === 1 ? "1 constraint" : `${constraints.length} constraints`;
    const named = [...new Set(constraints.map(nameOf))].slice(0, NAMED_MAX).join(", ");
    const more = new Set(constraints.map(nameOf)).size > NAMED_MAX ? " ..." : "";
    const message = `No fixture of ${subject}@${version.version} needs ${count} of ${field} (${named}${more})`;
    const remedy = `Add a payload to ${version.fixturesDir}/fail/ that breaks ${nameOf(first)} and nothing else; sigma contract fixtures ${subject}@${version.version} writes such payloads, and check --strict names every constraint`;
    return [{ ...faultAt(placeOf(first), "SIG-C-045", message, remedy), level: "advice" as const }];
  });
}

/** The most constraints that one line names. */
const NAMED_MAX = 6;

function remedyFor(constraint: Constraint, { fixturesDir }: LoadedVersion): string {
  const what = constraint.kind === "rule" ? "this rule" : "this constraint";
  return `Add a payload to ${fixturesDir}/fail/ that breaks ${what} and nothing else, or leave it out of a draft`;
}

function same(a: readonly boolean[], b: readonly boolean[]): boolean {
  return a.every((verdict, index) => verdict === b[index]);
}
