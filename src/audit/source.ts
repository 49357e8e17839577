import type { SourceRecord } from "../core/record.ts";
import { evidenceOf } from "../ledger/evidence.ts";
import { evidenceDigest, recordDigest } from "../ledger/packed.ts";
import { isErased, type KeptRecord } from "../ledger/tombstone.ts";
import type { FetchLimits, Source, Stream } from "../source/source.ts";
import type { LedgerEntry } from "../ledger/entry.ts";

const FETCH: FetchLimits = { bytesMax: 8_388_608, recordsMax: 10_000, waitMs: 0 };

/** Fetches the records of an entry's range from a log. */
export async function fetchRange(
  source: Pick<Source, "fetch">,
  stream: Stream,
  { from, to }: Pick<LedgerEntry, "from" | "to">,
  signal: AbortSignal,
): Promise<readonly SourceRecord[]> {
  const records: SourceRecord[] = [];
  for (let next = from; next < to && !signal.aborted;) {
    const fetched = await source.fetch(stream, next, FETCH, signal, to);
    if (fetched.kind !== "records") break;
    records.push(...fetched.read());
    next = fetched.to;
  }
  return records;
}

type Differing = { readonly offset: bigint | null; readonly message: string };

/**
 * Compares the records of a log with the decided ones. They are equal when the evidence made from the log's records has
 * the digest in the entry.
 */
export function differsFromLog(
  { topic, partition }: Pick<Stream, "topic" | "partition">,
  entry: LedgerEntry,
  decided: readonly KeptRecord[],
  inLog: readonly SourceRecord[],
): readonly Differing[] {
  const range = { topic, partition, from: entry.from };
  const digest = inLog.length === 0 ? "" : evidenceDigest(evidenceOf(range, inLog));
  if (digest === entry.evidence) return [];
  const left = new Map(inLog.map((record) => [record.position.offset, record]));
  const found: Differing[] = [];
  for (const record of decided) {
    const { offset } = record.position;
    const other = left.get(offset);
    left.delete(offset);
    // The log may lack an erased record too.
    if (other === undefined && isErased(record)) continue;
    if (other === undefined) found.push({ offset, message: "the log no longer holds this record" });
    else if (recordDigest(other) !== (isErased(record) ? record.erased.record : recordDigest(record)))
      found.push({ offset, message: "the log's bytes, time, key or headers are not those that were decided" });
  }
  for (const offset of left.keys()) found.push({ offset, message: "the log holds a record where none was decided" });
  return found;
}
