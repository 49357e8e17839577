import type { Severity, Standing } from "./burn.ts";
import { describeDuration, describeObjective, type ObjectiveKind } from "./objective.ts";
import type { ObjectiveReport } from "./report.ts";

/** How an objective stands, as JSON for people and programs. */
export type ObjectiveView = {
  readonly name: string;
  readonly kind: ObjectiveKind;
  readonly contract: string | null;
  readonly within: string | null;
  /** From 0 to 1. */
  readonly target: number;
  readonly window: string;
  readonly promise: string;
  /** ISO 8601. */
  readonly since: string | null;
  readonly state: Standing["state"];
  readonly good: number;
  readonly bad: number;
  readonly ratio: number | null;
  readonly budgetLeft: number;
  readonly firing: Severity | null;
  readonly alerts: readonly AlertView[];
};

type AlertView = {
  readonly severity: Severity;
  readonly factor: number;
  readonly long: string;
  readonly short: string;
  readonly longRate: number | null;
  readonly shortRate: number | null;
  readonly firing: boolean;
};

export function objectiveView(report: ObjectiveReport): ObjectiveView {
  const { objective, sinceMs, counted, ratio, budgetLeft, state, alerts, firing } = report;
  const { name, kind, subject, withinMs, targetMillionths, windowMs } = objective;
  return {
    name,
    kind,
    contract: subject,
    within: withinMs === null ? null : describeDuration(withinMs),
    target: targetMillionths / 1_000_000,
    window: describeDuration(windowMs),
    promise: describeObjective(objective),
    since: sinceMs === null ? null : new Date(sinceMs).toISOString(),
    state,
    good: Math.round(counted.good),
    bad: Math.round(counted.bad),
    ratio,
    budgetLeft,
    firing,
    alerts: alerts.map(({ severity, factor, longMs, shortMs, longRate, shortRate, firing: fires }) => ({
      severity,
      factor,
      long: describeDuration(longMs),
      short: describeDuration(shortMs),
      longRate,
      shortRate,
      firing: fires,
    })),
  };
}
