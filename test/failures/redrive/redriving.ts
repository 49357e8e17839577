import type { CompiledContractSet } from "../../../src/core/compiled.ts";
import type { RedriveRefusal } from "../../../src/failures/redrive/act.ts";
import { startRedrive } from "../../../src/failures/redrive/act.ts";
import { makePlan, type PlanRefusal } from "../../../src/failures/redrive/make-plan.ts";
import type { RedrivePlan, Selection } from "../../../src/failures/redrive/plan.ts";
import { runRedrive, type RunDeps, type RunEnd } from "../../../src/failures/redrive/run.ts";
import type { Store } from "../../../src/store/store.ts";

export const OPERATOR = { actor: "ada", at: "2026-01-01T00:00:00.000Z", reason: "the limit was too low" };

export const EVERY_FAILURE: Selection = {
  kind: "failures",
  fingerprint: null,
  code: null,
  topic: null,
  partition: null,
  from: null,
  to: null,
  fromMs: null,
  toMs: null,
};

export const NEVER: AbortSignal = new AbortController().signal;

let plans = 0;

export async function planOf(
  store: Store,
  set: CompiledContractSet,
  changes: Partial<Selection> = {},
  toVersion: number | null = null,
): Promise<RedrivePlan | PlanRefusal> {
  plans += 1;
  const id = plans.toString(16).padStart(12, "0");
  const selection = { ...EVERY_FAILURE, ...changes };
  return makePlan({ store, contracts: () => set }, { id, selection, toVersion, operator: OPERATOR }, { signal: NEVER });
}

/** @throws when no plan was made. */
export function made(plan: RedrivePlan | PlanRefusal): RedrivePlan {
  if ("code" in plan) throw new Error(plan.message);
  return plan;
}

export function runDeps(store: Store, set: CompiledContractSet, changes: Partial<RunDeps> = {}): RunDeps {
  return {
    store,
    contracts: () => set,
    observe: () => undefined,
    now: () => 0,
    sleep: async () => new Promise((resolve) => setImmediate(resolve)),
    clock: { monotonicMs: () => 0, nowMs: () => 0 },
    random: () => 0.5,
    ...changes,
  };
}

/** Starts a plan and runs it to its end. */
export async function run(
  store: Store,
  set: CompiledContractSet,
  { id }: Pick<RedrivePlan, "id">,
  changes: Partial<RunDeps> = {},
): Promise<RunEnd | RedriveRefusal> {
  const refused = await startRedrive(store, id, OPERATOR, { by: "cli", rate: null });
  if (refused !== null) return refused;
  return runRedrive(runDeps(store, set, changes), id, { operator: () => OPERATOR, rate: null, signal: NEVER });
}
