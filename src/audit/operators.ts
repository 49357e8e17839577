import { GENESIS, type LedgerEntry } from "../ledger/entry.ts";
import { withAction, type Loss } from "../operator/losses.ts";
import { operatorActions } from "../operator/actions.ts";
import { actionHash, type OperatorAction } from "../ledger/operator-log.ts";
import type { StoreReads } from "../store/store.ts";

/** Walks the chain of operator actions. @returns the accepted gaps and losses, and the faults of the chain. */
export async function auditOperators(
  reads: StoreReads,
  see: (action: OperatorAction) => void,
): Promise<{
  readonly accepted: ReadonlySet<string>;
  /** Acknowledged records that were lost with their log before they were decided. */
  readonly losses: readonly Loss[];
  readonly faults: readonly string[];
  readonly head: { readonly seq: number; readonly hash: string } | null;
}> {
  const accepted = new Set<string>();
  let losses: readonly Loss[] = [];
  const faults: string[] = [];
  let previous: OperatorAction | null = null;
  for await (const action of operatorActions(reads)) {
    const { seq, hash, prevHash } = action;
    if (actionHash(action) !== hash) faults.push(`action ${seq} does not have the hash it carries`);
    if (seq !== (previous?.seq ?? -1) + 1 || prevHash !== (previous?.hash ?? GENESIS)) {
      faults.push(`action ${seq} does not follow the one before`);
    }
    if (action.action === "accept-gap") accepted.add(gapKey(action.target, action.detail));
    losses = withAction(losses, action);
    see(action);
    previous = action;
  }
  const head = previous === null ? null : { seq: previous.seq, hash: previous.hash };
  return { accepted, losses, faults, head };
}

/** The key of a ledger gap, as its operator action names it. */
export function gapOf({ stream, from, to }: LedgerEntry): string {
  return gapKey(stream, `[${from}, ${to})`);
}

function gapKey(stream: string, detail: string): string {
  return `${stream} ${detail}`;
}
