import type { Position } from "../core/record.ts";
import { recordAction, type Operator } from "../gateway/operate.ts";
import type { Store } from "../store/store.ts";

/** Keeps in the operator log that somebody is about to be shown the bytes of a record that are redacted for everybody else. */
export type RevealRecord = (position: Position, who: Operator) => Promise<void>;

/** Makes what keeps reveals; the bytes may be shown once it resolves. */
export function openReveals(store: Pick<Store, "appendAction" | "reads">): RevealRecord {
  return async ({ stream, offset }, who) =>
    recordAction(store, { ...who, action: "reveal", target: stream, detail: `offset ${offset}` });
}
