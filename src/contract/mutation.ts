import type { JsonValue } from "../json/json.ts";
import type { Rule } from "../core/contract-set.ts";
import { compileRules } from "../core/rules.ts";
import { compileSchema } from "../schema/schema.ts";
import { constraintsOf, type Constraint } from "./constraints.ts";
import { faultAt, type Fault, type Place } from "./fault.ts";
import type { LoadedVersion } from "./files.ts";
import { readSchemaFile } from "./schema-file.ts";

/** How well fixtures prove a version. */
export type MutationReport = {
  readonly constraints: number;
  /** One for each constraint that no fixture needs, in the order of the text. */
  readonly findings: readonly Fault[];
};

/**
 * Leaves each constraint of a version out in turn and judges the fixtures again: where no verdict changes, no fixture shows
 * that the constraint does anything. A constraint of the schema is judged by the schema alone, since a rule that stumbles
 * over what the schema let through would hide that it was needed.
 * @param payloads of the fixtures that are JSON, those that must pass and those that must fail.
 */
export function untestedConstraints(version: LoadedVersion, payloads: readonly JsonValue[]): readonly Constraint[] {
  const { schema, rules, formats = "annotate" } = version;
  const accepts = compileSchema(schema, { formats }).accepts;
  const schemaVerdicts = payloads.map((payload) => accepts(payload));
  const accepted = payloads.filter((_, index) => schemaVerdicts[index]);
  const verdictsOf = (some: readonly Rule[]): readonly boolean[] => {
    const compiled = compileRules(some, schema, formats);
    return accepted.map((payload) => compiled(payload).length === 0);
  };
  const ruleVerdicts = verdictsOf(rules);
  return constraintsOf(schema, rules).filter((constraint) => {
    if (constraint.kind === "rule") return same(verdictsOf(constraint.without), ruleVerdicts);
    const mutant = compileSchema(constraint.without, { formats }).accepts;
    return payloads.every((payload, index) => mutant(payload) === schemaVerdicts[index]);
  });
}

/** The same as findings, where each constraint is written. */
export function reportUntested(
  version: LoadedVersion,
  subject: string,
  payloads: readonly JsonValue[],
): MutationReport {
  const untested = untestedConstraints(version, payloads);
  const constraints = constraintsOf(version.schema, version.rules).length;
  if (untested.length === 0) return { constraints, findings: [] };
  const source = readSchemaFile(version.schemaFile, version.place, []);
  const placeOf = (constraint: Constraint): Place =>
    constraint.kind === "rule" || source === null ? version.place : source.placeOf(constraint.pointer);
  const findings = untested.map((constraint) => {
    const what = constraint.kind === "rule" ? `rule ${constraint.id}` : `${constraint.name} at ${constraint.pointer}`;
    const message = `No fixture of ${subject}@${version.version} needs ${what}: it is untested, or another constraint says the same`;
    return faultAt(placeOf(constraint), "SIG-C-045", message, remedyFor(constraint, version));
  });
  return { constraints, findings };
}

function remedyFor(constraint: Constraint, { fixturesDir }: LoadedVersion): string {
  const what = constraint.kind === "rule" ? "this rule" : "this constraint";
  return `Add a payload to ${fixturesDir}/fail/ that breaks ${what} and nothing else, or leave it out of a draft`;
}

function same(a: readonly boolean[], b: readonly boolean[]): boolean {
  return a.every((verdict, index) => verdict === b[index]);
}
