import type { Header, SourceRecord } from "../../core/record.ts";
import type { Stream } from "../source.ts";

/** What of a fetch response says what one partition holds; offsets are 64-bit, producer ids too. */
export type PartitionData = {
  readonly abortedTransactions: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[] | null;
  readonly records?: readonly Batch[] | null;
};

export type Batch = {
  readonly firstOffset: bigint;
  readonly lastOffsetDelta: number;
  readonly attributes: number;
  readonly firstTimestamp: bigint;
  readonly maxTimestamp: bigint;
  readonly producerId: bigint;
  readonly records: readonly {
    readonly offsetDelta: number;
    readonly timestampDelta: bigint;
    readonly key: Buffer | null;
    readonly value: Buffer | null;
    readonly headers: readonly (readonly [Buffer | null, Buffer | null])[];
  }[];
};

/** Records visible to who reads committed, and the position after everything that was looked at. */
export type Page = { readonly from: bigint; readonly to: bigint; readonly records: readonly SourceRecord[] };

// Attribute bits of a record batch, version 2 (KIP-98; kafka/common/record/DefaultRecordBatch.java).
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
/** Type of a control record, behind two bytes of version: 0 aborts, 1 commits. */
const ABORT = 0;

/**
 * Reads a partition's batches as Kafka's own consumer does under read_committed (KIP-98, Fetcher.java): a transaction is
 * aborted from the first offset the broker lists for its producer up to that producer's next abort marker. The driver keeps
 * one range for each producer and response and so lets aborted records through (client-facts C2).
 *
 * Coverage is `[from, to)`: markers, aborted records and compacted offsets are holes in it, never a loss.
 */
export function readPage(stream: Stream, from: bigint, data: PartitionData): Page {
  const waiting = (data.abortedTransactions ?? []).toSorted((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  const aborting = new Set<bigint>();
  const records: SourceRecord[] = [];
  let to = from;
  let next = 0;
  for (const batch of data.records ?? []) {
    const last = batch.firstOffset + BigInt(batch.lastOffsetDelta);
    for (let begun = waiting[next]; begun !== undefined && begun.firstOffset <= last; begun = waiting[next]) {
      aborting.add(begun.producerId);
      next += 1;
    }
    if ((batch.attributes & CONTROL) !== 0) {
      if (batch.records[0]?.key?.readInt16BE(2) === ABORT) aborting.delete(batch.producerId);
    } else if ((batch.attributes & TRANSACTIONAL) === 0 || !aborting.has(batch.producerId)) {
      pushRecords(records, stream, from, batch);
    }
    if (last >= to) to = last + 1n;
  }
  return { from, to, records };
}

function pushRecords(records: SourceRecord[], stream: Stream, from: bigint, batch: Batch): void {
  const { firstOffset, firstTimestamp, maxTimestamp } = batch;
  const appended = (batch.attributes & LOG_APPEND_TIME) !== 0;
  for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
    const offset = firstOffset + BigInt(offsetDelta);
    // A batch is the unit of a fetch: it may begin below the position.
    if (offset < from) continue;
    const timestampMs = Number(appended ? maxTimestamp : firstTimestamp + timestampDelta);
    const position = { stream: stream.id, topic: stream.topic, partition: stream.partition, offset };
    records.push({
      position,
      timestampMs,
      key,
      headers: headers.length === 0 ? NO_HEADERS : headersOf(headers),
      value,
    });
  }
}

const NO_HEADERS: readonly Header[] = [];
const NOTHING = new Uint8Array(0);

/** Names repeat and keep their order. A header without a value is one with an empty value. */
function headersOf(headers: Batch["records"][number]["headers"]): readonly Header[] {
  return headers.map(([name, value]) => [name?.toString("utf8") ?? "", value ?? NOTHING]);
}

/** The first records of a page, at most so many, with their bytes under a limit but for the first; and what is left. */
export function cutPage(
  page: Page,
  limits: { readonly recordsMax: number; readonly bytesMax: number },
  until?: bigint,
): { readonly head: Page; readonly rest: Page | null } {
  const end = until !== undefined && until < page.to ? until : page.to;
  let count = 0;
  let bytes = 0;
  for (const { position, key, value } of page.records) {
    if (position.offset >= end) break;
    bytes += (value?.length ?? 0) + (key?.length ?? 0);
    if (count === limits.recordsMax || (count > 0 && bytes > limits.bytesMax)) break;
    count += 1;
  }
  const following = page.records[count];
  if (following === undefined && end === page.to) return { head: page, rest: null };
  // Up to the end of the range when all of it fits, else right behind the last record that does.
  const last = page.records[count - 1];
  const cut =
    following === undefined || following.position.offset >= end ? end : (last?.position.offset ?? end - 1n) + 1n;
  const head = { from: page.from, to: cut, records: page.records.slice(0, count) };
  const rest = { from: cut, to: page.to, records: page.records.slice(count) };
  return { head, rest: cut < page.to ? rest : null };
}
