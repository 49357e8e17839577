import type { FormatsMode, Rule } from "./contract-set.ts";
import type { RuleViolation } from "./failure.ts";
import { checkRule } from "./rules/check.ts";
import type { RuleFinding, RulePattern } from "./rules/finding.ts";
import { shapeOfSchema } from "./rules/schema-shape.ts";
import type { JsonObject, JsonValue } from "../json/json.ts";

/** Judges a payload that its schema accepts: the rules it breaks, in contract order. Pure and total. */
export type CompiledRules = (payload: JsonValue) => readonly RuleViolation[];

/** What is wrong with a rule, and the patterns in it that are still to be shown safe. */
export type RuleLint = { readonly findings: readonly RuleFinding[]; readonly patterns: readonly RulePattern[] };

const NO_VIOLATIONS: readonly RuleViolation[] = [];

type CompiledRule = {
  readonly violation: RuleViolation;
  readonly unanswered: RuleViolation;
  /** null: the rule was frozen before rules were checked, and does not fit its schema. */
  readonly holds: ((payload: JsonValue) => boolean) | null;
};

/**
 * Compiles the rules of one version.
 *
 * A rule sees every declared field of the payload by its name, and the whole payload as `payload`. One that {@link lintRule}
 * finds nothing wrong with yields true or false on every payload its schema accepts. Any other one is broken on every
 * payload, never skipped: history may hold such rules.
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

/** Why a rule cannot be frozen with a schema: nothing, when it may be. */
export function lintRule({ expression }: Rule, schema: JsonObject | boolean, formats: FormatsMode): RuleLint {
  return checkRule(expression, shapeOfSchema(schema, formats));
}

function judge({ violation, unanswered, holds }: CompiledRule, payload: JsonValue): RuleViolation | null {
  if (holds === null) return unanswered;
  try {
    return holds(payload) ? null : violation;
  } catch {
    // Beyond what the checker promises: a text of hundreds of millions of digits is more than the machine can count.
    return unanswered;
  }
}
