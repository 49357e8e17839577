import { ENGINE } from "../core/decide.ts";
import type { TraceContext } from "../core/trace-context.ts";
import { Unavailable } from "../core/unavailable.ts";
import type { Stream } from "../source/source.ts";
import { entryFor } from "./decided.ts";
import { COUNTED, EVIDENCE_DROPPED, GENESIS, sealEntry, SUCCEEDS, type LedgerEntry } from "../ledger/entry.ts";
import { isRedrive } from "../ledger/redrive-stream.ts";
import { proofOfNothing } from "../ledger/proof.ts";
import { NOTHING_APPLIED, type Resolved } from "./resolution.ts";
import type { Store, StoreWrites } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { applyBatch, looksFirstAfter, type Applied } from "./apply.ts";
import { BREAKER_OFF, createBreaker, type Breaker } from "./breaker.ts";
import { decideNext, discard, type ReadyBatch, type Next } from "./decide-next.ts";
import { clearHalt, endStreamsBefore, nextAction, type Standstill } from "./wait-for-operator.ts";
import type { BatchMeasures, Halt } from "./event.ts";
import type { IngestDeps } from "./ingest-deps.ts";
import { refuseLog } from "./log-check.ts";
import { completeStreamsBefore, redoTail } from "./redo.ts";
import { unlessAborted } from "./within.ts";

/** First and longest pause after trouble with the source or the store, in milliseconds. */
const BACKOFF = { firstMs: 100, maxMs: 30_000 } as const;

/**
 * Ingests one stream until the signal aborts or the stream halts. This file alone defines the order of effects:
 *
 *   acquire:  P1 read the tail   P2 redo it
 *   advance:  fetch  ->  P3 decide and encode documents  ->  P4 insert the entry  ->  P5 insert the documents
 *             ->  mirror  ->  batch observer  ->  P6 commit hint
 *
 * `Unavailable` means that a batch is not decided yet: the loop pauses, then acquires the stream again, which redoes what was
 * begun. A lost compare-and-swap in P4 also leads to acquire. There is no other way to recover. A halted stream waits
 * until an operator acts.
 * @returns why the stream halted; null when the signal aborted.
 */
export async function ingestStream(
  deps: IngestDeps,
  stream: Stream,
  signal: AbortSignal,
  breaker: Breaker = createBreaker(BREAKER_OFF, 0),
): Promise<Standstill | null> {
  let settled: Settled | null = null;
  let attempt = 0;
  let actedFrom = 0;
  const claimed: Claimed = { batch: null };
  while (!signal.aborted) {
    try {
      // The operator log is read before the stream is examined: an action that an operator takes during the examination, or
      // as soon as the halt is shown, then counts as an answer to this halt.
      if (settled === null)
        actedFrom = (await unlessAborted(signal, nextAction(deps.store.reads, actedFrom))) ?? actedFrom;
      if (signal.aborted) break;
      const step: Step =
        settled === null
          ? await acquire(deps, stream, claimed, signal)
          : await advance(deps, settled, claimed, signal, breaker);
      // Acquiring does not end the backoff: it only reads the tail, while the store's writes or the registry may still fail.
      // Only a batch or a halt does.
      if (settled !== null || step.kind === "halted") {
        if (attempt > 0) deps.observe({ kind: "stream-resumed", stream });
        attempt = 0;
      }
      if (step.kind === "halted") {
        if (settled !== null) actedFrom = await nextAction(deps.store.reads, actedFrom);
        deps.observe({ kind: "stream-halted", stream, halt: step.halt });
        return { halt: step.halt, actedFrom };
      }
      if (step.kind === "at") settled = step.settled;
      if (step.kind === "lost") settled = null;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      settled = null;
      deps.batchSize?.reset();
      const retryInMs = backoffMs(attempt, deps.random());
      attempt += 1;
      const { code, message, remedy } = error;
      deps.observe({ kind: "stream-paused", stream, code, message, remedy, retryInMs });
      await deps.sleep(retryInMs, signal);
    }
  }
  await discardAhead(settled?.ahead ?? null);
  deps.observe({ kind: "stream-stopped", stream });
  return null;
}

/** The batch whose entry this process began to write and has not reported settled. */
type Claimed = { batch: (Pick<ReadyBatch, "meter"> & { readonly hash: string; readonly sizes: Sizes }) | null };

type Sizes = BatchMeasures["bytes"];

/** A stream whose entries are all applied, the last one included. */
type Settled = {
  readonly stream: Stream;
  readonly note: StreamNote;
  readonly tail: LedgerEntry;
  /** The result of applying the tail, which the next entry records. */
  readonly resolved: Resolved;
  /** That of {@link Applied}, for the tail. */
  readonly takenShare: number;
  /** The next batch, where its fetch began while the store wrote the tail; null when it has not begun. */
  readonly ahead: Ahead | null;
};

type Step =
  | { readonly kind: "at"; readonly settled: Settled }
  /** Another owner of the stream inserted an entry under this seq first. */
  | { readonly kind: "lost" }
  | { readonly kind: "halted"; readonly halt: Halt };

/** P1 and P2: reads the tail of a stream, redoes it and checks the log against the store. */
async function acquire(deps: IngestDeps, stream: Stream, claimed: Claimed, signal: AbortSignal): Promise<Step> {
  const { source, store, observe } = deps;
  // Nobody who stops waits for a store that does not answer.
  const tail = await unlessAborted(signal, store.tail(stream.id));
  if (signal.aborted) return { kind: "lost" };
  if (tail === null) return begin(deps, stream);
  if (Number(tail.engine) > Number(ENGINE)) return { kind: "halted", halt: newerEngine(stream, tail) };
  // The redo comes before the log check: it needs the evidence only, so a damaged log cannot prevent it.
  const redone = await redoTail(store, stream, tail);
  if (redone.kind !== "applied") return redone;
  const refused = deps.redrive === undefined ? await refuseLog(store.reads, source, stream, tail) : null;
  if (refused !== null) return { kind: "halted", halt: refused };
  observe({ kind: "stream-checked", stream, position: tail.to });
  await notifyMirror(deps, stream, redone);
  if (deps.redrive === undefined) await clearHalt(store, stream);
  const { groups, newGroups } = redone;
  const measures = measuresOf(claimed, tail, redone);
  const { seq, from, to, count, contractSet } = tail;
  observe({ kind: "tail-redone", stream, seq, from, to, count, contractSet, measures, groups, newGroups });
  observe({ kind: "stream-acquired", stream, seq: tail.seq, hash: tail.hash, position: tail.to });
  const { resolved, takenShare } = redone;
  return {
    kind: "at",
    settled: { stream, note: await noteOf(store, stream), tail, resolved, takenShare, ahead: null },
  };
}

/** The measures of the tail where this process claimed it and trouble came before it was settled. */
function measuresOf(claimed: Claimed, tail: LedgerEntry, redone: Applied): BatchMeasures | null {
  const { batch } = claimed;
  claimed.batch = null;
  if (batch === null || batch.hash !== tail.hash) return null;
  batch.meter.lap("documents");
  return batch.meter.end(redone, batch.sizes);
}

/** The INIT note: it names the previous stream of the same topic and partition, whose topic was recreated or log replaced, if there is one. */
async function predecessorOf({ reads }: Store, { number, topic, partition }: StreamNote): Promise<string> {
  const before = (await reads.streamNotes()).filter(
    (one) => one.topic === topic && one.partition === partition && one.number < number && !isRedrive(one.stream),
  );
  const last = before.at(-1);
  return last === undefined ? COUNTED : `${SUCCEEDS}${last.stream}`;
}

async function noteOf(store: Store, { id, topic, partition }: Stream): Promise<StreamNote> {
  return store.streamNote({ stream: id, topic, partition });
}

async function notifyMirror(
  { mirror }: IngestDeps,
  { topic }: Stream,
  { settledRows }: Applied,
  trace: TraceContext | null = null,
): Promise<void> {
  if (mirror === undefined) return;
  const { facts, failed } = settledRows();
  await mirror(topic, facts, failed, trace);
}

/** Begins a stream that has no ledger entry: inserts the INIT entry, at the start of its log. */
async function begin(deps: IngestDeps, stream: Stream): Promise<Step> {
  const refused = deps.redrive === undefined ? await refuseLog(deps.store.reads, deps.source, stream, null) : null;
  if (refused !== null) return { kind: "halted", halt: refused };
  const { start } = await deps.source.bounds(stream);
  deps.observe({ kind: "stream-checked", stream, position: start });
  if (deps.redrive === undefined) {
    await completeStreamsBefore(deps.store, stream);
    await endStreamsBefore(deps.store, stream);
  }
  const set = deps.contracts();
  await deps.store.putContractSet(set.digest, set.text);
  const note = await noteOf(deps.store, stream);
  const entry = sealEntry({
    stream: stream.id,
    seq: 0,
    kind: "INIT",
    prevHash: GENESIS,
    from: start,
    to: start,
    ...proofOfNothing(),
    contractSet: set.digest,
    engine: ENGINE,
    note: deps.redrive?.noteOf(stream) ?? (await predecessorOf(deps.store, note)),
  });
  if (!(await claim(deps.store, entry, null))) return { kind: "lost" };
  deps.observe({ kind: "stream-acquired", stream, seq: 0, hash: entry.hash, position: start });
  return {
    kind: "at",
    settled: { stream, note, tail: entry, resolved: NOTHING_APPLIED, takenShare: 0, ahead: null },
  };
}

/** The batch after the one that is being settled, fetched and decided in advance. */
type Ahead = Promise<Next>;

/** Fetches one batch and takes it through P3 to P6. `ahead` is that batch where it was begun in advance. */
async function advance(
  deps: IngestDeps,
  { ahead, ...settled }: Settled,
  claimed: Claimed,
  signal: AbortSignal,
  breaker: Breaker,
): Promise<Step> {
  const decide = async (from: bigint): Promise<Next> => decideNext(deps, settled, from, signal);
  const next = await (ahead ?? decide(settled.tail.to));
  switch (next.kind) {
    case "idle":
      return { kind: "at", settled: { ...settled, ahead: null } };
    case "halted":
      return next;
    case "decided":
      break;
  }
  const trip = breaker.check(next.verdicts);
  if (trip !== null) {
    discard(next);
    return { kind: "halted", halt: breakerHalt(settled.stream, settled.tail.to, trip) };
  }
  try {
    return await settle(deps, settled, next, claimed, decide);
  } catch (error) {
    next.trace?.abandoned(error instanceof Unavailable ? error.code : "bug");
    throw error;
  } finally {
    next.endSettling();
  }
}

/**
 * P4 to P6 for one batch.
 * @param decide fetches and decides the next batch, while the store writes this one.
 */
async function settle(
  deps: IngestDeps,
  settled: Omit<Settled, "ahead">,
  { range, packed, batch, collection, set, observer, meter, trace, endSettling }: ReadyBatch,
  claimed: Claimed,
  decide: (from: bigint) => Ahead,
): Promise<Step> {
  const { stream, note, tail, resolved, takenShare } = settled;
  const { source, store, observe, evidence = "keep" } = deps;
  const entry = entryFor(tail, range, batch.proof, { contractSet: set.digest, resolved, evidence });
  if (entry.contractSet !== tail.contractSet) await store.putContractSet(set.digest, set.text);
  let ahead: Ahead | null = null;
  meter.lap("queue");
  claimed.batch = { meter, hash: entry.hash, sizes: { evidence: batch.evidence.length, packed: packed?.length ?? 0 } };
  try {
    const applied = await store.unit(async (writes): Promise<Applied | { kind: "lost" }> => {
      if (!(await claim(writes, entry, packed))) return { kind: "lost" };
      meter.lap("ledger");
      const applying = applyBatch(writes, collection, entry.seq, batch, looksFirstAfter(writes, takenShare));
      // The next batch begins only after this batch's writes were sent: deciding blocks the event loop.
      if (deps.decidesAhead?.() === true) ahead = begun(decide(entry.to));
      const done = await applying;
      if (tail.note === EVIDENCE_DROPPED) await writes.dropEvidence(tail.stream, tail.seq);
      return done;
    });
    if (applied.kind === "lost") {
      observe({ kind: "ledger-lost", stream, seq: entry.seq });
      trace?.abandoned("ledger-lost");
      return applied;
    }
    meter.lap("documents");
    // The mirror is notified before the next entry is inserted: after a crash only the tail is redone, and so published again.
    await notifyMirror(deps, stream, applied, trace?.context);
    batch.facts.release();
    batch.failed.release();
    await observer?.stored(applied.conflictRows);
    source.commitHint(stream, entry.to);
    meter.lap("after");
    const { stored, duplicates, conflicts, failures, groups, newGroups } = applied;
    const { seq, hash, from, to, count, contractSet } = entry;
    const measures = meter.end(applied, claimed.batch.sizes);
    claimed.batch = null;
    deps.batchSize?.settled(count, measures.stagesMs.ledger + measures.stagesMs.documents);
    const decidedHow = { stored, duplicates, conflicts, failures, groups, newGroups };
    trace?.settled(seq, contractSet, applied);
    const batchTrace = trace?.context ?? null;
    const entryFacts = { seq, hash, from, to, count, contractSet };
    observe({ kind: "batch-settled", stream, ...entryFacts, measures, trace: batchTrace, ...decidedHow });
    const step = { stream, note, tail: entry, resolved: applied.resolved, takenShare: applied.takenShare, ahead };
    ahead = null;
    return { kind: "at", settled: step };
  } finally {
    // The batch decided ahead may wait for the turn of this one: whoever waits for it to end gives the turn up first.
    if (ahead !== null) endSettling();
    await discardAhead(ahead);
  }
}

/** Prevents an unhandled rejection: the promise may reject before `advance` or `discardAhead` awaits it and gets the error. */
function begun(ahead: Ahead): Ahead {
  ahead.catch(() => undefined);
  return ahead;
}

/** Discards the batch decided in advance when the batch before it was not settled. The stream decides it again later. */
async function discardAhead(ahead: Ahead | null): Promise<void> {
  try {
    const next = await ahead;
    if (next?.kind === "decided") discard(next);
  } catch (error) {
    // The source or the registry is unavailable too. The next fetch meets the same error and reports it.
    if (!(error instanceof Unavailable)) throw error;
  }
}

/**
 * P4, the compare-and-swap: inserts the entry. @returns true when it is stored, also when an earlier insert of the same entry
 * succeeded and its acknowledgement was lost; false when another entry has its seq.
 */
async function claim(writes: StoreWrites, entry: LedgerEntry, packed: Uint8Array | null): Promise<boolean> {
  if ((await writes.insertLedger(entry, packed)) === "inserted") return true;
  const there = await writes.ledgerEntry(entry.stream, entry.seq);
  return there?.hash === entry.hash;
}

/** The pause after failed attempt number `attempt`, counted from 0: the ceiling doubles up to `maxMs`; the upper half is random. */
export function backoffMs(attempt: number, random: number): number {
  const ceiling = Math.min(BACKOFF.maxMs, BACKOFF.firstMs * 2 ** Math.min(attempt, 16));
  return Math.round(ceiling / 2 + (random * ceiling) / 2);
}

/** The halt of a stream whose tail a newer engine decided: this program cannot redo it, and engine numbers of a chain never fall. */
function newerEngine({ topic, partition }: Stream, { seq, engine }: LedgerEntry): Halt {
  const message = `Cannot go on behind entry ${seq} of ${topic}/${partition}: engine ${engine} decided it, this program has engine ${ENGINE}`;
  return { code: "ENGINE_NEWER", message, remedy: "use the newer program that wrote it" };
}

function breakerHalt(stream: Stream, position: bigint, state: string): Halt {
  return {
    code: "BREAKER_OPEN",
    message: `Stopped ${stream.topic}/${stream.partition} at offset ${position}: ${state}; none of that batch is decided yet`,
    remedy: "look at what the producers send; then run `sigma streams resume`, which lets a window of records through",
  };
}
