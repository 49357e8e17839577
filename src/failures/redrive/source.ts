import { decodeSelected } from "../../ledger/proof.ts";
import { redriveOf, redriveStreamId } from "../../ledger/redrive-stream.ts";
import type { SourceRecord } from "../../core/record.ts";
import { Unavailable } from "../../core/unavailable.ts";
import type { Fetched, FetchLimits, Source, Stream } from "../../source/source.ts";
import type { RedriveReads } from "../../store/redrives.ts";
import type { StreamNote } from "../../store/stream-note.ts";
import type { PlannedStream, RedrivePlan } from "./plan.ts";
import { redeclared } from "./redeclare.ts";
import { createRecordsAt, type EvidenceReads } from "./records.ts";

export type PlanReads = EvidenceReads & Pick<RedriveReads, "redrivePage">;

/** The streams of a plan's run: for each source stream one, with its topic, partition and offsets. */
export function streamsOf({ id, streams }: Pick<RedrivePlan, "id" | "streams">): readonly Stream[] {
  return streams.map(({ number, topic, partition }) => ({
    id: redriveStreamId({ plan: id, source: number }),
    topic,
    partition,
  }));
}

/**
 * The end of a run's stream: one offset behind the plan's last. The last entry of the stream covers it, as a hole, and records what
 * became of the entry before: so everything about the run is in its ledger.
 */
export function endOf({ to }: Pick<PlannedStream, "to">): bigint {
  return BigInt(to) + 1n;
}

/**
 * A plan as a source of records: they are read from the evidence of the source streams. An offset that is not of the plan is a hole,
 * and so is one whose record was erased or whose evidence is gone since the plan was made.
 */
export function planSource(reads: PlanReads, plan: RedrivePlan): Source {
  const recordsAt = createRecordsAt(reads);
  const planned = new Map(plan.streams.map((one) => [one.number, one]));
  const sourceOf = (stream: Stream): PlannedStream => {
    const found = planned.get(redriveOf(stream.id)?.source ?? 0);
    if (found === undefined) throw new Error(`Cannot read ${stream.id}: plan ${plan.id} has no such stream`);
    return found;
  };
  let page: OpenedPage | null = null;
  const ref = plan.toVersion === null ? null : `${plan.subjects[0] ?? ""}@${plan.toVersion}`;
  return {
    streams: async () => streamsOf(plan),
    bounds: async (stream) => {
      const source = sourceOf(stream);
      return { start: BigInt(source.from), end: endOf(source) };
    },
    fetch: async (stream, from, limits) => {
      const source = sourceOf(stream);
      const [last, end] = [BigInt(source.to), endOf(source)];
      if (from >= end) return { kind: "empty" };
      if (from >= last) return { kind: "records", from, to: end, count: 0, bytes: 0, read: () => [] };
      if (page === null || page.stream !== source.stream || from < page.from || from >= page.to)
        page = await readPage(reads, plan.id, source.stream, from);
      const { asked, to, isWhole } = offsetsFrom(page, from, limits);
      const { records, looked } = await recordsAt(noteOf(source), asked, limits.bytesMax);
      const reached = looked === asked.length && isWhole ? to : (asked[looked - 1] ?? from) + 1n;
      return fetchedOf(stream, from, reached, records, ref);
    },
    commitHint: () => undefined,
    close: async () => undefined,
  };
}

function noteOf({ number, stream, topic, partition }: PlannedStream): StreamNote {
  return { number, stream, topic, partition };
}

type OpenedPage = {
  readonly stream: string;
  readonly from: bigint;
  readonly to: bigint;
  /** Ascending. */
  readonly offsets: readonly bigint[];
};

/** Reads the page of a plan that covers an offset. @throws `Unavailable` when it is missing or damaged. */
export async function readPage(
  reads: Pick<RedriveReads, "redrivePage">,
  plan: string,
  stream: string,
  offset: bigint,
): Promise<OpenedPage> {
  const page = await reads.redrivePage(plan, stream, offset);
  const selected = page === null ? null : decodeSelected(page.from, page.runs);
  if (page === null || selected === null || selected.to !== page.to || selected.leaves.length !== page.count) {
    const message = `Cannot read plan ${plan}: its page at offset ${offset} of ${stream} is missing or damaged`;
    throw new Unavailable("STORE_INCONSISTENT", message, "run `sigma audit`, and plan again");
  }
  return { stream, from: page.from, to: page.to, offsets: selected.leaves.map((leaf) => leaf.offset) };
}

/** The next offsets of a page. `to`: its end; `isWhole`: whether they are all that it has left. */
function offsetsFrom(
  { offsets, to }: OpenedPage,
  from: bigint,
  { recordsMax }: FetchLimits,
): { readonly asked: readonly bigint[]; readonly to: bigint; readonly isWhole: boolean } {
  const first = offsets.findIndex((offset) => offset >= from);
  const left = first === -1 ? 0 : offsets.length - first;
  const asked = first === -1 ? [] : offsets.slice(first, first + recordsMax);
  return { asked, to, isWhole: left <= recordsMax };
}

function fetchedOf(
  stream: Stream,
  from: bigint,
  to: bigint,
  kept: readonly SourceRecord[],
  ref: string | null,
): Fetched {
  const records = kept.map((record) => ({
    ...record,
    position: { ...record.position, stream: stream.id },
    headers: ref === null ? record.headers : redeclared(record.headers, ref),
  }));
  const bytes = records.reduce((sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0), 0);
  return { kind: "records", from, to, count: records.length, bytes, read: () => records };
}
