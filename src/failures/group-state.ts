import type { OperatorAction } from "../ledger/operator-log.ts";
import { followActions } from "../operator/actions.ts";
import type { StoreReads } from "../store/store.ts";

// What operators said about groups of failures. It is in the operator log and nowhere else, and changes no evidence.

/** The state of a group, as an operator set it. */
export type GroupState =
  | { readonly kind: "open" }
  /** Somebody works on it. */
  | { readonly kind: "acknowledged" }
  /** It ends with this version of the contract. */
  | { readonly kind: "fixed-in"; readonly version: number }
  /** It says nothing until a time, or until it has so many failures; at least one of the two is set. */
  | { readonly kind: "muted"; readonly untilMs: number | null; readonly threshold: number | null };

export type GroupStateKind = GroupState["kind"];

/** A state with its author, or a note. */
export type Said = {
  readonly actor: string;
  /** Time by the clock of the operator's machine, ISO 8601. */
  readonly at: string;
  readonly text: string;
};

/** Everything that operators said about one group. */
export type GroupBook = {
  readonly state: GroupState;
  /** Who set the state and why; null for a group that nobody spoke of. */
  readonly set: Said | null;
  /** How many failures the group had when the state was set. */
  readonly countThen: number;
  readonly owner: string | null;
  readonly notes: readonly Said[];
};

/** A change that an operator makes. */
export type GroupChange =
  | { readonly kind: "state"; readonly state: GroupState; readonly count: number }
  | { readonly kind: "owner"; readonly owner: string | null }
  | { readonly kind: "note" };

/** A group that nobody spoke of. */
export const UNTOUCHED: GroupBook = { state: { kind: "open" }, set: null, countThen: 0, owner: null, notes: [] };

/** The action and the detail that record a change. The operator's reason is the text of a note. */
export function changeAction(change: GroupChange): Pick<OperatorAction, "action" | "detail"> {
  switch (change.kind) {
    case "state": {
      const { kind, ...terms } = change.state;
      return { action: "group-state", detail: JSON.stringify({ state: kind, ...terms, count: change.count }) };
    }
    case "owner":
      return { action: "group-owner", detail: change.owner ?? "" };
    case "note":
      return { action: "group-note", detail: "" };
  }
}

/** What operators said, by fingerprint: folded from the operator log, which only grows, so each call reads what is new. */
export function openGroupBooks(reads: Pick<StoreReads, "operatorLog">): () => Promise<ReadonlyMap<string, GroupBook>> {
  const books = new Map<string, GroupBook>();
  const catchUp = followActions(reads, (action) => {
    const before = books.get(action.target) ?? UNTOUCHED;
    const after = fold(before, action);
    if (after !== before) books.set(action.target, after);
  });
  return async () => {
    await catchUp();
    return books;
  };
}

function fold(book: GroupBook, { action, actor, at, reason, detail }: OperatorAction): GroupBook {
  const said = { actor, at, text: reason };
  if (action === "group-owner") return { ...book, owner: detail === "" ? null : detail };
  if (action === "group-note") return { ...book, notes: [...book.notes, said] };
  const read = action === "group-state" ? readState(detail) : null;
  return read === null ? book : { ...book, ...read, set: said };
}

/** Null when the detail is not one that {@link changeAction} makes: then somebody changed the store, and the audit says so. */
function readState(detail: string): { readonly state: GroupState; readonly countThen: number } | null {
  try {
    const { state: kind, version, untilMs, threshold, count } = JSON.parse(detail) as Readonly<Record<string, unknown>>;
    const countThen = typeof count === "number" ? count : 0;
    switch (kind) {
      case "open":
      case "acknowledged":
        return { state: { kind }, countThen };
      case "fixed-in":
        return typeof version === "number" ? { state: { kind, version }, countThen } : null;
      case "muted":
        return { state: { kind, untilMs: numberOrNull(untilMs), threshold: numberOrNull(threshold) }, countThen };
      default:
        return null;
    }
  } catch {
    return null;
  }
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

/** The state that holds now: a muted group is open again once its time is over or its threshold is reached. */
export function stateNow({ state }: GroupBook, count: number, nowMs: number): GroupState {
  if (state.kind !== "muted") return state;
  const isOver = state.untilMs !== null && nowMs >= state.untilMs;
  const isReached = state.threshold !== null && count >= state.threshold;
  return isOver || isReached ? { kind: "open" } : state;
}
