import type { FormatsMode, Rule } from "./contract-set.ts";
import type { RuleViolation } from "./failure.ts";
import { checkRule } from "./rules/check.ts";
import type { RuleFinding, RulePattern } from "./rules/finding.ts";
import { shapeOfSchema } from "./rules/schema-shape.ts";
import type { JsonObject, JsonValue } from "../json/json.ts";

/**
 * Returns the rules that a payload breaks, in contract order, for a payload that the schema accepts. Pure and total.
 */
export type CompiledRules = (payload: JsonValue) => readonly RuleViolation[];

/** The findings of a rule, and its patterns, which are still to be checked for safety. */
export type RuleLint = { readonly findings: readonly RuleFinding[]; readonly patterns: readonly RulePattern[] };

const NO_VIOLATIONS: readonly RuleViolation[] = [];

type CompiledRule = {
  readonly violation: RuleViolation;
  readonly unanswered: RuleViolation;
  /** Null when the rule does not fit its schema: it was frozen before rules were checked. */
  readonly holds: ((payload: JsonValue) => boolean) | null;
};

/**
 * Compiles the rules of one version.
 *
 * A rule sees every declared field of the payload by its name, and the whole payload as `payload`. A rule without
 * findings of {@link lintRule} yields true or false on every payload that its schema accepts. History may hold rules
 * with findings: such a rule counts as broken on every payload and is never skipped.
 * @param formats whether the schema's formats are asserted: only then is a text known to be an instant.
 */
export function compileRules(
  rules: readonly Rule[],
  schema: JsonObject | boolean,
  formats: FormatsMode,
): CompiledRules {
  if (rules.length === 0) return () => NO_VIOLATIONS;
  const shape = shapeOfSchema(schema, formats);
  const compiled = rules.map(({ id, message, expression }): CompiledRule => {
    return {
      violation: { id, message },
      unanswered: { id, message: `${message} (the rule could not be evaluated on this payload)` },
      holds: checkRule(expression, shape).holds,
    };
  });
  return (payload) => {
    let violations: RuleViolation[] | null = null;
    for (const rule of compiled) {
      const violation = judge(rule, payload);
      if (violation !== null) (violations ??= []).push(violation);
    }
    return violations ?? NO_VIOLATIONS;
  };
}

/** Finds what keeps a rule from being frozen with a schema; no findings when it may be. */
export function lintRule({ expression }: Rule, schema: JsonObject | boolean, formats: FormatsMode): RuleLint {
  return checkRule(expression, shapeOfSchema(schema, formats));
}

function judge({ violation, unanswered, holds }: CompiledRule, payload: JsonValue): RuleViolation | null {
  if (holds === null) return unanswered;
  try {
    return holds(payload) ? null : violation;
  } catch {
    // The checker does not cover this case: a text of hundreds of millions of digits exceeds what the machine can
    // compute.
    return unanswered;
  }
}
