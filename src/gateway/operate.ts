import { ENGINE } from "../core/decide.ts";
import { logIdOf, type Log, type Source, type Stream } from "../source/source.ts";
import { standingOf } from "../operator/known-logs.ts";
import { lackOf, recordedLosses } from "../operator/losses.ts";
import { sealEntry, type LedgerEntry } from "../ledger/entry.ts";
import { proofOfNothing } from "../ledger/proof.ts";
import { operatorActions } from "../operator/actions.ts";
import { sealAction, type OperatorAction } from "../ledger/operator-log.ts";
import type { Resolved } from "./resolution.ts";
import type { Store } from "../store/store.ts";
import type { Halt } from "./event.ts";
import { redoTail } from "./redo.ts";

/** Who acts, when and why. */
export type Operator = { readonly actor: string; readonly at: string; readonly reason: string };

export type GapOutcome =
  | { readonly kind: "accepted"; readonly from: bigint; readonly to: bigint }
  /** The log still begins at or before the position: nothing is lost. */
  | { readonly kind: "nothing-lost"; readonly position: bigint; readonly logStart: bigint }
  /** Nothing was ever decided of this stream. */
  | { readonly kind: "unknown" }
  /** The last entry cannot be applied, and the ledger cannot go on before it is. */
  | { readonly kind: "halted"; readonly halt: Halt }
  /** Another process wrote the ledger meanwhile. */
  | { readonly kind: "lost" };

/** Lets a stream that stands still try again: it looks for this action. */
export async function resumeStream(store: Store, stream: string, operator: Operator): Promise<void> {
  await recordAction(store, { ...operator, action: "resume", target: stream, detail: "" });
}

export type LogOutcome =
  /** `again`: another one had taken its place before, and what was recorded as lost of it is decided after all. */
  | { readonly kind: "accepted"; readonly log: string; readonly instead: readonly string[]; readonly again: boolean }
  /** The store decides the log, or knows none at all. */
  | { readonly kind: "known"; readonly log: string };

/**
 * Lets a log take the place of the one that the store decides: what was acknowledged there and never decided is lost, which is
 * recorded for each of its streams. From then on that one stands still should it come back, until it is accepted again.
 */
export async function acceptLog(
  { store, source }: { readonly store: Store; readonly source: Pick<Source, "streams"> },
  operator: Operator,
): Promise<readonly LogOutcome[]> {
  const outcomes: LogOutcome[] = [];
  for (const log of new Set((await source.streams()).map(({ id }) => logIdOf(id)))) {
    const standing = await standingOf(store.reads, log);
    if (standing.kind === "in-force") {
      outcomes.push({ kind: "known", log });
      continue;
    }
    const instead = standing.current;
    for (const { stream, end } of await store.reads.logEnds()) {
      if (!instead.includes(logIdOf(stream))) continue;
      const from = (await store.tail(stream))?.to ?? 0n;
      if (end > from) await recordLoss(store, operator, stream, from, end);
    }
    const detail = `instead of ${instead.join(", ")}`;
    await recordAction(store, { ...operator, action: "accept-log", target: log, detail });
    outcomes.push({ kind: "accepted", log, instead, again: standing.kind === "superseded" });
  }
  return outcomes;
}

async function recordLoss(store: Store, operator: Operator, stream: string, from: bigint, to: bigint): Promise<void> {
  const there = (await recordedLosses(store.reads)).some(
    (loss) => !loss.takenBack && loss.stream === stream && loss.from === from && loss.to === to,
  );
  if (there) return;
  await recordAction(store, { ...operator, action: "accept-loss", target: stream, detail: gapDetail({ from, to }) });
}

/**
 * P8: writes into the ledger that the records between the position and the start of the log are lost, by an operator's
 * word. First the word, then the entry; the audit wants one for the other and reports the loss from then on.
 * Where the log lost its end instead, behind what is decided, or was put back without it, the word alone is kept, and the log
 * gives those offsets to nobody else.
 * The word that it may go on comes last: a gateway that looked in between found nothing mended and stands still again.
 */
export async function acceptGap(
  { store, source }: { readonly store: Store; readonly source: Pick<Source & Log, "bounds" | "skipped" | "skipTo"> },
  stream: Stream,
  operator: Operator,
): Promise<GapOutcome> {
  const tail = await store.tail(stream.id);
  const lack = await lackOf(store.reads, source, stream, tail?.to ?? 0n);
  if (lack !== null && lack.kind !== "decided" && source.skipTo !== undefined) {
    const { from, to } = lack;
    await recordLoss(store, operator, stream.id, from, to);
    await source.skipTo(stream, to);
    await resumeStream(store, stream.id, operator);
    return { kind: "accepted", from, to };
  }
  if (tail === null) return { kind: "unknown" };
  const { start: logStart } = await source.bounds(stream);
  if (logStart <= tail.to) return { kind: "nothing-lost", position: tail.to, logStart };
  // An entry says what applying the one before did: nobody else may have got to it.
  const redone = await redoTail(store, stream, tail);
  if (redone.kind !== "applied") return redone;
  const entry = gapEntry(tail, logStart, operator.reason, redone.resolved);
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

function gapEntry(tail: LedgerEntry, to: bigint, note: string, resolved: Resolved): LedgerEntry {
  return sealEntry({
    stream: tail.stream,
    seq: tail.seq + 1,
    kind: "GAP",
    prevHash: tail.hash,
    from: tail.to,
    to,
    ...proofOfNothing(),
    ...resolved,
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
