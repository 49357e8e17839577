import { recordWhen, type Operator } from "../gateway/operate.ts";
import { createErasureBook } from "../operator/erasures.ts";
import { sealBehind } from "../gateway/seal.ts";
import {
  createFloorBook,
  floorDetail,
  followFloors,
  retainedDetail,
  type Floor,
  type RetainedDocuments,
} from "../operator/floors.ts";
import type { OperatorAction } from "../ledger/operator-log.ts";
import { entriesWithNext } from "../store/ledger-walk.ts";
import type { DocumentPlace, Store } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { openCollections, openEntryDocuments } from "./entries.ts";
import { openOutdating } from "./facts.ts";
import type { PlannedFloor, RetentionPlan } from "./plan.ts";

export type RunOptions = {
  /** Who says so and when. The reason of an announcement is the term that it follows from. */
  readonly operator: Omit<Operator, "reason">;
  readonly signal: AbortSignal;
  readonly onProgress?: (removed: number) => void;
  /** Called between two deletions, so that others get at the store. */
  readonly pause?: () => Promise<void>;
};

export type RetentionReport = {
  /** How many documents the floors took that this run announced, with the records whose evidence they took; `evidence`: these alone. */
  readonly announced: number;
  readonly evidence: number;
  /** How many deletions were asked of the store, those of interrupted runs included. */
  readonly removed: number;
  /** Whether everything that is announced is done. */
  readonly isComplete: boolean;
  /** Why something stays that is too old, a sentence each. */
  readonly faults: readonly string[];
};

/** Documents in one deletion. */
const AT_ONCE = 1_000;

/**
 * Takes what a plan found, and completes what earlier runs announced. Each floor is announced in the operator log before anything of it
 * goes, and recorded as done at the end: after an interruption any run goes on. Two runs at a time do no harm, because a floor rises
 * once, and to delete again changes nothing.
 */
export async function runRetention(store: Store, plan: RetentionPlan, options: RunOptions): Promise<RetentionReport> {
  const faults = [...plan.faults];
  let [announced, evidence] = [0, 0];
  for (const planned of plan.floors) {
    if (options.signal.aborted) break;
    const fault = await announce(store, planned, options);
    if (fault === null) {
      announced += planned.removed;
      if (planned.kind === "evidence") evidence += planned.removed;
    } else if (fault !== "") faults.push(fault);
  }
  const completed = await completeRetention(store, options);
  return { ...completed, announced, evidence, faults: [...faults, ...completed.faults] };
}

/** @returns null when it is announced; "" when another run was first; a sentence when it cannot be. */
async function announce(store: Store, planned: PlannedFloor, { operator }: RunOptions): Promise<string | null> {
  const { note, kind, seq, base, term, beforeMs } = planned;
  const { stream, topic, partition } = note;
  const sealed = await sealBehind(store, note, seq - 1);
  if (sealed !== null) return sealed;
  const book = createFloorBook();
  const erasures = createErasureBook();
  const see = (one: OperatorAction): void => {
    book.see(one);
    erasures.see(one);
  };
  const reason = `${term.says}: recorded before ${timeText(beforeMs)}`;
  const action = { ...operator, reason, action: "retain", target: stream, detail: floorDetail(planned) } as const;
  return recordWhen(store, see, () => {
    const now = book.of({ ...planned, stream })?.seq ?? 0;
    if (now !== base) return { refused: "" };
    const isErasing = erasures.pending().some((one) => one.stream === stream && one.seq < seq);
    const evidence = book.of({ stream, kind: "evidence", collection: "" })?.seq ?? 0;
    // Evidence that went since the plan was made may have been that of the facts.
    if (kind === "facts" && evidence !== planned.evidence) return { refused: "" };
    if (kind === "evidence" && isErasing)
      return { refused: `Records of ${topic}/${partition} are being erased; run it again` };
    return { record: action };
  });
}

function timeText(ms: number): string {
  return new Date(Math.max(0, ms)).toISOString();
}

/** Completes every floor that is announced and not recorded as done. */
export async function completeRetention(
  store: Store,
  options: RunOptions,
): Promise<Omit<RetentionReport, "announced" | "evidence">> {
  const notes = new Map((await store.reads.streamNotes()).map((note) => [note.stream, note]));
  const book = await followFloors(store.reads)();
  const faults: string[] = [];
  let removed = 0;
  const byStream = Map.groupBy(book.pending(), ({ stream }) => stream);
  let left = byStream.size;
  for (const [stream, pending] of byStream) {
    const note = notes.get(stream);
    if (note === undefined) continue;
    const own: string[] = [];
    // Facts are found by their evidence, so it goes last, and not before they are gone.
    const inOrder = pending.toSorted((a, b) => Number(a.kind === "evidence") - Number(b.kind === "evidence"));
    for (const floor of inOrder) {
      if (floor.kind === "evidence" && (own.length > 0 || options.signal.aborted)) break;
      const before = book.all().filter((one) => isBefore(one, floor) && !pending.includes(one));
      const from = Math.max(0, ...before.map(({ seq }) => seq));
      const done = await takeAway(store, note, floor, from, options, removed);
      removed = done.removed;
      if (done.fault !== null) own.push(done.fault);
    }
    faults.push(...own);
    if (options.signal.aborted || own.length > 0) continue;
    await recordDone(store, pending, options);
    left -= 1;
  }
  return { removed, isComplete: left === 0, faults };
}

/** Deletes once more what is under the floors: who was held up while they rose may have written documents behind them. */
export async function sweep(store: Store, options: RunOptions): Promise<{ readonly faults: readonly string[] }> {
  const notes = new Map((await store.reads.streamNotes()).map((note) => [note.stream, note]));
  const book = await followFloors(store.reads)();
  const faults: string[] = [];
  for (const floor of book.all()) {
    const note = notes.get(floor.stream);
    if (note === undefined || book.of(floor) !== floor) continue;
    const { fault } = await takeAway(store, note, floor, 0, options, 0);
    if (fault !== null) faults.push(fault);
  }
  return { faults };
}

function isBefore(one: Floor, { stream, kind, collection, seq }: Floor): boolean {
  return one.stream === stream && one.kind === kind && one.collection === collection && one.seq < seq;
}

const KIND: Readonly<Record<RetainedDocuments, DocumentPlace["kind"]>> = { failed: "failed", receipts: "receipt" };

/** How many deletions were asked for by now, and why no more can be. */
type TakenAway = { readonly removed: number; readonly fault: string | null };

/** Deletes what lies between two floors, from the oldest on. */
async function takeAway(
  store: Store,
  note: StreamNote,
  floor: Floor,
  from: number,
  options: RunOptions,
  before: number,
): Promise<TakenAway> {
  const { kind } = floor;
  switch (kind) {
    case "evidence":
      return takeEvidence(store, note, floor, from, options, before);
    case "facts":
      return takeFacts(store, note, floor, from, options, before);
    case "failed":
    case "receipts":
      return takeDocuments(store, note, { ...floor, kind }, from, options, before);
  }
}

/** Replaces facts by tombstones, which keep their ids. */
async function takeFacts(
  store: Store,
  note: StreamNote,
  { collection, seq }: Floor,
  from: number,
  { signal, onProgress, pause }: RunOptions,
  before: number,
): Promise<TakenAway> {
  const outdate = openOutdating(store);
  const collections = openCollections(store.reads);
  let removed = before;
  for await (const { entry, next } of entriesWithNext(store.reads, note.stream, from)) {
    if (signal.aborted || entry.seq > seq - 1) break;
    if (entry.count === 0 || (await collections.of(note, entry)) !== collection) continue;
    const done = await outdate(note, entry, next);
    if (typeof done === "string") return { removed, fault: done };
    removed += done;
    onProgress?.(removed);
    if (done > 0) await pause?.();
  }
  return { removed, fault: null };
}

/** Each entry behind the other, so that what an interrupted run left is one piece. */
async function takeEvidence(
  store: Store,
  note: StreamNote,
  { seq }: Floor,
  from: number,
  { signal, onProgress, pause }: RunOptions,
  before: number,
): Promise<TakenAway> {
  let removed = before;
  for await (const { entry } of entriesWithNext(store.reads, note.stream, from)) {
    if (signal.aborted || entry.seq >= seq) break;
    if (entry.count === 0) continue;
    await store.dropEvidence(note.stream, entry.seq);
    removed += entry.count;
    onProgress?.(removed);
    await pause?.();
  }
  return { removed, fault: null };
}

async function takeDocuments(
  store: Store,
  note: StreamNote,
  { kind, collection, seq }: Pick<Floor, "collection" | "seq"> & { readonly kind: RetainedDocuments },
  from: number,
  { signal, onProgress, pause }: RunOptions,
  before: number,
): Promise<TakenAway> {
  const documentsOf = openEntryDocuments(store.reads);
  const collections = openCollections(store.reads);
  let removed = before;
  let waiting: bigint[] = [];
  const flush = async (): Promise<void> => {
    if (waiting.length === 0) return;
    const keys = waiting.map((offset) => ({ id: "", offset }));
    await store.removeDocuments(collection, note, KIND[kind], keys);
    removed += waiting.length;
    waiting = [];
    onProgress?.(removed);
    await pause?.();
  };
  for await (const { entry, next } of entriesWithNext(store.reads, note.stream, from)) {
    if (entry.seq >= seq || signal.aborted) break;
    const isAbout = entry.count > 0 && (collection === "" || (await collections.of(note, entry)) === collection);
    const documents = isAbout ? await documentsOf(note, entry, next) : null;
    if (isAbout && documents === null)
      return {
        removed,
        fault: `Entry ${entry.seq + 1} of ${note.topic}/${note.partition} does not say what is stored`,
      };
    for (const offset of documents?.[kind] ?? []) {
      waiting.push(offset);
      if (waiting.length === AT_ONCE) await flush();
    }
  }
  await flush();
  return { removed, fault: null };
}

async function recordDone(store: Store, pending: readonly Floor[], { operator }: RunOptions): Promise<void> {
  const [first] = pending;
  if (first === undefined) return;
  const through = Math.max(...pending.map(({ action }) => action.seq));
  const book = createFloorBook();
  const detail = retainedDetail(through);
  const reason = first.action.reason;
  const action: Omit<OperatorAction, "seq" | "prevHash" | "hash"> = {
    ...operator,
    reason,
    action: "retained",
    target: first.stream,
    detail,
  };
  await recordWhen(store, book.see, () =>
    // Another run may have recorded it.
    book.pending().some((one) => one.stream === first.stream && one.action.seq <= through)
      ? { record: action }
      : { refused: "done" },
  );
}
