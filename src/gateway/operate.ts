import { ENGINE } from "../core/decide.ts";
import { logIdOf, type Log, type Source, type Stream } from "../source/source.ts";
import { findAction, otherLogs, shownTo } from "../store/known-logs.ts";
import { sealEntry, type LedgerEntry } from "../store/ledger.ts";
import { proofOfNothing } from "../store/proof.ts";
import { operatorActions } from "../store/operator-actions.ts";
import { sealAction, type OperatorAction } from "../store/operator.ts";
import type { Store } from "../store/store.ts";

/** Who acts, when and why. */
export type Operator = { readonly actor: string; readonly at: string; readonly reason: string };

export type GapOutcome =
  | { readonly kind: "accepted"; readonly from: bigint; readonly to: bigint }
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

export type LogOutcome =
  | { readonly kind: "accepted"; readonly log: string; readonly instead: readonly string[] }
  /** The store knows the log, or knows none at all. */
  | { readonly kind: "known"; readonly log: string };

/**
 * Lets a log take the place of the ones that the store knows: what was acknowledged there and never decided is lost, which is
 * recorded for each of their streams.
 */
export async function acceptLog(
  { store, source }: { readonly store: Store; readonly source: Pick<Source, "streams"> },
  operator: Operator,
): Promise<readonly LogOutcome[]> {
  const outcomes: LogOutcome[] = [];
  for (const log of new Set((await source.streams()).map(({ id }) => logIdOf(id)))) {
    const instead = await otherLogs(store.reads, log);
    if (instead.length === 0) {
      outcomes.push({ kind: "known", log });
      continue;
    }
    for (const { stream, end } of await store.reads.logEnds()) {
      if (!instead.includes(logIdOf(stream))) continue;
      const from = (await store.tail(stream))?.to ?? 0n;
      if (end > from) await recordLoss(store, operator, stream, from, end);
    }
    const detail = `instead of ${instead.join(", ")}`;
    await recordAction(store, { ...operator, action: "accept-log", target: log, detail });
    outcomes.push({ kind: "accepted", log, instead });
  }
  return outcomes;
}

async function recordLoss(store: Store, operator: Operator, stream: string, from: bigint, to: bigint): Promise<void> {
  const detail = gapDetail({ from, to });
  const same = ({ action, target, detail: said }: OperatorAction): boolean =>
    action === "accept-loss" && target === stream && said === detail;
  if ((await findAction(store.reads, same)) !== null) return;
  await recordAction(store, { ...operator, action: "accept-loss", target: stream, detail });
}

/**
 * P8: writes into the ledger that the records between the position and the start of the log are lost, by an operator's
 * word. First the word, then the entry; the audit wants one for the other and reports the loss from then on.
 * Where the log lost its end instead, behind what is decided, the word alone is kept, and the log gives those offsets to
 * nobody else.
 * The word that it may go on comes last: a gateway that looked in between found nothing mended and stands still again.
 */
export async function acceptGap(
  { store, source }: { readonly store: Store; readonly source: Pick<Source & Log, "bounds" | "skipTo"> },
  stream: Stream,
  operator: Operator,
): Promise<GapOutcome> {
  const tail = await store.tail(stream.id);
  if (tail === null) return { kind: "unknown" };
  // Before the end: where nothing is lost, others append meanwhile and tell the store so.
  const shown = await shownTo(store.reads, stream.id);
  const { start: logStart, end } = await source.bounds(stream);
  if (shown !== null && end < shown && end >= tail.to && source.skipTo !== undefined) {
    await recordLoss(store, operator, stream.id, end, shown);
    await source.skipTo(stream, shown);
    await resumeStream(store, stream.id, operator);
    return { kind: "accepted", from: end, to: shown };
  }
  if (logStart <= tail.to) return { kind: "nothing-lost", position: tail.to, logStart };
  const entry = gapEntry(tail, logStart, operator.reason);
  await recordAction(store, { ...operator, action: "accept-gap", target: stream.id, detail: gapDetail(entry) });
  const inserted = (await store.insertLedger(entry, null)) === "inserted";
  if (!inserted && (await store.ledgerEntry(entry.stream, entry.seq))?.hash !== entry.hash) return { kind: "lost" };
  await resumeStream(store, stream.id, operator);
  return { kind: "accepted", from: entry.from, to: entry.to };
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

/** Appends to the chain of actions; whoever loses the place takes the next one. */
export async function recordAction(
  store: Pick<Store, "appendAction" | "reads">,
  action: Omit<OperatorAction, "seq" | "prevHash" | "hash">,
): Promise<void> {
  let last: OperatorAction | null = null;
  for (;;) {
    const from: number = (last?.seq ?? -1) + 1;
    for await (const one of operatorActions(store.reads, from)) last = one;
    if ((await store.appendAction(sealAction(last, action))) === "inserted") return;
  }
}
