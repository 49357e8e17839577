import { GENESIS, type LedgerEntry } from "../store/ledger.ts";
import { operatorActions } from "../store/operator-actions.ts";
import { actionHash, type OperatorAction } from "../store/operator.ts";
import type { StoreReads } from "../store/store.ts";

/** Walks the chain of operator actions. @returns the gaps and losses that were accepted, and what is wrong with the chain. */
export async function auditOperators(reads: StoreReads): Promise<{
  readonly accepted: ReadonlySet<string>;
  /** What was acknowledged and never decided, and was lost with its log. */
  readonly losses: readonly Loss[];
  readonly faults: readonly string[];
}> {
  const accepted = new Set<string>();
  const losses: Loss[] = [];
  const faults: string[] = [];
  let previous: OperatorAction | null = null;
  for await (const action of operatorActions(reads)) {
    const { seq, hash, prevHash } = action;
    if (actionHash(action) !== hash) faults.push(`action ${seq} does not have the hash it carries`);
    if (seq !== (previous?.seq ?? -1) + 1 || prevHash !== (previous?.hash ?? GENESIS)) {
      faults.push(`action ${seq} does not follow the one before`);
    }
    if (action.action === "accept-gap") accepted.add(gapKey(action.target, action.detail));
    if (action.action === "accept-loss") losses.push(...lossOf(action));
    previous = action;
  }
  return { accepted, losses, faults };
}

type Loss = { readonly stream: string; readonly from: bigint; readonly to: bigint; readonly note: string };

function lossOf({ target, detail, reason }: OperatorAction): readonly Loss[] {
  const [, from, to] = /^\[(\d{1,19}), (\d{1,19})\)$/.exec(detail) ?? [];
  return from === undefined || to === undefined
    ? []
    : [{ stream: target, from: BigInt(from), to: BigInt(to), note: reason }];
}

/** Names a gap in the ledger as its action does. */
export function gapOf({ stream, from, to }: LedgerEntry): string {
  return gapKey(stream, `[${from}, ${to})`);
}

function gapKey(stream: string, detail: string): string {
  return `${stream} ${detail}`;
}
