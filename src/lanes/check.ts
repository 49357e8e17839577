import { hash } from "node:crypto";
import { ORIGIN_HEADER, parseOrigin } from "../core/origin.ts";
import type { Position, SourceRecord } from "../core/record.ts";
import { Unavailable } from "../core/unavailable.ts";
import type { FetchLimits, Source, Stream } from "../source/source.ts";

export type LanesCheckDeps = {
  /** Every partition of the sources that have lanes. */
  readonly source: Pick<Source, "streams" | "fetch" | "bounds">;
  /** Every partition of the lanes. */
  readonly lanes: Pick<Source, "streams" | "fetch" | "bounds">;
  /** The position of the routers: everything below it was moved; null: nothing. */
  readonly movedTo: (stream: Stream) => Promise<bigint | null>;
  /** The streams of the lanes that the ledger has: also those of a topic that was made anew since. */
  readonly known: () => Promise<readonly Stream[]>;
  /** The records of a lane below an offset, out of the ledger: the lane's topic has forgotten them. With null, every record. */
  readonly decided: (lane: Stream, below: bigint | null) => AsyncIterable<SourceRecord>;
  readonly limits: FetchLimits;
  readonly signal: AbortSignal;
  /** The most findings that are listed; more are counted. */
  readonly findingsMax: number;
  readonly onProgress?: (records: number) => void;
};

/** A record of a source that is not in the lanes exactly once, or not as it arrived. */
export type LanesFinding = {
  readonly what: "missing" | "twice" | "differs";
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
};

/** A stream with lanes, and the records of it that are still in its log and were to be moved. */
export type CheckedStream = {
  readonly stream: Stream;
  readonly from: bigint;
  readonly movedTo: bigint;
  readonly logEnd: bigint;
  /** Records in `[from, movedTo)`. */
  readonly records: number;
  /** Those of them that are in the lanes exactly once, byte for byte. */
  readonly once: number;
};

export type LanesReport = {
  readonly streams: readonly CheckedStream[];
  readonly findings: readonly LanesFinding[];
  readonly findingsTotal: number;
  /** Records in lanes that no router put there. */
  readonly strangers: number;
};

/** Counts what is in the lanes, by offset of the source: five bytes each. */
type Tally = {
  readonly see: (offset: bigint, digest: number) => void;
  readonly at: (offset: bigint) => { readonly count: number; readonly digest: number };
};

/**
 * Compares sources with their lanes: each record that is still in the log of a source, below the position of the routers, has to be
 * in the lanes exactly once, with its key, headers, value and timestamp as they arrived. The position is read first, so that
 * routers may go on meanwhile.
 */
export async function checkLanes(deps: LanesCheckDeps): Promise<LanesReport> {
  const positions = new Map<string, { readonly stream: Stream; readonly movedTo: bigint | null }>();
  for (const stream of await deps.source.streams())
    positions.set(stream.id, { stream, movedTo: await deps.movedTo(stream) });
  const tallies = new Map<string, Tally>();
  let [strangers, read] = [0, 0];
  const see = (record: SourceRecord): void => {
    read += 1;
    if (read % 10_000 === 0) deps.onProgress?.(read);
    const origin = originIn(record);
    if (origin === null) return void (strangers += 1);
    const known = tallies.get(origin.stream) ?? createTally();
    tallies.set(origin.stream, known);
    known.see(origin.offset, digestOf(record, true));
  };
  const lanes = await deps.lanes.streams();
  for (const lane of lanes) {
    const { start, end } = await deps.lanes.bounds(lane);
    for await (const record of deps.decided(lane, start)) see(record);
    await each(deps, deps.lanes, lane, start, end, see);
  }
  for (const lane of await deps.known())
    if (!lanes.some(({ id }) => id === lane.id)) for await (const record of deps.decided(lane, null)) see(record);
  const findings: LanesFinding[] = [];
  let findingsTotal = 0;
  const streams: CheckedStream[] = [];
  for (const { stream, movedTo } of positions.values()) {
    // What was not read is not missing.
    if (deps.signal.aborted) break;
    const { start, end } = await deps.source.bounds(stream);
    const to = movedTo ?? start;
    const tally = tallies.get(stream.id) ?? createTally();
    let [records, once] = [0, 0];
    await each(deps, deps.source, stream, start, to, (record) => {
      records += 1;
      const { offset } = record.position;
      const what = whatIsWrong(tally.at(offset), digestOf(record, false));
      if (what === null) return void (once += 1);
      findingsTotal += 1;
      if (findings.length < deps.findingsMax)
        findings.push({ what, topic: stream.topic, partition: stream.partition, offset });
    });
    streams.push({ stream, from: start, movedTo: to, logEnd: end, records, once });
  }
  return { streams, findings, findingsTotal, strangers };
}

function whatIsWrong({ count, digest }: ReturnType<Tally["at"]>, expected: number): LanesFinding["what"] | null {
  if (count === 0) return "missing";
  if (count > 1) return "twice";
  return digest === expected ? null : "differs";
}

async function each(
  { limits, signal }: LanesCheckDeps,
  source: Pick<Source, "fetch">,
  stream: Stream,
  start: bigint,
  end: bigint,
  see: (record: SourceRecord) => void,
): Promise<void> {
  for (let from = start; from < end && !signal.aborted;) {
    const fetched = await source.fetch(stream, from, limits, signal, end);
    // Whatever lies below the end is there: an answer without it comes too early, and is no proof that nothing is there.
    if (fetched.kind === "empty") continue;
    if (fetched.kind !== "records") throw changed(stream);
    for (const record of fetched.read()) see(record);
    from = fetched.to;
  }
}

function changed({ topic, partition }: Stream): Unavailable {
  const message = `Cannot check ${topic}/${partition}: its log lost records meanwhile`;
  return new Unavailable("LOG_START_PASSED", message, "check again");
}

/** The origin that a router wrote: its header is the last. */
function originIn({ headers }: SourceRecord): Position | null {
  const last = headers.at(-1);
  return last?.[0] === ORIGIN_HEADER ? parseOrigin(Buffer.from(last[1]).toString("latin1")) : null;
}

/** 32 bits of a digest of everything but the position; of a record in a lane without the header that the router added. */
function digestOf({ key, headers, value, timestampMs }: SourceRecord, isMoved: boolean): number {
  const parts: Uint8Array[] = [Buffer.from(`${timestampMs}`)];
  const add = (bytes: Uint8Array | null): void => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(bytes?.length ?? -1);
    parts.push(length, bytes ?? new Uint8Array());
  };
  add(key);
  for (const [name, bytes] of isMoved ? headers.slice(0, -1) : headers) {
    add(Buffer.from(name));
    add(bytes);
  }
  add(value);
  return hash("sha256", Buffer.concat(parts), "buffer").readUInt32BE(0);
}

const PAGE = 65_536;

function createTally(): Tally {
  const pages = new Map<bigint, { readonly counts: Uint8Array; readonly digests: Uint32Array }>();
  return {
    see: (offset, digest) => {
      const at = offset / BigInt(PAGE);
      const page = pages.get(at) ?? { counts: new Uint8Array(PAGE), digests: new Uint32Array(PAGE) };
      pages.set(at, page);
      const index = Number(offset % BigInt(PAGE));
      page.counts[index] = Math.min(2, (page.counts[index] ?? 0) + 1);
      page.digests[index] = digest;
    },
    at: (offset) => {
      const page = pages.get(offset / BigInt(PAGE));
      const index = Number(offset % BigInt(PAGE));
      return { count: page?.counts[index] ?? 0, digest: page?.digests[index] ?? 0 };
    },
  };
}
