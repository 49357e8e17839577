import type { OperatorAction } from "../ledger/operator-log.ts";
import type { StoreReads } from "../store/store.ts";
import { readActor } from "./origin.ts";

type Reads = Pick<StoreReads, "operatorLog">;

/** A page of the operator log. `next`: where the page behind it begins; null: there is none. */
export type ActionPage = { readonly actions: readonly OperatorAction[]; readonly next: number | null };

/** The actions before one, newest first. @param before null: from the newest on. @param limit at most 1,000. */
export async function newestActions(reads: Reads, before: number | null, limit: number): Promise<ActionPage> {
  const to = before ?? (await countActions(reads));
  const from = Math.max(0, to - limit);
  const actions = from === to ? [] : (await reads.operatorLog(from, to - from)).filter(({ seq }) => seq < to);
  return { actions: actions.toReversed(), next: from === 0 ? null : from };
}

/** The actions from one on, oldest first. */
export async function actionsFrom(reads: Reads, from: number, limit: number): Promise<ActionPage> {
  const found = await reads.operatorLog(from, limit + 1);
  return { actions: found.slice(0, limit), next: found[limit]?.seq ?? null };
}

/**
 * How many actions there are. Their numbers have no gaps, so the end is found in as many reads as the number has bits, twice: the
 * log may have one action for every expired entry.
 */
export async function countActions(reads: Reads): Promise<number> {
  const isThere = async (seq: number): Promise<boolean> => (await reads.operatorLog(seq, 1)).length > 0;
  if (!(await isThere(0))) return 0;
  let there = 0;
  let step = 1;
  for (; await isThere(there + step); step *= 2) there += step;
  for (; step >= 1; step = Math.floor(step / 2)) if (await isThere(there + step)) there += step;
  return there + 1;
}

/** An action for people and for programs: with its actor in parts, and the hashes that its chain is checked by. */
export type ActionView = OperatorAction & ReturnType<typeof readActor>;

export function actionView(action: OperatorAction): ActionView {
  return { ...action, ...readActor(action.actor) };
}
