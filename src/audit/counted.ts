import { COUNTED, SUCCEEDS } from "../ledger/entry.ts";
import { redriveOf } from "../ledger/redrive-stream.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";

/** Whether the records of a stream are counted from the first on. */
export type IsCounted = (note: StreamNote) => Promise<boolean>;

/**
 * The first entry of a stream says so. One that goes on behind another stream, or repeats the records of one, was begun later than that
 * one, so its records are counted where those of the other are.
 */
export function openCounted(reads: Pick<StoreReads, "ledger" | "streamNotes">): IsCounted {
  const known = new Map<string, boolean>();
  const isCounted = async (stream: string): Promise<boolean> => {
    const told = known.get(stream);
    if (told !== undefined) return told;
    // Streams that name one another in a circle are no program's.
    known.set(stream, false);
    const [first] = await reads.ledger(stream, 0, 1);
    if (first?.kind !== "INIT") return false;
    const before = first.note.startsWith(SUCCEEDS) ? first.note.slice(SUCCEEDS.length) : await sourceOf(reads, stream);
    const is = first.note === COUNTED || (before !== null && (await isCounted(before)));
    known.set(stream, is);
    return is;
  };
  return async ({ stream }) => isCounted(stream);
}

async function sourceOf(reads: Pick<StoreReads, "streamNotes">, stream: string): Promise<string | null> {
  const source = redriveOf(stream)?.source;
  if (source === undefined) return null;
  return (await reads.streamNotes()).find(({ number }) => number === source)?.stream ?? null;
}
