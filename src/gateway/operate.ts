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

/** The author of an operator action: their name, the time by their own clock (ISO 8601), and the reason. */
export type Operator = { readonly actor: string; readonly at: string; readonly reason: string };

export type GapOutcome =
  | { readonly kind: "accepted"; readonly from: bigint; readonly to: bigint }
  /** The log still begins at or before the position: nothing is lost. */
  | { readonly kind: "nothing-lost"; readonly position: bigint; readonly logStart: bigint }
  /** The stream has no ledger entry. */
  | { readonly kind: "unknown" }
  /** The last entry cannot be applied, so no entry can follow it. */
  | { readonly kind: "halted"; readonly halt: Halt }
  /** Another process inserted an entry into the stream's ledger meanwhile. */
  | { readonly kind: "lost" };

/** Resumes a halted stream: it polls the operator log for this action, and then tries again. */
export async function resumeStream(store: Store, stream: string, operator: Operator): Promise<void> {
  await recordAction(store, { ...operator, action: "resume", target: stream, detail: "" });
}

export type LogOutcome =
  /**
   * The log is accepted `instead` of the logs accepted before. `again` is true when the log itself was replaced earlier: its
   * records that were recorded as lost will be decided after all.
   */
  | { readonly kind: "accepted"; readonly log: string; readonly instead: readonly string[]; readonly again: boolean }
  /** Nothing was to do: the log is the accepted one, or the store knows no log yet. */
  | { readonly kind: "known"; readonly log: string };

/**
 * Accepts a log in place of the one whose records the store decided so far. Records that the old log acknowledged and that
 * were never decided are lost; the operator log records the loss of each stream. Should the old log come back, its streams
 * halt until it is accepted again.
 */
export async function acceptLog(
  { store, source }: { readonly store: Store; readonly source: Pick<Source, "streams"> },
  operator: Operator,
): Promise<readonly LogOutcome[]> {
  const outcomes: LogOutcome[] = [];
  for (const log of new Set((await source.streams()).map(({ id }) => logIdOf(id)))) {
    const standing = await standingOf(store.reads, log);
    if (standing.kind === "accepted") {
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
 * P8: records that an operator accepts the loss of the offsets between the settled position and the start of the log. The
 * action goes into the operator log first, then a GAP entry into the ledger; the audit requires both and reports the loss
 * from then on.
 * Where the log lost undecided records at its end instead, or an older copy of it was restored, only the action is
 * recorded, and the log skips the lost offsets so that no other record gets them.
 * The resume action comes last: a gateway that looks before it finds nothing repaired and stays halted.
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
  // The GAP entry records the result of applying the tail, which may not be applied yet: its owner may have crashed.
  const redone = await redoTail(store, stream, tail);
  if (redone.kind !== "applied") return redone;
  const entry = gapEntry(tail, logStart, operator.reason, redone.resolved);
  await recordAction(store, { ...operator, action: "accept-gap", target: stream.id, detail: gapDetail(entry) });
  const inserted = (await store.insertLedger(entry, null)) === "inserted";
  if (!inserted && (await store.ledgerEntry(entry.stream, entry.seq))?.hash !== entry.hash) return { kind: "lost" };
  await resumeStream(store, stream.id, operator);
  return { kind: "accepted", from: entry.from, to: entry.to };
}

/** The detail of an operator action for a range of lost offsets: "[10, 25)". */
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

/** Appends an action to the hash chain of the operator log, and tries again with the next seq when another writer took this one. */
export async function recordAction(store: Pick<Store, "appendAction" | "reads">, action: NewAction): Promise<void> {
  await recordWhen(
    store,
    () => undefined,
    () => ({ record: action }),
  );
}

/** An action that has no place in the operator log yet. */
export type NewAction = Omit<OperatorAction, "seq" | "prevHash" | "hash">;

/**
 * Appends an action only if the operator log allows it: the decision sees every action before, and the action goes exactly behind
 * them. When another writer was first, the decision is made again.
 * @param see takes every action of the log, in order.
 * @param decide the action to append, or why none is.
 * @returns why nothing was appended; null when the action was.
 */
export async function recordWhen<Refusal>(
  store: Pick<Store, "appendAction"> & { readonly reads: Pick<Store["reads"], "operatorLog"> },
  see: (action: OperatorAction) => void,
  decide: () => { readonly record: NewAction } | { readonly refused: Refusal },
): Promise<Refusal | null> {
  let last: OperatorAction | null = null;
  for (;;) {
    const from: number = (last?.seq ?? -1) + 1;
    for await (const one of operatorActions(store.reads, from)) {
      see(one);
      last = one;
    }
    const decided = decide();
    if ("refused" in decided) return decided.refused;
    if ((await store.appendAction(sealAction(last, decided.record))) === "inserted") return null;
  }
}
