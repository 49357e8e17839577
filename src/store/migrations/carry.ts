import type { LogEndNote } from "../log-end.ts";
import { sealAction, type OperatorAction } from "../../ledger/operator-log.ts";
import { operatorActions } from "../../operator/actions.ts";
import type { Store } from "../store.ts";
import type { TrafficNote } from "../../traffic/note.ts";
import type { Operator } from "./migration.ts";

/**
 * The data of an old store that deciding the log again does not restore: the operator log, the traffic notes, and the acknowledged
 * ends of the log.
 */
export type Carried = {
  readonly actions: readonly OperatorAction[];
  readonly traffic: readonly TrafficNote[];
  readonly logEnds: readonly LogEndNote[];
};

/** The step of the plan that carries the data over. */
export function describeCarried({ actions, traffic, logEnds }: Carried): string {
  return `carry over the operator log (${actions.length}), who sends which version (${traffic.length}) and how far the log reached (${logEnds.length})`;
}

/**
 * Writes the data into a store of the present layout, then a "migrate" action into its operator log. Running it again changes
 * nothing.
 * @param from the old layout.
 * @param kept the name under which the old store is kept.
 */
export async function carryOver(
  carried: Carried,
  store: Store,
  from: number,
  operator: Operator,
  kept: string,
): Promise<void> {
  for (const action of carried.actions) await store.appendAction(action);
  await store.noteTraffic(carried.traffic);
  await store.noteLogEnds(carried.logEnds);
  const detail = `from layout ${from}, which is kept as ${kept}`;
  let last: OperatorAction | null = null;
  for await (const action of operatorActions(store.reads)) {
    if (action.action === "migrate" && action.detail === detail) return;
    last = action;
  }
  const reason = "another layout: the log is decided again";
  await store.appendAction(sealAction(last, { ...operator, action: "migrate", target: "store", reason, detail }));
}
