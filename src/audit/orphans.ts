import { createLookup } from "../gateway/lookup.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { outcomeAt } from "../ledger/proof.ts";
import type { DocumentPlace, StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import type { Finding } from "./finding.ts";

/**
 * Finds documents that no ledger entry has decided: without a stream, at an offset that no entry covers, of a record
 * with another outcome, or beyond the number of an entry's records.
 */
export async function findOrphans(reads: StoreReads): Promise<readonly Finding[]> {
  const streams = new Map((await reads.streamNotes()).map((note) => [note.number, note]));
  const entryOf = rememberEntry(reads);
  const found: Finding[] = [];
  const documents = new Map<LedgerEntry["hash"], { readonly entry: LedgerEntry; count: number }>();
  for await (const page of reads.documentPlaces()) {
    for (const place of page) {
      const note = streams.get(place.stream ?? -1);
      const entry = note === undefined || place.offset === null ? null : await entryOf(note, place.offset);
      const message = whyOrphan(place, note, entry);
      if (message !== null) found.push(orphan(place, note, message));
      else if (entry !== null) {
        const seen = documents.get(entry.hash) ?? { entry, count: 0 };
        seen.count += 1;
        documents.set(entry.hash, seen);
      }
    }
  }
  const crowded = [...documents.values()].filter(({ entry, count }) => count > entry.count).map(({ entry }) => entry);
  return crowded.length === 0 ? found : [...found, ...(await findSurplus(reads, streams, crowded))];
}

/**
 * Finds the surplus documents of entries that have more documents than records, by deciding the entries' records again.
 */
async function findSurplus(
  reads: StoreReads,
  streams: ReadonlyMap<number, StreamNote>,
  crowded: readonly LedgerEntry[],
): Promise<readonly Finding[]> {
  const lookup = createLookup(reads);
  const own = new Set<string>();
  const known: LedgerEntry[] = [];
  for (const entry of crowded) {
    const { stream, from, to } = entry;
    const rows = await lookup.rows(stream, from, to);
    // Without evidence nobody can say which of its documents are too many: the totals tell that some are.
    if (rows.length > 0) known.push(entry);
    for (const row of rows) {
      const id = row.kind === "receipt" ? row.duplicateOf : row.kind === "failed" ? "" : row.id;
      const kind = row.kind === "erased" ? "validated" : row.kind;
      own.add(`${kind} ${stream} ${row.position.offset} ${id}`);
    }
  }
  const found: Finding[] = [];
  for await (const page of reads.documentPlaces()) {
    for (const place of page) {
      const { kind, offset } = place;
      const note = streams.get(place.stream ?? -1);
      const inside = known.some(
        ({ stream, from, to }) => stream === note?.stream && offset !== null && from <= offset && offset < to,
      );
      const id = kind === "failed" ? "" : place.id;
      if (inside && !own.has(`${kind} ${note?.stream} ${offset} ${id}`))
        found.push(orphan(place, note, `a ${kind} document is stored that no record gave`));
    }
  }
  return found;
}

function orphan({ offset }: DocumentPlace, note: StreamNote | undefined, message: string): Finding {
  return { code: "ROW_ORPHAN", stream: note?.stream ?? null, seq: null, offset, message };
}

function whyOrphan(
  { kind, offset }: DocumentPlace,
  note: StreamNote | undefined,
  entry: LedgerEntry | null,
): string | null {
  if (note === undefined || offset === null) return `a ${kind} document is stored of no stream there is`;
  if (entry === null) return `a ${kind} document is stored that no ledger entry covers`;
  const outcome = outcomeAt(entry.from, entry.outcomes, offset);
  if (outcome === null) return `a ${kind} document is stored, no record was decided`;
  // A failure document of a passed record is a conflict.
  return outcome === "F" && kind !== "failed" ? `a ${kind} document is stored of a record that failed` : null;
}

/** Documents mostly come in the order of their records, so the latest entry is tried first. */
function rememberEntry(reads: StoreReads): (note: StreamNote, offset: bigint) => Promise<LedgerEntry | null> {
  let last: LedgerEntry | null = null;
  return async ({ stream }, offset) => {
    if (last !== null && last.stream === stream && last.from <= offset && offset < last.to) return last;
    last = await reads.entryAt(stream, offset);
    return last;
  };
}
