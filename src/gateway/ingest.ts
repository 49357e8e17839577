import type { CompiledContractSet } from "../core/compile.ts";
import { ENGINE } from "../core/decide.ts";
import type { SourceRecord } from "../core/record.ts";
import { Unavailable } from "../core/unavailable.ts";
import { schemaIdsOf } from "../core/wire-format.ts";
import { packEvidence } from "../ledger/packed.ts";
import type { Fetched, FetchLimits, Source, Stream } from "../source/source.ts";
import { decideRecord, entryFor, type Decided } from "../store/decided.ts";
import { EVIDENCE_DROPPED, GENESIS, sealEntry, SUCCEEDS, type LedgerEntry } from "../store/ledger.ts";
import { proofOfNothing } from "../store/proof.ts";
import { NOTHING_APPLIED, type Resolved } from "../store/resolution.ts";
import type { Store, StoreWrites, StreamNote } from "../store/store.ts";
import { applyDraft, type Applied } from "./apply.ts";
import { BREAKER_OFF, createBreaker, type Breaker } from "./breaker.ts";
import { decideBatch, type Draft } from "./decide-batch.ts";
import { clearHalt, endStreamsBefore, nextAction, type Standstill } from "./halted.ts";
import type { Halt, Observe } from "./event.ts";
import { refuseLog } from "./log-check.ts";
import type { Mirror } from "./mirror.ts";
import { completeStreamsBefore, redoTail } from "./redo.ts";
import type { Turns } from "./turns.ts";

/** Looks on while a batch is decided; no decision depends on it. */
export type Onlooker = {
  /** Shown every decision, in order. What it keeps of them is its own. */
  readonly see: (row: Decided) => void;
  /** Called once the batch is stored, and never when it is not. */
  readonly stored: () => Promise<void>;
};

export type IngestDeps = {
  readonly source: Source;
  readonly store: Store;
  /** The set in force now; read once for each batch. */
  readonly contracts: () => CompiledContractSet;
  /**
   * Asks a registry for schema ids that the set does not know; afterwards `contracts` knows those that exist. Throws
   * `Unavailable` when it cannot be asked: no decision yet. Absent without a registry.
   */
  readonly learnSchemaIds?: (ids: readonly string[]) => Promise<void>;
  readonly limits: FetchLimits;
  /** Shared by the streams of a gateway: how many records they settle at a time. No bound when absent. */
  readonly turns?: Turns;
  /** Whether the records of an entry are kept once the next one is applied. Kept when absent. */
  readonly evidence?: "keep" | "drop";
  /** Tells decisions once they are stored; absent when nobody asked for it. */
  readonly mirror?: Mirror;
  /**
   * Begins to look on at a batch: who sends which version, how another version would judge. `subject`: of the topic; null when
   * no contract is bound to it. Absent when nobody asked.
   */
  readonly onlook?: (stream: Stream, subject: string | null) => Onlooker;
  readonly observe: Observe;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** 0 <= x < 1, for jitter only. */
  readonly random: () => number;
};

/** First and longest pause after trouble with the source or the store, in milliseconds. */
const BACKOFF = { firstMs: 100, maxMs: 30_000 } as const;

/**
 * The order of effects, once.
 *
 *   acquire:  P1 read the tail   P2 redo it
 *   advance:  fetch  ->  P3 decide  ->  P4 ledger  ->  P5 documents  ->  P6 commit hint
 *
 * Trouble (`Unavailable`) means no decision yet: pause, then acquire again, which redoes whatever was begun. There is no
 * second way back. Losing the compare-and-swap of P4 leads there too. A halt ends the stream until a person acts.
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
  while (!signal.aborted) {
    try {
      // What an operator does while the stream is looked at, or as soon as its halt is shown, is meant for it.
      if (settled === null) actedFrom = await nextAction(deps.store.reads, actedFrom);
      const step: Step = settled === null ? await acquire(deps, stream) : await advance(deps, settled, signal, breaker);
      // Reading the tail proves nothing: what failed may be the store's writes, or a registry. Only a step forward ends it.
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
      const retryInMs = backoffMs(attempt, deps.random());
      attempt += 1;
      const { code, message, remedy } = error;
      deps.observe({ kind: "stream-paused", stream, code, message, remedy, retryInMs });
      await deps.sleep(retryInMs, signal);
    }
  }
  deps.observe({ kind: "stream-stopped", stream });
  return null;
}

/** A stream whose entries are all applied, the last one included. */
type Settled = {
  readonly stream: Stream;
  readonly note: StreamNote;
  readonly tail: LedgerEntry;
  /** What applying the tail did: the next entry says it. */
  readonly resolved: Resolved;
  readonly isReplay: boolean;
};

type Step =
  | { readonly kind: "at"; readonly settled: Settled }
  | { readonly kind: "idle" }
  /** Another owner wrote this seq first. */
  | { readonly kind: "lost" }
  | { readonly kind: "halted"; readonly halt: Halt };

type Batch = Extract<Fetched, { readonly kind: "records" }>;

/** P1 and P2. */
async function acquire(deps: IngestDeps, stream: Stream): Promise<Step> {
  const { source, store, observe } = deps;
  const tail = await store.tail(stream.id);
  if (tail === null) return begin(deps, stream);
  if (Number(tail.engine) > Number(ENGINE)) return { kind: "halted", halt: newerEngine(stream, tail) };
  // Before the log is asked: what is decided needs it no more.
  const redone = await redoTail(store, stream, tail);
  if (redone.kind !== "applied") return redone;
  const refused = await refuseLog(store.reads, source, stream, tail);
  if (refused !== null) return { kind: "halted", halt: refused };
  observe({ kind: "stream-checked", stream, position: tail.to });
  await tell(deps, stream, redone);
  await clearHalt(store, stream);
  observe({ kind: "tail-redone", stream, seq: tail.seq, count: tail.count });
  observe({ kind: "stream-acquired", stream, seq: tail.seq, hash: tail.hash, position: tail.to });
  const { resolved, isReplay } = redone;
  return { kind: "at", settled: { stream, note: await noteOf(store, stream), tail, resolved, isReplay } };
}

/** The stream that the topic and partition had before, when it was made anew or its log was replaced. */
async function predecessorOf({ reads }: Store, { number, topic, partition }: StreamNote): Promise<string> {
  const before = (await reads.streamNotes()).filter(
    (one) => one.topic === topic && one.partition === partition && one.number < number,
  );
  const last = before.at(-1);
  return last === undefined ? "" : `${SUCCEEDS}${last.stream}`;
}

async function noteOf(store: Store, { id, topic, partition }: Stream): Promise<StreamNote> {
  return store.streamNote({ stream: id, topic, partition });
}

async function tell({ mirror }: IngestDeps, { topic }: Stream, { told }: Applied): Promise<void> {
  if (mirror === undefined) return;
  const { facts, failed } = told();
  await mirror(topic, facts, failed);
}

/** A stream nobody has read yet begins at the start of its log. */
async function begin(deps: IngestDeps, stream: Stream): Promise<Step> {
  const refused = await refuseLog(deps.store.reads, deps.source, stream, null);
  if (refused !== null) return { kind: "halted", halt: refused };
  const { start } = await deps.source.bounds(stream);
  deps.observe({ kind: "stream-checked", stream, position: start });
  await completeStreamsBefore(deps.store, stream);
  await endStreamsBefore(deps.store, stream);
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
    note: await predecessorOf(deps.store, note),
  });
  if (!(await claim(deps.store, entry, null))) return { kind: "lost" };
  deps.observe({ kind: "stream-acquired", stream, seq: 0, hash: entry.hash, position: start });
  return { kind: "at", settled: { stream, note, tail: entry, resolved: NOTHING_APPLIED, isReplay: false } };
}

/** Fetch, then P3 to P6 for one batch. */
async function advance(deps: IngestDeps, settled: Settled, signal: AbortSignal, breaker: Breaker): Promise<Step> {
  const decided = await fetchAndDecide(deps, settled, signal, breaker);
  if (decided.kind !== "decided") return decided;
  try {
    return await settle(deps, settled, decided);
  } finally {
    decided.endTurn();
  }
}

/** A batch that is decided and not yet stored. No record of it is an object any more, but for the few its draft keeps. */
type DecidedBatch = {
  readonly kind: "decided";
  readonly entry: LedgerEntry;
  /** The evidence of the entry; null when it has no records. */
  readonly packed: Uint8Array | null;
  readonly draft: Draft;
  readonly collection: string;
  readonly set: CompiledContractSet;
  readonly onlooker: Onlooker | undefined;
  readonly endTurn: () => void;
};

/** Fetch and P3. Whoever waits for what follows holds nothing of what was fetched: this function is over. */
async function fetchAndDecide(
  deps: IngestDeps,
  settled: Settled,
  signal: AbortSignal,
  breaker: Breaker,
): Promise<DecidedBatch | Exclude<Step, { readonly kind: "at" }>> {
  const { stream, tail } = settled;
  const fetched = await deps.source.fetch(stream, tail.to, deps.limits, signal);
  switch (fetched.kind) {
    case "empty":
      return { kind: "idle" };
    case "below-start":
      return { kind: "halted", halt: logHalt("LOG_START_PASSED", stream, tail.to, `starts at ${fetched.logStart}`) };
    case "beyond-end":
      return { kind: "halted", halt: logHalt("LOG_TRUNCATED", stream, tail.to, `ends at ${fetched.logEnd}`) };
    case "records":
      break;
  }
  // Asked before the turn: a registry that does not answer holds up its own stream only.
  const set = await setFor(deps, fetched.read);
  const endTurn = (await deps.turns?.(fetched.count)) ?? ((): void => undefined);
  let decided: DecidedBatch | null = null;
  try {
    // Told to stop while it waited: nothing of this batch is decided yet.
    if (signal.aborted) return { kind: "idle" };
    const step = decideFetched(deps, settled, fetched, set, breaker);
    if (step.kind === "halted") return step;
    decided = { ...step, endTurn };
    return decided;
  } finally {
    if (decided === null) endTurn();
  }
}

/** P3. */
function decideFetched(
  deps: IngestDeps,
  { stream, note, tail, resolved }: Settled,
  fetched: Batch,
  set: CompiledContractSet,
  breaker: Breaker,
): Omit<DecidedBatch, "endTurn"> | Extract<Step, { readonly kind: "halted" }> {
  const { store, evidence = "keep" } = deps;
  const bound = set.byTopic.get(stream.topic);
  if (bound === undefined)
    throw new Error(`Cannot settle topic "${stream.topic}": contract set ${set.digest} does not bind it`);
  const onlooker = deps.onlook?.(stream, bound.contract.subject);
  const verdicts: boolean[] = [];
  const see = (row: Decided): void => {
    verdicts.push(row.kind === "failed");
    onlooker?.see(row);
  };
  const { from, to } = fetched;
  const decide = (record: SourceRecord): Decided => decideRecord(record, set, store.refusalOf);
  const draft = decideBatch(store, { stream: note, from, to, records: fetched.read() }, decide, see);
  const trip = breaker.check(verdicts);
  if (trip !== null) return { kind: "halted", halt: breakerHalt(stream, tail.to, trip) };
  const entry = entryFor(tail, fetched, draft.proof, { contractSet: set.digest, resolved, evidence });
  const packed = entry.count === 0 ? null : packEvidence(draft.evidence);
  return { kind: "decided", entry, packed, draft, collection: bound.contract.collection, set, onlooker };
}

/** P4 to P6 for one batch. */
async function settle(
  deps: IngestDeps,
  { stream, note, tail, isReplay }: Settled,
  { entry, packed, draft, collection, set, onlooker }: DecidedBatch,
): Promise<Step> {
  const { source, store, observe } = deps;
  if (entry.contractSet !== tail.contractSet) await store.putContractSet(set.digest, set.text);
  const applied = await store.unit(async (writes): Promise<Applied | { kind: "lost" }> => {
    if (!(await claim(writes, entry, packed))) return { kind: "lost" };
    const done = await applyDraft(writes, collection, draft, isReplay);
    if (tail.note === EVIDENCE_DROPPED) await writes.dropEvidence(tail.stream, tail.seq);
    return done;
  });
  if (applied.kind === "lost") {
    observe({ kind: "ledger-lost", stream, seq: entry.seq });
    return applied;
  }
  // Before the next entry can be written: only the tail is ever told again.
  await tell(deps, stream, applied);
  draft.facts.release();
  draft.failed.release();
  await onlooker?.stored();
  source.commitHint(stream, entry.to);
  const { stored, duplicates, conflicts, failures } = applied;
  const { seq, hash, from, to, count, contractSet } = entry;
  const decidedHow = { stored, duplicates, conflicts, failures };
  observe({ kind: "batch-settled", stream, seq, hash, from, to, count, contractSet, ...decidedHow });
  return { kind: "at", settled: { stream, note, tail: entry, resolved: applied.resolved, isReplay: applied.isReplay } };
}

/** The set in force, once it knows of every schema id in the batch what a registry says of it. */
async function setFor(deps: IngestDeps, read: Batch["read"]): Promise<CompiledContractSet> {
  const set = deps.contracts();
  if (deps.learnSchemaIds === undefined) return set;
  const unknown = new Set(
    read()
      .flatMap(schemaIdsOf)
      .filter((id) => !set.schemaIds.has(id)),
  );
  if (unknown.size === 0) return set;
  await deps.learnSchemaIds([...unknown]);
  return deps.contracts();
}

/** P4: the entry is ours when we inserted it, or when what is there is the very same entry (a lost acknowledgement). */
async function claim(writes: StoreWrites, entry: LedgerEntry, packed: Uint8Array | null): Promise<boolean> {
  if ((await writes.insertLedger(entry, packed)) === "inserted") return true;
  const there = await writes.ledgerEntry(entry.stream, entry.seq);
  return there?.hash === entry.hash;
}

/** Doubles from first to longest, with full jitter on the upper half. */
export function backoffMs(attempt: number, random: number): number {
  const ceiling = Math.min(BACKOFF.maxMs, BACKOFF.firstMs * 2 ** Math.min(attempt, 16));
  return Math.round(ceiling / 2 + (random * ceiling) / 2);
}

/** What a newer program decided can be told by it alone, and the engines of a chain never go back. */
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

function logHalt(code: "LOG_START_PASSED" | "LOG_TRUNCATED", stream: Stream, position: bigint, state: string): Halt {
  return {
    code,
    message: `Cannot read ${stream.topic}/${stream.partition} on from offset ${position}: its log ${state}`,
    remedy:
      code === "LOG_START_PASSED"
        ? "restore the log, or record the loss with `sigma streams accept-gap`"
        : "the log lost records that were already decided; restore it, or begin a new topic",
  };
}
