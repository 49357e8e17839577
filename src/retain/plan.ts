import { EVIDENCE_DROPPED, type LedgerEntry } from "../ledger/entry.ts";
import { evidenceGone } from "../gateway/entry-records.ts";
import { followErasures, type ErasureBook } from "../operator/erasures.ts";
import { followFloors, type Floor, type FloorBook, type RetainedKind } from "../operator/floors.ts";
import { entriesWithNext } from "../store/ledger-walk.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import {
  openCollections,
  openEntryDocuments,
  type Collections,
  type EntryDocuments,
  type EntryDocumentsOf,
} from "./entries.ts";
import type { Policy, Term } from "./policy.ts";

/** A floor that is to be announced. */
export type PlannedFloor = Omit<Floor, "action" | "stream"> & {
  readonly note: StreamNote;
  /** The floor there was when the plan was made: its seq; 0 without one. */
  readonly base: number;
  /** The floor of the stream's evidence that there was: its seq; 0 without one. */
  readonly evidence: number;
  readonly term: Term;
  /** The time up to which records are too old, in milliseconds since the epoch. */
  readonly beforeMs: number;
};

export type RetentionPlan = {
  readonly floors: readonly PlannedFloor[];
  /** How many documents would go, with the records whose evidence would; `evidence`: how many of these. */
  readonly removed: number;
  readonly evidence: number;
  /** Why something stays that is too old, a sentence each. */
  readonly faults: readonly string[];
};

export type PlanOptions = {
  readonly policy: Policy;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (entries: number) => void;
};

/** The most groups that one announcement names. It is one document of the store. */
const GROUPS_MAX = 20_000;

/** A floor under which nothing goes is announced only if it saves so many entries from being looked at again. */
const ENTRIES_WORTH_IT = 1_000;

/**
 * Finds what is too old, stream by stream from the oldest entry on. An entry is as old as its newest record; one whose time lies in
 * the future, which nobody can believe, is as old as the next entry. Where an entry is young enough, it and all behind it stay.
 * Writes nothing.
 */
export async function planRetention(reads: StoreReads, options: PlanOptions): Promise<RetentionPlan> {
  const deps = {
    reads,
    options,
    book: await followFloors(reads)(),
    erasures: await followErasures(reads)(),
    collections: openCollections(reads),
    documentsOf: openEntryDocuments(reads),
    faults: [] as string[],
    entries: 0,
  };
  const floors: PlannedFloor[] = [];
  for (const note of await reads.streamNotes()) {
    if (options.signal.aborted) break;
    floors.push(...(await planStream(deps, note)));
  }
  const evidence = removedBy(floors.filter(({ kind }) => kind === "evidence"));
  return { floors, removed: removedBy(floors), evidence, faults: deps.faults };
}

function removedBy(floors: readonly PlannedFloor[]): number {
  return floors.reduce((sum, { removed }) => sum + removed, 0);
}

type Planning = {
  readonly reads: StoreReads;
  readonly options: PlanOptions;
  readonly book: FloorBook;
  readonly erasures: ErasureBook;
  readonly collections: Collections;
  readonly documentsOf: EntryDocumentsOf;
  readonly faults: string[];
  entries: number;
};

/** What a floor would take. */
type Taken = { readonly seq: number; readonly offset: bigint; readonly behind: string };

/** How far a floor can rise, while the entries are walked. */
type Rising = {
  readonly kind: RetainedKind;
  readonly collection: string;
  readonly term: Term;
  readonly base: number;
  readonly evidence: number;
  /** The floor as far as it is sure, and what is under it, failures also by group. */
  taken: Taken | null;
  removed: number;
  readonly groups: Map<string, number>;
  /** Entries of which it is not known yet whether they are too old. */
  waiting: (Going & { readonly at: Taken })[];
  isOver: boolean;
};

/** What goes of an entry: how many, and of failures the offsets. */
type Going = { readonly count: number; readonly failures: readonly bigint[] };

async function planStream(deps: Planning, note: StreamNote): Promise<readonly PlannedFloor[]> {
  const { reads, options } = deps;
  const rising = await risingOf(deps, note);
  if (rising.length === 0) return [];
  const first = Math.min(...rising.map(({ base }) => base));
  for await (const { entry, next } of entriesWithNext(reads, note.stream, first)) {
    deps.entries += 1;
    options.onProgress?.(deps.entries);
    if (options.signal.aborted) return [];
    await rise(deps, note, rising, entry, next);
    if (rising.every(({ isOver }) => isOver)) break;
  }
  return rising.flatMap(({ taken, removed, term, ...one }): readonly PlannedFloor[] => {
    const { kind, collection, base, evidence, groups } = one;
    if (taken === null || (removed === 0 && taken.seq - base < ENTRIES_WORTH_IT)) return [];
    const beforeMs = options.nowMs - term.ms;
    return [{ note, kind, collection, ...taken, base, evidence, removed, groups, term, beforeMs }];
  });
}

async function risingOf({ book, collections, options }: Planning, note: StreamNote): Promise<readonly Rising[]> {
  const { stream, topic } = note;
  const places: (readonly [RetainedKind, string])[] = [["receipts", ""]];
  for (const collection of await collections.ofTopic(topic)) places.push(["failed", collection], ["facts", collection]);
  places.push(["evidence", ""]);
  const evidence = book.of({ stream, kind: "evidence", collection: "" })?.seq ?? 0;
  return places.flatMap(([kind, collection]): readonly Rising[] => {
    const term = options.policy(kind, collection);
    if (term === null) return [];
    const base = book.of({ stream, kind, collection })?.seq ?? 0;
    const none = { taken: null, removed: 0, groups: new Map<string, number>(), waiting: [], isOver: false };
    return [{ kind, collection, term, base, evidence, ...none }];
  });
}

async function rise(
  deps: Planning,
  note: StreamNote,
  rising: readonly Rising[],
  entry: LedgerEntry,
  next: LedgerEntry | null,
): Promise<void> {
  const open = rising.filter(({ isOver, base }) => !isOver && entry.seq >= base);
  if (open.length === 0) return;
  const collection = await deps.collections.of(note, entry);
  const { nowMs, policy } = deps.options;
  // Facts are found by their evidence, so it stays as long as they do.
  const factsMs = collection === null ? 0 : (policy("facts", collection)?.ms ?? 0);
  let documents: Promise<EntryDocuments | null> | null = null;
  const documentsOf = async (): Promise<EntryDocuments | null> => (documents ??= deps.documentsOf(note, entry, next));
  for (const one of open) {
    const isAbout = entry.count > 0 && (one.collection === "" || one.collection === collection);
    const ms = one.kind === "evidence" ? Math.max(one.term.ms, factsMs) : one.term.ms;
    if (isAbout && entry.newestMs <= nowMs && entry.newestMs >= nowMs - ms) {
      one.isOver = true;
      continue;
    }
    // The last entry stays where it is without records: nothing of it goes, and nothing needs to follow it.
    if (next === null && !isAbout) continue;
    const going = isAbout ? await goingOf(deps, one.kind, entry, documentsOf) : NOTHING;
    if (typeof going === "string") {
      giveUp(deps, one, `${placeOf(note, entry)} ${going}`);
      continue;
    }
    one.waiting.push({ ...going, at: { seq: entry.seq + 1, offset: entry.to, behind: entry.hash } });
    // Who claims a time in the future says nothing about when it was, and neither does an entry without such documents.
    if (!isAbout || entry.newestMs > nowMs) continue;
    await take(deps, note, one);
  }
}

const NOTHING: Going = { count: 0, failures: [] };

/** What goes of an entry; why nothing can go, as the end of a sentence. */
async function goingOf(
  { erasures, book }: Planning,
  kind: RetainedKind,
  entry: LedgerEntry,
  documentsOf: () => Promise<EntryDocuments | null>,
): Promise<Going | string> {
  if (kind === "evidence") {
    // Whoever completes an erasure needs the evidence for it.
    const announced = erasures.of(entry);
    if (announced.length > 0 && erasures.pending().some((one) => announced.includes(one)))
      return "has records whose erasure is not complete; run sigma erase --resume, then again";
    return { count: entry.note === EVIDENCE_DROPPED ? 0 : entry.count, failures: [] };
  }
  const documents = await documentsOf();
  if (documents === null) return "is not said by the next one what became of it";
  if (kind === "facts" && documents.facts.length > 0 && evidenceGone(book, entry) !== null)
    return "has facts that stay: its evidence, which says what they are, is gone";
  return { count: documents[kind].length, failures: kind === "failed" ? documents.failed : [] };
}

/** Takes what waited: the entries are too old. */
async function take(deps: Planning, note: StreamNote, one: Rising): Promise<void> {
  const offsets = one.waiting.flatMap(({ failures }) => failures);
  const groups = offsets.length > 0 ? await groupsOf(deps, note, one, offsets) : NO_GROUPS;
  if (groups === null) return;
  const isFull = new Set([...one.groups.keys(), ...groups.keys()]).size > GROUPS_MAX;
  // The rest goes with the next run.
  if (isFull) return void (one.isOver = true);
  for (const [fingerprint, count] of groups) one.groups.set(fingerprint, (one.groups.get(fingerprint) ?? 0) + count);
  one.removed += one.waiting.reduce((sum, { count }) => sum + count, 0);
  one.taken = one.waiting.at(-1)?.at ?? one.taken;
  one.waiting = [];
}

const NO_GROUPS: ReadonlyMap<string, number> = new Map();

/** The groups of the failures that go; null when the store lacks some of them: what is announced is what was there. */
async function groupsOf(
  deps: Planning,
  note: StreamNote,
  one: Rising,
  offsets: readonly bigint[],
): Promise<ReadonlyMap<string, number> | null> {
  const groups = await deps.reads.groupsAt(one.collection, note, offsets);
  const stored = [...groups.values()].reduce((sum, count) => sum + count, 0);
  const isNamed = [...groups.keys()].every((fingerprint) => /^[0-9a-f]{32}$/.test(fingerprint));
  if (stored === offsets.length && isNamed) return groups;
  const range = `offsets ${offsets[0]} to ${offsets.at(-1)} of ${note.topic}/${note.partition}`;
  const why = isNamed ? `${offsets.length - stored} are not stored` : "some were changed";
  giveUp(deps, one, `Of the ${offsets.length} failures at ${range}, ${why}; run sigma store repair, then again`);
  return null;
}

function giveUp({ faults }: Planning, one: Rising, fault: string): void {
  one.isOver = true;
  if (!faults.includes(fault)) faults.push(fault);
}

function placeOf({ topic, partition }: StreamNote, { seq }: LedgerEntry): string {
  return `Entry ${seq} of ${topic}/${partition}`;
}
