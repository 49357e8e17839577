import { recordAction, type Operator } from "../gateway/operate.ts";
import type { Log, OffsetRange, Source } from "../source/source.ts";
import { erasedDetail, followErasures, type Erasure } from "../operator/erasures.ts";
import { EVIDENCE_DROPPED } from "../ledger/entry.ts";
import type { Store, StreamNote } from "../store/store.ts";
import { eraseEntry } from "./erase-entry.ts";
import { createEntryReader, type EntryReader } from "./opened.ts";
import { sealBehind } from "./seal.ts";
import type { PlannedEntry } from "./select.ts";

/** A store, and the log beside it; null where it is not at hand. */
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
  /** Records that are erased now and were not before. */
  readonly records: number;
  /** Whether nothing that was announced is left to be done, here or by anybody before. */
  readonly isComplete: boolean;
  /** Whether the log is one that the records could be taken out of: a broker's own is not. */
  readonly isLogErased: boolean;
  /** What could not be erased, a sentence each. */
  readonly faults: readonly string[];
};

/**
 * Erases what was planned, and completes what was announced before and left. What the ledger says of each record stays: where it was,
 * whether it passed, under which identity, and digests.
 *
 * For each entry: announced, evidence replaced, documents replaced. Then the log gives the records up, files are written anew without
 * what was removed, and at last the operator log says that it is done. Ended in between, {@link completeErasures} goes on.
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

/** Completes every erasure that was announced and is not known to be done. */
export async function completeErasures(erasing: Erasing, options: EraseOptions): Promise<EraseReport> {
  return complete(newRun(erasing, options));
}

type Run = {
  readonly erasing: Erasing;
  readonly options: EraseOptions;
  readonly reader: EntryReader;
  readonly faults: string[];
  /** What this run has erased of entries, and the entries of which it could not. */
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
    await takeOutOfLog(run, finished);
    await store.scrub();
    await log?.scrub?.();
    await recordDone(run, pending, finished);
  }
  const isComplete = finished.length === pending.length;
  return { records: run.records, isComplete, isLogErased: log?.erase !== undefined, faults: run.faults };
}

/** More may be announced on the way: by others, and for an entry of which several were announced and not done. */
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

/** Does what is not done yet. @returns those whose evidence and documents are as announced. */
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
    // What several announced of an entry is looked at once more: the last may not be what came.
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

async function takeOutOfLog({ erasing: { log } }: Run, finished: readonly Erasure[]): Promise<void> {
  if (log?.erase === undefined) return;
  for (const stream of await log.streams()) {
    const ranges = finished.filter((one) => one.stream === stream.id).flatMap((one) => one.ranges);
    if (ranges.length > 0) await log.erase(stream, ranges);
  }
}

/** Of each stream up to the first that is not done. */
async function recordDone(run: Run, pending: readonly Erasure[], finished: readonly Erasure[]): Promise<void> {
  const { store } = run.erasing;
  for (const stream of new Set(finished.map((one) => one.stream))) {
    const own = pending.filter((one) => one.stream === stream);
    const left = own.findIndex((one) => !finished.includes(one));
    const through = own.at(left === -1 ? -1 : left - 1);
    if (through === undefined || left === 0) continue;
    const detail = erasedDetail(through.action.seq);
    await recordAction(store, { ...run.options.operator, action: "erased", target: stream, detail });
    for (const { seq } of finished.filter((one) => one.stream === stream)) await dropWhatGoes(store, stream, seq);
  }
}

/** An entry whose evidence was to go (evidence: drop) kept it only as long as nothing was behind it. */
async function dropWhatGoes(store: Store, stream: StreamNote["stream"], seq: number): Promise<void> {
  if ((await store.ledgerEntry(stream, seq))?.note === EVIDENCE_DROPPED) await store.dropEvidence(stream, seq);
}
