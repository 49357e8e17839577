import { Environment } from "@marcbachmann/cel-js";
import type { Rule } from "./contract-set.ts";
import type { RuleViolation } from "./failure.ts";
import type { JsonObject, JsonValue } from "../json/json.ts";

/** Judges a payload that has passed the schema: the rules it breaks, in contract order. Pure and total. */
export type CompiledRules = (payload: JsonValue) => readonly RuleViolation[];

/** A rule that cannot be used. `position` is the character in the expression, when the parser knows it. */
export type RuleFault = { readonly id: string; readonly message: string; readonly position: number | null };

/** No clock and no randomness exist in this environment; numbers of JSON are doubles (`weight_kg <= 1000.0`). */
const ENVIRONMENT = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false });

const NO_VIOLATIONS: readonly RuleViolation[] = [];

type RuleContext = JsonObject | ReadonlyMap<string, JsonValue>;

type CompiledRule = {
  readonly violation: RuleViolation;
  readonly unanswered: RuleViolation;
  readonly holds: (context: RuleContext) => unknown;
  readonly needsWhole: boolean;
};

/**
 * Compiles the rules of one version.
 *
 * A rule sees every top-level field of an object by its name, and the whole payload as `payload`
 * (so `has(payload.discount)` works for an optional field).
 * A rule that cannot be evaluated (a missing field, a wrong type) is broken, never skipped.
 * @throws when an expression does not parse; {@link lintRule} finds that first.
 */
export function compileRules(rules: readonly Rule[]): CompiledRules {
  const compiled = rules.map(compileRule);
  if (compiled.length === 0) return () => NO_VIOLATIONS;
  return (payload) => {
    let violations: RuleViolation[] | null = null;
    for (const rule of compiled) {
      const violation = judge(rule, payload);
      if (violation !== null) (violations ??= []).push(violation);
    }
    return violations ?? NO_VIOLATIONS;
  };
}

/** Why a rule cannot be frozen, or null. */
export function lintRule(rule: Rule): RuleFault | null {
  const checked = ENVIRONMENT.check(rule.expression);
  if (!checked.valid) {
    const position = checked.error?.range?.start ?? null;
    return { id: rule.id, message: firstLine(checked.error?.message ?? "it does not parse"), position };
  }
  if (checked.type !== "bool" && checked.type !== "dyn") {
    return { id: rule.id, message: `it yields ${String(checked.type)}; a rule must yield a boolean`, position: null };
  }
  return null;
}

function compileRule(rule: Rule): CompiledRule {
  const { id, message, expression } = rule;
  return {
    violation: { id, message },
    unanswered: { id, message: `${message} (the rule could not be evaluated on this payload)` },
    holds: ENVIRONMENT.parse(expression) as (context: RuleContext) => unknown,
    needsWhole: /\bpayload\b/.test(expression),
  };
}

function judge(rule: CompiledRule, payload: JsonValue): RuleViolation | null {
  try {
    const answer = rule.holds(contextOf(payload, rule.needsWhole));
    if (answer === true) return null;
    return answer === false ? rule.violation : rule.unanswered;
  } catch {
    return rule.unanswered;
  }
}

/** The payload itself where that is enough: a copy for each record would double the cost of a rule. */
function contextOf(payload: JsonValue, needsWhole: boolean): RuleContext {
  if (payload === null || typeof payload !== "object" || Array.isArray(payload)) return { payload };
  if (!needsWhole) return payload as JsonObject;
  return new Map<string, JsonValue>(Object.entries(payload as JsonObject)).set("payload", payload);
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}
