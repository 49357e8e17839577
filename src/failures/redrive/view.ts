import type { OperatorAction } from "../../ledger/operator-log.ts";
import type { RedrivePlan } from "./plan.ts";
import type { RedriveReport } from "./report.ts";
import type { RunnerSeen } from "./seen.ts";
import type { RedriveStanding } from "./states.ts";

/** What an operator did about a plan. */
export type ActionView = {
  readonly action: string;
  readonly at: string;
  readonly actor: string;
  readonly reason: string;
};

/** A plan in a list, as the HTTP interface and `--json` show it. */
export type RedriveView = {
  readonly id: string;
  readonly state: RedriveStanding["state"];
  readonly count: number;
  readonly subjects: readonly string[];
  /** When, by whom and why it was planned. */
  readonly at: string;
  readonly actor: string;
  readonly reason: string;
  /** Of the last run; null before the first. */
  readonly run: RedriveStanding["run"];
  /** Who is at it; null where it does not run. */
  readonly runner: RunnerSeen | null;
  readonly last: ActionView;
};

export function redriveView(
  { id, state, count, subjects, planned, run, last }: RedriveStanding,
  runner: RunnerSeen | null,
): RedriveView {
  const { at, actor, reason } = planned;
  return { id, state, count, subjects, at, actor, reason, run, runner, last: actionView(last) };
}

function actionView({ action, at, actor, reason }: OperatorAction): ActionView {
  return { action, at, actor, reason };
}

/** A plan with its dry run. */
export type PlanView = RedrivePlan & Pick<RedriveView, "state" | "run" | "runner" | "last">;

export function planView(plan: RedrivePlan, standing: RedriveStanding, runner: RunnerSeen | null): PlanView {
  const { state, run, last } = redriveView(standing, runner);
  return { ...plan, state, run, runner, last };
}

/** A plan with what became of its records so far. */
export type PlanDetail = PlanView & { readonly report: RedriveReport };
