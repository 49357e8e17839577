import type { SourceRecord } from "../core/record.ts";
import { evidenceOf } from "../ledger/evidence.ts";
import { evidenceDigest, recordDigest } from "../ledger/packed.ts";
import { isErased, type KeptRecord } from "../ledger/tombstone.ts";
import { holdsOffset, type FetchLimits, type Source, type Stream } from "../source/source.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { Finding, FindingCode } from "./finding.ts";

const FETCH: FetchLimits = { bytesMax: 8_388_608, recordsMax: 10_000, waitMs: 0 };

/** The findings about the records of an entry in a log, and how many were compared. */
export type ComparedWithLog = { readonly findings: readonly Finding[]; readonly compared: number };

/** Compares the records of an entry with those of the log, where the log has them all. Ended meanwhile, it compares none. */
export async function compareWithLog(
  source: Pick<Source, "fetch" | "bounds" | "skipped">,
  stream: Stream,
  entry: LedgerEntry,
  records: readonly KeptRecord[],
  signal: AbortSignal,
): Promise<ComparedWithLog> {
  const finding = (code: FindingCode, offset: bigint | null, message: string): Finding => {
    return { code, stream: entry.stream, seq: entry.seq, offset, message };
  };
  const { start, end } = await source.bounds(stream);
  // Records that retention deleted, or that a restored log lacks, cannot be compared; the report counts the compared
  // ones.
  if (start > entry.from) return { findings: [], compared: 0 };
  const skipped = (await source.skipped?.(stream, entry.from, entry.to)) ?? [];
  if (records.some((record) => !isErased(record) && holdsOffset(skipped, record.position.offset)))
    return { findings: [], compared: 0 };
  if (end < entry.to) {
    const message = `the log ends at ${end}, the entry at ${entry.to}`;
    return { findings: [finding("SOURCE_TRUNCATED", end, message)], compared: 0 };
  }
  const fetched = await fetchRange(source, stream, entry, signal);
  // What was not read any more is not missing.
  if (signal.aborted) return { findings: [], compared: 0 };
  const differing = differsFromLog(stream, entry, records, fetched);
  const findings = differing.map(({ offset, message }) => finding("SOURCE_DIFFERS", offset, message));
  return { findings, compared: fetched.length };
}

/** Fetches the records of an entry's range from a log. */
async function fetchRange(
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
function differsFromLog(
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
