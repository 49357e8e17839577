import type { CompiledContractSet } from "../../core/compiled.ts";
import type { Operator } from "../../gateway/operate.ts";
import type { Store, StoreReads } from "../../store/store.ts";
import { contractsChanged, noPlan, planDamaged, readRedrives, startRedrive, type RedriveRefusal } from "./act.ts";
import { setDigest } from "./make-plan.ts";
import { readPlan, type RedrivePlan } from "./plan.ts";
import type { RedriveBook, RedriveStanding, Runner } from "./states.ts";

/** A plan, and how far it is. */
export type KnownPlan = { readonly plan: RedrivePlan; readonly standing: RedriveStanding };

/**
 * Reads a plan by its id, or says why it cannot be used.
 * @param redrives the redrives of the operator log, where somebody follows it.
 */
export async function planNamed(
  reads: Pick<StoreReads, "operatorLog" | "redrive">,
  id: string,
  redrives: () => Promise<RedriveBook> = async () => readRedrives(reads),
): Promise<KnownPlan | RedriveRefusal> {
  const standing = (await redrives()).of(id);
  if (standing === null) return noPlan(id);
  const plan = await readPlan(reads, id, standing.planDigest);
  return plan === null ? planDamaged(id) : { plan, standing };
}

export type RunRequest = {
  readonly by: Runner;
  /** Records a second, at most; null: no limit. */
  readonly rate: number | null;
  /** How many records whoever asks believes the plan to have; null: somebody looks at it right now. */
  readonly expect: number | null;
  readonly operator: Operator;
};

/** Starts a plan that is what the asker believes it to be, and that the live contracts may run. @returns null when it runs. */
export async function askToRun(
  store: Pick<Store, "appendAction"> & { readonly reads: Pick<StoreReads, "operatorLog" | "redrive"> },
  live: CompiledContractSet,
  id: string,
  { by, rate, expect, operator }: RunRequest,
): Promise<RedriveRefusal | null> {
  const known = await planNamed(store.reads, id);
  if ("code" in known) return known;
  const { plan, standing } = known;
  const isOver = standing.state === "done" || standing.state === "cancelled";
  if (!isOver && expect !== null && expect !== plan.count) return unexpected(plan, expect);
  if (!isOver && setDigest(live) !== plan.contractSet) return contractsChanged(id);
  return startRedrive(store, id, operator, { by, rate });
}

function unexpected({ id, count }: RedrivePlan, expect: number): RedriveRefusal {
  const message = `Cannot run plan ${id}: it has ${count} records, and ${expect} are expected`;
  return { code: "unexpected-count", message, remedy: `look at it with \`sigma redrive show ${id}\`` };
}
