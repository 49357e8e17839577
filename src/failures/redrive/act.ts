import { recordWhen, type NewAction, type Operator } from "../../gateway/operate.ts";
import { followActions, operatorActions } from "../../operator/actions.ts";
import type { Store, StoreReads } from "../../store/store.ts";
import {
  blockerOf,
  createRedriveBook,
  runDetail,
  type RedriveBook,
  type RedriveStanding,
  type Runner,
} from "./states.ts";

/** Why an action about a plan is not taken. A closed set; every code is in docs/redrive.md. */
export type RedriveRefusal = {
  readonly code:
    | "no-plan"
    | "plan-over"
    | "plan-not-running"
    | "contract-busy"
    | "contracts-changed"
    | "plan-damaged"
    | "unexpected-count";
  readonly message: string;
  readonly remedy: string;
};

type ActStore = Pick<Store, "appendAction"> & { readonly reads: Pick<StoreReads, "operatorLog"> };

/** Reads the redrives of an operator log. */
export async function readRedrives(reads: Pick<StoreReads, "operatorLog">): Promise<RedriveBook> {
  const book = createRedriveBook();
  for await (const action of operatorActions(reads)) book.see(action);
  return book;
}

/** Follows the redrives of an operator log: each call reads what came since the one before. */
export function followRedrives(reads: Pick<StoreReads, "operatorLog">): () => Promise<RedriveBook> {
  const book = createRedriveBook();
  const catchUp = followActions(reads, book.see);
  return async () => {
    await catchUp();
    return book;
  };
}

/**
 * Starts a plan or lets a paused one go on: at most one plan for a contract is started and not finished. A plan that runs already
 * may be run by a second process, which is safe; then nothing is recorded.
 */
export async function startRedrive(
  store: ActStore,
  plan: string,
  operator: Operator,
  how: { readonly by: Runner; readonly rate: number | null },
): Promise<RedriveRefusal | null> {
  const detail = runDetail(how);
  return act(store, plan, (book, standing) => {
    const blocker = blockerOf(book, standing);
    if (blocker !== null) return contractBusy(standing, blocker);
    if (standing.state === "running" && standing.last.detail === detail) return "nothing to do";
    return { ...operator, action: "redrive-run", target: plan, detail };
  });
}

/** Pauses a running plan: its runner stops behind the batch that it is writing. */
export async function pauseRedrive(store: ActStore, plan: string, operator: Operator): Promise<RedriveRefusal | null> {
  return act(store, plan, (_, { state }) => {
    if (state === "paused") return "nothing to do";
    if (state !== "running") return notRunning(plan, state);
    return { ...operator, action: "redrive-pause", target: plan, detail: "" };
  });
}

/** Cancels a plan for good: what was redriven stays, the rest is not redriven. */
export async function cancelRedrive(store: ActStore, plan: string, operator: Operator): Promise<RedriveRefusal | null> {
  return act(store, plan, () => ({ ...operator, action: "redrive-cancel", target: plan, detail: "" }));
}

/** Records that every record of a running plan is decided. */
export async function finishRedrive(store: ActStore, plan: string, operator: Operator): Promise<RedriveRefusal | null> {
  return act(store, plan, (_, { state }) => {
    if (state !== "running") return notRunning(plan, state);
    return { ...operator, action: "redrive-done", target: plan, detail: "" };
  });
}

/** Appends an action about a plan, decided by everything that the operator log holds before it. */
async function act(
  store: ActStore,
  plan: string,
  decide: (book: RedriveBook, standing: RedriveStanding) => NewAction | RedriveRefusal | "nothing to do",
): Promise<RedriveRefusal | null> {
  const book = createRedriveBook();
  const refused = await recordWhen<RedriveRefusal | "nothing to do">(store, book.see, () => {
    const standing = book.of(plan);
    if (standing === null) return { refused: noPlan(plan) };
    const { state } = standing;
    if (state === "done" || state === "cancelled") return { refused: planOver(plan, state) };
    const decided = decide(book, standing);
    return decided === "nothing to do" || "code" in decided ? { refused: decided } : { record: decided };
  });
  return refused === "nothing to do" ? null : refused;
}

export function noPlan(plan: string): RedriveRefusal {
  const message = `There is no redrive plan "${plan.slice(0, 40)}"`;
  return { code: "no-plan", message, remedy: "list the plans with `sigma redrive status`" };
}

function planOver(plan: string, state: "done" | "cancelled"): RedriveRefusal {
  const message = `Plan ${plan} is ${state}: nothing is left to do with it`;
  return { code: "plan-over", message, remedy: "make a new plan of what is still to be redriven" };
}

function notRunning(plan: string, state: string): RedriveRefusal {
  const message = `Plan ${plan} is ${state}, and does not run`;
  return { code: "plan-not-running", message, remedy: `look at it with \`sigma redrive show ${plan}\`` };
}

function contractBusy(plan: RedriveStanding, other: RedriveStanding): RedriveRefusal {
  const shared = other.subjects.filter((one) => plan.subjects.includes(one)).join(", ");
  const message = `Plan ${plan.id} cannot run: plan ${other.id} is ${other.state}, about ${shared} too`;
  const remedy = `let that one end, or cancel it with \`sigma redrive cancel ${other.id}\``;
  return { code: "contract-busy", message, remedy };
}

/** The contract set is another one than the plan's dry run was made with. */
export function contractsChanged(plan: string): RedriveRefusal {
  const message = `Plan ${plan} cannot run: the contracts are others than those that its dry run was made with`;
  return { code: "contracts-changed", message, remedy: "plan again, and look at the new dry run" };
}

/** The stored plan is not what the operator log says. */
export function planDamaged(plan: string): RedriveRefusal {
  const message = `Plan ${plan} cannot be used: what the store holds of it is not what the operator log says`;
  return { code: "plan-damaged", message, remedy: "run `sigma audit`, and plan again" };
}
