import { recordAction, type Operator } from "../gateway/operate.ts";
import type { Store } from "../store/store.ts";
import { changeAction, type GroupChange, type GroupState } from "./group-state.ts";
import type { Groups } from "./groups.ts";

export type ChangeOutcome = { readonly kind: "changed"; readonly count: number } | { readonly kind: "unknown-group" };

/** What an operator asks of a group. */
export type GroupRequest =
  | { readonly kind: "state"; readonly state: GroupState }
  | { readonly kind: "owner"; readonly owner: string | null }
  | { readonly kind: "note" };

/** Records an operator's word on a group in the operator log. It changes no failure and no evidence. */
export async function changeGroup(
  store: Pick<Store, "appendAction" | "reads">,
  groups: Pick<Groups, "group">,
  fingerprint: string,
  request: GroupRequest,
  operator: Operator,
  nowMs: number,
): Promise<ChangeOutcome> {
  const group = await groups.group(fingerprint, nowMs);
  if (group === null) return { kind: "unknown-group" };
  const { count } = group;
  const change: GroupChange = request.kind === "state" ? { ...request, count } : request;
  await recordAction(store, { ...operator, ...changeAction(change), target: fingerprint });
  return { kind: "changed", count };
}
