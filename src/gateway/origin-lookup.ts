import { originOf } from "../core/origin.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { isErased } from "../ledger/tombstone.ts";
import type { Source, Stream } from "../source/source.ts";
import type { Store, StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { openEntryRecords } from "./entry-records.ts";

type Reads = Pick<StoreReads, "ledger" | "evidenceAt" | "operatorLog" | "streamNotes"> & Pick<Store, "tail">;

/** Where a record of a source with lanes was decided. */
export type Placed = { readonly note: StreamNote; readonly offset: bigint };

/** The origins of one stream in an entry of a lane, by offset; the offset in the lane beside each. */
type Origins = ReadonlyMap<bigint, bigint>;

/**
 * Finds the position in a lane at which the record of a position of a source was decided; null when none of these lanes has decided it, or
 * when its evidence is gone.
 *
 * A router moves the records of a stream in their order, so within a partition of a lane their origins ascend: each partition is searched by
 * halves, over its ledger entries. Nothing is indexed for it.
 * @param lanes topics that the source's records are moved to.
 * @param stream id of the source's stream.
 */
export async function findOrigin(
  reads: Reads,
  lanes: readonly string[],
  stream: string,
  offset: bigint,
): Promise<Placed | null> {
  const notes = (await reads.streamNotes()).filter(({ topic }) => lanes.includes(topic));
  const originsIn = originsOf(reads, stream);
  // The newest first: a lane whose topic was made anew has streams that ended.
  for (const note of notes.toReversed()) {
    const found = await searchLane(reads, note, originsIn, offset);
    if (found !== null) return { note, offset: found };
  }
  return null;
}

/** How long the broker is given to send the first record at or behind an offset that the log has passed. */
const HOLE_WAIT_MS = 500;

/**
 * Whether a log that has passed an offset has no record there: a marker of a transaction, a record that was aborted, or one that
 * compaction took. No router will ever move it. @throws `Unavailable`.
 */
export async function isHole(source: Pick<Source, "fetch">, stream: Stream, offset: bigint): Promise<boolean> {
  const limits = { recordsMax: 1, bytesMax: 1, waitMs: HOLE_WAIT_MS };
  const fetched = await source.fetch(stream, offset, limits, new AbortController().signal);
  return fetched.kind === "records" && !fetched.read().some(({ position }) => position.offset === offset);
}

type OriginsIn = (note: StreamNote, seq: number) => Promise<Origins>;

async function searchLane(
  reads: Reads,
  note: StreamNote,
  originsIn: OriginsIn,
  offset: bigint,
): Promise<bigint | null> {
  let [low, high] = [1, (await reads.tail(note.stream))?.seq ?? 0];
  while (low <= high) {
    const middle = Math.floor((low + high) / 2);
    // An entry may hold no record of the stream: the next one that does says on which side to go on.
    let at = middle;
    let origins = await originsIn(note, at);
    while (origins.size === 0 && at < high) {
      at += 1;
      origins = await originsIn(note, at);
    }
    const found = origins.get(offset);
    if (found !== undefined) return found;
    const [first] = origins.keys();
    if (first === undefined || offset < first) high = middle - 1;
    else low = at + 1;
  }
  return null;
}

function originsOf(reads: Reads, stream: string): OriginsIn {
  const entries = openEntryRecords(reads);
  return async (note, seq) => {
    const [entry]: readonly (LedgerEntry | undefined)[] = await reads.ledger(note.stream, seq, 1);
    const origins = new Map<bigint, bigint>();
    if (entry?.seq !== seq || entry.kind !== "BATCH") return origins;
    const { records } = await entries.open(note, entry);
    for (const record of typeof records === "string" ? [] : records) {
      const origin = isErased(record) ? null : originOf(record.headers);
      if (origin?.stream === stream) origins.set(origin.offset, record.position.offset);
    }
    return origins;
  };
}
