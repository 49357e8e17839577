import { sealAction, type OperatorAction } from "../../ledger/operator-log.ts";
import { operatorActions } from "../../operator/actions.ts";
import type { Store } from "../store.ts";
import { refuseWhileConnected } from "./connected.ts";
import { migratedMeanwhile, migrationTakenOver, type Operator } from "./migration.ts";
import type { MongoTarget } from "./mongodb-target.ts";

/** A layout that leads to the present one in the database's place. `why` is the reason in the operator log. */
type Step = { readonly from: number; readonly why: string };

/**
 * Runs a migration in the database's place. No build opens the database until it ends, so each step of `change` must be one that can be
 * repeated. @param change opens the store, as one of the present layout, once its collections are.
 * @throws `Unavailable` when other gateways are connected, or another migration began.
 */
export async function inPlace(
  target: MongoTarget,
  { from, why }: Step,
  tell: (step: string) => void,
  operator: Operator,
  change: () => Promise<Store>,
): Promise<void> {
  await refuseWhileConnected(target);
  tell("note that a migration begins");
  if (!(await target.noteMigration(from, ""))) throw migratedMeanwhile();
  const store = await change();
  await appendOnce(store, operator, `another layout: ${why}`, `from layout ${from}, in place`);
  tell("note the new layout");
  if (!(await target.noteMigrated())) throw migrationTakenOver();
  tell("done");
}

async function appendOnce(store: Store, operator: Operator, reason: string, detail: string): Promise<void> {
  let last: OperatorAction | null = null;
  for await (const action of operatorActions(store.reads)) {
    if (action.action === "migrate" && action.detail === detail) return;
    last = action;
  }
  await store.appendAction(sealAction(last, { ...operator, action: "migrate", target: "store", reason, detail }));
}
