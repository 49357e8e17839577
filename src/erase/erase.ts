import { recordAction, type Operator } from "../gateway/operate.ts";
import type { Log, OffsetRange, Source } from "../source/source.ts";
import { erasedDetail, followErasures, type Erasure } from "../operator/erasures.ts";
import { EVIDENCE_DROPPED } from "../ledger/entry.ts";
import type { Store } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { eraseEntry } from "./erase-entry.ts";
import { createEntryReader, type EntryReader } from "./opened.ts";
import { sealBehind } from "../gateway/seal.ts";
import type { PlannedEntry } from "./select.ts";

/** A store to erase records in, and its log; null when the log is not available. */
export type Erasing = {
  readonly store: Store;
  readonly log: (Pick<Source, "streams"> & Pick<Log, "erase" | "scrub">) | null;
};

export type EraseOptions = {
  readonly operator: Operator;
  readonly signal: AbortSignal;
  readonly onProgress?: (records: number) => void;
};

export type EraseReport = {
  /** Number of records that were newly erased. */
  readonly records: number;
  /** Whether every announced erasure is done, those of earlier runs included. */
  readonly isComplete: boolean;
  /** Whether the log can erase records: the embedded log can, a broker's cannot. */
  readonly isLogErased: boolean;
  /** The reasons why records could not be erased, a sentence each. */
  readonly faults: readonly string[];
};

/**
 * Erases the planned records, and completes erasures that earlier runs announced. The ledger keeps what it records of each record:
 * its position, its outcome, its identity and digests.
 *
 * Each entry goes through three steps: announcement, new evidence, new documents. Then the records are erased from the log, files are
 * rewritten without remains of deleted data, and at last the operator log records that the erasures are done. After an interruption
 * {@link completeErasures} continues.
 */
export async function eraseRecords(
  erasing: Erasing,
  planned: readonly PlannedEntry[],
  options: EraseOptions,
): Promise<EraseReport> {
  const run = newRun(erasing, options);
  for (const one of planned) {
    if (options.signal.aborted) break;
    const fault = await sealBehind(erasing.store, one.note, one.seq);
    if (fault === null) await eraseOne(run, one, options.operator);
    else run.faults.push(fault);
  }
  return complete(run);
}

/** Completes every erasure that is announced and not recorded as done. */
export async function completeErasures(erasing: Erasing, options: EraseOptions): Promise<EraseReport> {
  return complete(newRun(erasing, options));
}

type Run = {
  readonly erasing: Erasing;
  readonly options: EraseOptions;
  readonly reader: EntryReader;
  readonly faults: string[];
  /** The offsets that this run has erased, by entry; `failed` are the entries where it could not. */
  readonly done: Map<string, readonly OffsetRange[]>;
  readonly failed: Set<string>;
  records: number;
};

function newRun(erasing: Erasing, options: EraseOptions): Run {
  const reader = createEntryReader(erasing.store.reads);
  return { erasing, options, reader, faults: [], done: new Map(), failed: new Set(), records: 0 };
}

async function eraseOne(run: Run, one: PlannedEntry, who: Operator): Promise<boolean> {
  const erased = await eraseEntry(run.erasing.store, run.reader, one, who);
  const key = keyOf(one.note.stream, one.seq);
  if ("fault" in erased) {
    run.failed.add(key);
    run.faults.push(erased.fault);
    return false;
  }
  run.records += erased.records;
  run.options.onProgress?.(run.records);
  run.done.set(key, [...(run.done.get(key) ?? []), ...one.ranges]);
  return true;
}

function keyOf(stream: string, seq: number): string {
  return `${stream}|${seq}`;
}

async function complete(run: Run): Promise<EraseReport> {
  const { store, log } = run.erasing;
  const { pending, finished } = await finishAll(run);
  if (finished.length > 0) {
    await eraseFromLog(run, finished);
    await store.scrub();
    await log?.scrub?.();
    await recordDone(run, pending, finished);
  }
  const isComplete = finished.length === pending.length;
  return { records: run.records, isComplete, isLogErased: log?.erase !== undefined, faults: run.faults };
}

/** Rounds over pending erasures. More may be announced meanwhile, by other processes or again for an entry with several of them. */
const ROUNDS_MAX = 20;

type Finished = { readonly pending: readonly Erasure[]; readonly finished: readonly Erasure[] };

async function finishAll(run: Run): Promise<Finished> {
  const follow = followErasures(run.erasing.store.reads);
  let pending = (await follow()).pending();
  let finished = await finish(run, pending);
  for (let rounds = 1; rounds < ROUNDS_MAX; rounds += 1) {
    const now = (await follow()).pending();
    if (now.length === pending.length) break;
    pending = now;
    finished = await finish(run, pending);
  }
  return { pending, finished };
}

/** Executes the pending erasures. @returns those whose evidence and documents are now as announced. */
async function finish(run: Run, pending: readonly Erasure[]): Promise<readonly Erasure[]> {
  const { options, failed } = run;
  const notes = new Map((await run.erasing.store.reads.streamNotes()).map((note) => [note.stream, note]));
  const finished: Erasure[] = [];
  for (const one of pending) {
    const { stream, seq, ranges, action } = one;
    if (options.signal.aborted) break;
    const note = notes.get(stream);
    if (failed.has(keyOf(stream, seq)) || note === undefined) continue;
    const { reason } = action;
    // An entry with several pending erasures is always processed again: its evidence may not be what the last one announced.
    const isOnly = !pending.some((other) => other !== one && other.stream === stream && other.seq === seq);
    if ((isOnly && isDone(run, one)) || (await eraseOne(run, { note, seq, ranges }, { ...options.operator, reason })))
      finished.push(one);
  }
  return finished;
}

function isDone({ done }: Run, { stream, seq, ranges }: Erasure): boolean {
  const erased = done.get(keyOf(stream, seq)) ?? [];
  return ranges.every(({ from, to }) => erased.some((one) => one.from <= from && to <= one.to));
}

async function eraseFromLog({ erasing: { log } }: Run, finished: readonly Erasure[]): Promise<void> {
  if (log?.erase === undefined) return;
  for (const stream of await log.streams()) {
    const ranges = finished.filter((one) => one.stream === stream.id).flatMap((one) => one.ranges);
    if (ranges.length > 0) await log.erase(stream, ranges);
  }
}

/** Records erasures as done, for each stream up to the first one that is not. */
async function recordDone(run: Run, pending: readonly Erasure[], finished: readonly Erasure[]): Promise<void> {
  const { store } = run.erasing;
  for (const stream of new Set(finished.map((one) => one.stream))) {
    const own = pending.filter((one) => one.stream === stream);
    const left = own.findIndex((one) => !finished.includes(one));
    const through = own.at(left === -1 ? -1 : left - 1);
    if (through === undefined || left === 0) continue;
    const detail = erasedDetail(through.action.seq);
    await recordAction(store, { ...run.options.operator, action: "erased", target: stream, detail });
    for (const { seq } of finished.filter((one) => one.stream === stream)) await dropDueEvidence(store, stream, seq);
  }
}

/** Drops the evidence of an entry where that is due (evidence: drop): the entry was the tail, and has a successor now. */
async function dropDueEvidence(store: Store, stream: StreamNote["stream"], seq: number): Promise<void> {
  if ((await store.ledgerEntry(stream, seq))?.note === EVIDENCE_DROPPED) await store.dropEvidence(stream, seq);
}
