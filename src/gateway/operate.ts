import { ENGINE } from "../core/decide.ts";
import type { Source, Stream } from "../source/source.ts";
import { sealEntry, type LedgerEntry } from "../store/ledger.ts";
import { proofOfNothing } from "../store/proof.ts";
import { sealAction, type OperatorAction } from "../store/operator.ts";
import type { Store } from "../store/store.ts";

/** Who acts, when and why. */
export type Operator = { readonly actor: string; readonly at: string; readonly reason: string };

export type GapOutcome =
  | { readonly kind: "accepted"; readonly entry: LedgerEntry }
  /** The log still begins at or before the position: nothing is lost. */
  | { readonly kind: "nothing-lost"; readonly position: bigint; readonly logStart: bigint }
  /** Nothing was ever decided of this stream. */
  | { readonly kind: "unknown" }
  /** Another process wrote the ledger meanwhile. */
  | { readonly kind: "lost" };

/** Lets a stream that stands still try again: it looks for this action. */
export async function resumeStream(store: Store, stream: string, operator: Operator): Promise<void> {
  await recordAction(store, { ...operator, action: "resume", target: stream, detail: "" });
}

/**
 * P8: writes into the ledger that the records between the position and the start of the log are lost, by an operator's
 * word. First the word, then the entry; the audit wants one for the other and reports the loss from then on.
 */
export async function acceptGap(
  { store, source }: { readonly store: Store; readonly source: Pick<Source, "bounds"> },
  stream: Stream,
  operator: Operator,
): Promise<GapOutcome> {
  const tail = await store.tail(stream.id);
  if (tail === null) return { kind: "unknown" };
  const { start: logStart } = await source.bounds(stream);
  if (logStart <= tail.to) return { kind: "nothing-lost", position: tail.to, logStart };
  const entry = gapEntry(tail, logStart, operator.reason);
  await recordAction(store, { ...operator, action: "accept-gap", target: stream.id, detail: gapDetail(entry) });
  if ((await store.insertLedger(entry)) === "inserted") return { kind: "accepted", entry };
  const there = await store.ledgerEntry(entry.stream, entry.seq);
  return there?.hash === entry.hash ? { kind: "accepted", entry } : { kind: "lost" };
}

/** How an operator action names the range of a gap. */
export function gapDetail({ from, to }: Pick<LedgerEntry, "from" | "to">): string {
  return `[${from}, ${to})`;
}

function gapEntry(tail: LedgerEntry, to: bigint, note: string): LedgerEntry {
  return sealEntry({
    stream: tail.stream,
    seq: tail.seq + 1,
    kind: "GAP",
    prevHash: tail.hash,
    from: tail.to,
    to,
    ...proofOfNothing(),
    contractSet: tail.contractSet,
    engine: ENGINE,
    note,
  });
}

const PAGE = 1_000;

/** Appends to the chain of actions; whoever loses the place takes the next one. */
export async function recordAction(
  store: Pick<Store, "appendAction" | "reads">,
  action: Omit<OperatorAction, "seq" | "prevHash" | "hash">,
): Promise<void> {
  let last: OperatorAction | null = null;
  for (;;) {
    const page: readonly OperatorAction[] = await store.reads.operatorLog((last?.seq ?? -1) + 1, PAGE);
    last = page.at(-1) ?? last;
    if (page.length === PAGE) continue;
    if ((await store.appendAction(sealAction(last, action))) === "inserted") return;
  }
}
