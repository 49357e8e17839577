import type { Store, StoreReads } from "../store/store.ts";

// When a key was used last is kept among the notes of traffic, under a subject that no contract can have: names of contracts have no
// colon. The notes are coarse: a process writes one a minute for each key, so that using a key costs the store next to nothing.

const SUBJECT = "sigma:keys";
const VERSION = 0;

const EVERY_MS = 60_000;

/** Notes that a key is used. It never waits for the store and never fails. */
export type NoteUse = (id: string, nowMs: number) => void;

/** @param failed is told why a note was not written; the next use writes another. */
export function createUseNotes(store: Pick<Store, "noteTraffic">, failed: (why: string) => void): NoteUse {
  const noted = new Map<string, number>();
  return (id, nowMs) => {
    if (nowMs - (noted.get(id) ?? -Infinity) < EVERY_MS) return;
    noted.set(id, nowMs);
    const note = { subject: SUBJECT, version: VERSION, producer: id, firstMs: nowMs, lastMs: nowMs };
    store.noteTraffic([note]).catch((error: unknown) => {
      noted.delete(id);
      failed((error as Error).message);
    });
  };
}

/** When each key was used last, in milliseconds since the epoch, to the minute; a key that never was is absent. */
export async function readUses(reads: Pick<StoreReads, "traffic">): Promise<ReadonlyMap<string, number>> {
  return new Map((await reads.traffic(SUBJECT)).map(({ producer, lastMs }) => [producer, lastMs]));
}
