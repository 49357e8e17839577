import type { FormatsMode, Rule } from "../core/contract-set.ts";
import { lintRule } from "../core/rules.ts";
import type { FindingKind, RuleFinding as Finding, RulePattern } from "../core/rules/finding.ts";
import type { JsonObject } from "../json/json.ts";
import type { ContractCode } from "./fault.ts";
import { nearestName } from "../json/nearest.ts";

/** A finding about one rule; `position` is the character in its expression, 0-based. */
type RuleFinding = {
  readonly code: ContractCode;
  readonly position: number;
  readonly message: string;
  readonly remedy: string;
};

export type RuleReading = { readonly findings: readonly RuleFinding[]; readonly patterns: readonly RulePattern[] };

const CODES: Readonly<Record<FindingKind, ContractCode>> = {
  unusable: "SIG-C-016",
  pattern: "SIG-C-017",
  "time-zone": "SIG-C-019",
  "unknown-name": "SIG-C-050",
  "wrong-type": "SIG-C-051",
  "may-be-missing": "SIG-C-052",
  "too-costly": "SIG-C-053",
};

/** Kinds of findings that do not depend on the schema. */
const WITHOUT_SCHEMA: ReadonlySet<FindingKind> = new Set<FindingKind>(["unusable", "pattern"]);

/**
 * Finds everything that prevents freezing a rule with its schema: expressions that could not be evaluated on some payload that
 * the schema accepts, that depend on the machine, or that could take time out of proportion to the record.
 * @param schema null when it cannot be read, which is reported separately.
 */
export function readRule(rule: Rule, schema: JsonObject | boolean | null, formats: FormatsMode): RuleReading {
  const { findings, patterns } = lintRule(rule, schema ?? true, formats);
  const reported = schema === null ? findings.filter(({ kind }) => WITHOUT_SCHEMA.has(kind)) : findings;
  return { findings: reported.map((finding) => inWords(rule, finding)), patterns };
}

function inWords(rule: Rule, { kind, position, message, remedy, unknown }: Finding): RuleFinding {
  const near = unknown === undefined ? null : nearestName(unknown.name, unknown.among);
  const meant = near === null ? "" : `; did you mean ${near}`;
  return { code: CODES[kind], position, message: `Rule "${rule.id}" cannot be used: ${message}${meant}`, remedy };
}
