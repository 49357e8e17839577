import type { Lookup } from "../gateway/lookup.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { decodeOutcomes } from "../ledger/proof.ts";
import type { FailureRecord } from "../store/failures.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";

type Reads = Pick<StoreReads, "streamNotes" | "streams" | "ledger" | "failureCollections" | "failuresAt">;

/**
 * Gives every failure that is decided from now on, in the order of the ledger: a record whose timestamp is old is not missed.
 * @param wait is awaited between two looks at the ledger; false ends.
 */
export async function* followFailures(
  reads: Reads,
  lookup: Lookup,
  isLeftOut: (stream: StreamNote) => boolean,
  wait: () => Promise<boolean>,
): AsyncGenerator<FailureRecord> {
  const next = new Map<string, number>();
  for (const note of await reads.streamNotes()) next.set(note.stream, await entriesOf(reads, note.stream));
  while (await wait()) {
    for (const note of await reads.streamNotes()) {
      if (isLeftOut(note)) continue;
      const from = next.get(note.stream) ?? 0;
      for (const entry of await reads.ledger(note.stream, from, PAGE)) {
        const failures = entry.kind === "BATCH" ? await failuresIn(reads, lookup, note, entry) : [];
        // The entry is in the ledger, and its documents are not yet in the store.
        if (failures === "not-stored") break;
        yield* failures;
        next.set(note.stream, entry.seq + 1);
      }
    }
  }
}

const PAGE = 64;

/** How many entries a stream has. */
async function entriesOf(reads: Reads, stream: string): Promise<number> {
  let [low, high] = [0, 1];
  const has = async (seq: number): Promise<boolean> => (await reads.ledger(stream, seq, 1)).length > 0;
  while (await has(high)) [low, high] = [high, high * 2];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await has(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function failuresIn(
  reads: Reads,
  lookup: Lookup,
  note: StreamNote,
  entry: LedgerEntry,
): Promise<readonly FailureRecord[] | "not-stored"> {
  const { seq, from, to } = entry;
  const rows = await lookup.rows(note.stream, from, to);
  const failed = rows.flatMap(({ kind, position }) => (kind === "failed" ? [position.offset] : []));
  // Without evidence any record of the entry may be a failure.
  const isWhole = rows.length === entry.count;
  const asked = isWhole ? failed : offsetsOf(entry);
  const found: FailureRecord[] = [];
  for (const collection of await reads.failureCollections())
    found.push(...(await reads.failuresAt(collection, note, asked)));
  // All documents of an entry are stored before a later one exists; what is not there then was taken by retention.
  const isSure = isWhole && found.length === failed.length;
  if (!isSure && (await reads.ledger(note.stream, seq + 1, 1)).length === 0) return "not-stored";
  return found.toSorted((a, b) => (a.offset < b.offset ? -1 : 1));
}

function offsetsOf({ from, outcomes }: LedgerEntry): readonly bigint[] {
  return decodeOutcomes(from, outcomes)?.leaves.map(({ offset }) => offset) ?? [];
}
