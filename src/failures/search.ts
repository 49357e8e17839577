import { exactInteger } from "../json/exact-integer.ts";
import type { FailureOrder, FailurePlace, FailureRecord } from "../store/failures.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { queryOf, readCursor, writeCursor, type Cursor } from "./cursor.ts";
import { isWanted, type FailureFilter } from "./filter.ts";
import type { GroupStateKind } from "./group-state.ts";
import type { Redaction } from "./redact.ts";

/** A page of failures, newest first. */
export type FailurePage = {
  readonly failures: readonly FailureRecord[];
  /** Where the next page begins; null at the end. A page that looked at many failures may have few, or none, and still a cursor. */
  readonly next: string | null;
  /** How many failures were looked at. */
  readonly looked: number;
};

export type Search = {
  readonly filter: FailureFilter;
  readonly cursor: string | null;
  /** The most failures in the page. */
  readonly limit: number;
  readonly withPayload: boolean;
  /** The state of a group now. */
  readonly stateOf: (fingerprint: string) => GroupStateKind;
  /** What is not shown is not found either. */
  readonly redaction: Redaction;
  /** Whether failures of a stream are left out. */
  readonly isLeftOut: (stream: StreamNote) => boolean;
};

/** One page looks at so many failures, and no more: it answers in time however few pass the filter. */
const LOOKED_MAX = 1_000;
/** The same where payloads are read, which are up to 64 KiB each. */
const LOOKED_WITH_PAYLOAD_MAX = 500;
/** The most failures that are read at once. The first read takes no more than the page has room for; each further one four times as many. */
const CHUNK_MAX = 1_000;
/** The same with payloads: 16 MiB at most. */
const CHUNK_WITH_PAYLOAD_MAX = 250;

/** The reads that a search takes. */
export type SearchReads = Pick<
  StoreReads,
  "failureCollections" | "failurePage" | "failureRecord" | "failuresFrom" | "streamNotes"
>;

/**
 * Finds failures. The order is the timestamp, latest first, and then the place; a page continues behind a place, so failures that arrive
 * meanwhile move nothing: those with later timestamps come before the first page.
 * @returns "foreign-cursor" for a cursor that is damaged or of another query.
 */
export async function searchFailures(reads: SearchReads, search: Search): Promise<FailurePage | "foreign-cursor"> {
  const query = queryOf(search.filter);
  const from = search.cursor === null ? null : readCursor(search.cursor, query);
  if (search.cursor !== null && from === null) return "foreign-cursor";
  const filter = from === null ? search.filter : { ...search.filter, fromMs: from.fromMs, toMs: from.toMs };
  const { topic, partition, offset } = filter;
  if (topic !== null && partition !== null && offset !== null) return atPosition(reads, { ...search, filter });
  if (filter.origin?.includes("@") === true) return fromOrigin(reads, { ...search, filter });
  const notes = await reads.streamNotes();
  // Streams keep their numbers for ever: such a cursor is of another store.
  if (from !== null && !notes.some(({ number }) => number === from.stream)) return "foreign-cursor";
  const withPayload = search.withPayload || filter.field !== null;
  const lookedMax = withPayload ? LOOKED_WITH_PAYLOAD_MAX : LOOKED_MAX;
  const failures: FailureRecord[] = [];
  let looked = 0;
  let last = from;
  const merged = mergeCollections(reads, filter, from, notes, search.limit, withPayload);
  for await (const failure of merged) {
    looked += 1;
    const { collection, atMs, stream, offset: at } = failure;
    last = { collection, atMs, stream: stream.number, offset: at, fromMs: filter.fromMs, toMs: filter.toMs };
    if (!search.isLeftOut(stream) && isWanted(filter, failure, search.stateOf, search.redaction))
      failures.push(failure);
    if (failures.length >= search.limit || looked >= lookedMax)
      return { failures, next: writeCursor(last, query), looked };
  }
  return { failures, next: null, looked };
}

/** The failures at one position: few, in whatever stream or collection they are. */
async function atPosition(reads: SearchReads, { filter, stateOf, isLeftOut, redaction }: Search): Promise<FailurePage> {
  const { topic, partition, offset, fromMs, toMs } = filter;
  const streams = (await reads.streamNotes()).filter(
    (note) => note.topic === topic && note.partition === partition && !isLeftOut(note),
  );
  const failures: FailureRecord[] = [];
  for (const collection of await reads.failureCollections()) {
    for (const stream of streams) {
      const found = offset === null ? null : await reads.failureRecord(collection, stream, offset);
      if (found === null || !isWanted(filter, found, stateOf, redaction)) continue;
      if ((fromMs === null || found.atMs >= fromMs) && (toMs === null || found.atMs < toMs)) failures.push(found);
    }
  }
  return { failures, next: null, looked: failures.length };
}

/** The failures of a record that arrived at one position and was moved: few, in whatever lane or redrive they are. */
async function fromOrigin(
  reads: SearchReads,
  { filter, stateOf, isLeftOut, withPayload, redaction }: Search,
): Promise<FailurePage> {
  const { origin, fromMs, toMs } = filter;
  const failures: FailureRecord[] = [];
  for (const collection of await reads.failureCollections()) {
    for (const light of await reads.failuresFrom(collection, origin ?? "")) {
      const { stream, offset, atMs } = light;
      if (isLeftOut(stream) || (fromMs !== null && atMs < fromMs) || (toMs !== null && atMs >= toMs)) continue;
      const isWhole = withPayload || filter.field !== null;
      const found = isWhole ? await reads.failureRecord(collection, stream, offset) : light;
      if (found !== null && isWanted(filter, found, stateOf, redaction)) failures.push(found);
    }
  }
  return { failures, next: null, looked: failures.length };
}

/** The failures of all collections in one order: the timestamp, latest first; then the collection; then the place. */
async function* mergeCollections(
  reads: SearchReads,
  filter: FailureFilter,
  from: Cursor | null,
  notes: readonly StreamNote[],
  first: number,
  withPayload: boolean,
): AsyncGenerator<FailureRecord> {
  const heads: { readonly failures: AsyncGenerator<FailureRecord, void>; next: FailureRecord | null }[] = [];
  for (const collection of (await reads.failureCollections()).toSorted()) {
    const failures = readCollection(reads, collection, filter, from, notes, first, withPayload);
    heads.push({ failures, next: (await failures.next()).value ?? null });
  }
  for (;;) {
    let latest: (typeof heads)[number] | null = null;
    // Of equal times the first collection comes first: the list is sorted, and only a later time takes its place.
    for (const head of heads)
      if (head.next !== null && (latest?.next?.atMs === undefined || head.next.atMs > latest.next.atMs)) latest = head;
    if (latest === null || latest.next === null) return;
    yield latest.next;
    latest.next = (await latest.failures.next()).value ?? null;
  }
}

async function* readCollection(
  reads: SearchReads,
  collection: string,
  filter: FailureFilter,
  from: Cursor | null,
  notes: readonly StreamNote[],
  first: number,
  withPayload: boolean,
): AsyncGenerator<FailureRecord, void> {
  const { fromMs } = filter;
  let toMs: FailureRecord["atMs"] | null = filter.toMs;
  let after: FailurePlace | null = null;
  if (from !== null && collection !== from.collection) {
    // Those of equal time have been looked at in the collections before that of the cursor, and not in those behind it.
    const end = collection < from.collection ? from.atMs : oneAfter(from.atMs);
    toMs = end !== null && (toMs === null || end < toMs) ? end : toMs;
  } else if (from !== null) {
    const stream = notes.find(({ number }) => number === from.stream);
    if (stream === undefined) return;
    after = { atMs: from.atMs, stream, offset: from.offset };
  }
  const chunkMax = withPayload ? CHUNK_WITH_PAYLOAD_MAX : CHUNK_MAX;
  for (let limit = Math.min(first, chunkMax); ; limit = Math.min(limit * 4, chunkMax)) {
    const page = await reads.failurePage(collection, {
      along: orderFor(filter),
      fromMs,
      toMs,
      after,
      limit,
      withPayload,
    });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < limit) return;
    after = last;
  }
}

/** Null behind the last time of 64 bits: no failure lies there. */
function oneAfter(ms: FailureRecord["atMs"]): FailureRecord["atMs"] | null {
  return BigInt(ms) === TIME_MAX ? null : exactInteger(BigInt(ms) + 1n);
}

const TIME_MAX = 2n ** 63n - 1n;

function orderFor({ fingerprint, code }: FailureFilter): FailureOrder {
  if (fingerprint !== null) return { kind: "group", fingerprint };
  return code === null ? { kind: "time" } : { kind: "code", code };
}
