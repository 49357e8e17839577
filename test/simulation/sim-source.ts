import type { SourceRecord } from "../../src/core/record.ts";
import type { Fetched, Source, Stream } from "../../src/source/source.ts";
import type { Random } from "./random.ts";
import type { Incarnation, World } from "./world.ts";

/** A log with holes that grows while it is read, and that anybody may read in any chunks. */
export type SimSource = {
  readonly connect: (incarnation: Incarnation) => Source;
  /** Makes some more of the prepared records visible. */
  readonly grow: (all: boolean) => void;
  /** Retention: forgets everything below `start`. */
  readonly forget: (start: bigint) => void;
  readonly end: (stream: Stream) => bigint;
  /** What is in the log, without faults, for the checker. */
  readonly direct: Source;
};

/** @param records of all streams, each in offset order. */
export function createSimSource(
  world: World,
  random: Random,
  streams: readonly Stream[],
  records: ReadonlyMap<string, readonly SourceRecord[]>,
): SimSource {
  const visible = new Map(streams.map((stream) => [stream.id, 0]));
  const start = new Map(streams.map((stream) => [stream.id, 0n]));

  const endOf = (stream: Stream): bigint => {
    const count = visible.get(stream.id) ?? 0;
    const last = records.get(stream.id)?.[count - 1];
    return last === undefined ? 0n : last.position.offset + 1n;
  };
  const read = (stream: Stream, from: bigint, until: bigint | undefined, most: number): Fetched => {
    const logStart = start.get(stream.id) ?? 0n;
    const end = endOf(stream);
    if (from < logStart) return { kind: "below-start", logStart };
    if (from > end) return { kind: "beyond-end", logEnd: end };
    const stop = until === undefined || until > end ? end : until;
    const found = (records.get(stream.id) ?? []).filter(
      ({ position }) => position.offset >= from && position.offset < stop,
    );
    const taken = found.slice(0, most);
    const last = taken.at(-1);
    if (last === undefined)
      return stop > from ? { kind: "records", from, to: stop, count: 0, bytes: 0, read: () => [] } : { kind: "empty" };
    const to = taken.length === found.length ? stop : last.position.offset + 1n;
    const bytes = taken.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    return { kind: "records", from, to, count: taken.length, bytes, read: () => taken };
  };
  const source = (run: <T>(execute: () => T) => Promise<T>, chunk: () => number): Source => ({
    streams: async () => streams,
    fetch: async (stream, from, _limits, _signal, until) => run(() => read(stream, from, until, chunk())),
    bounds: async (stream) => run(() => ({ start: start.get(stream.id) ?? 0n, end: endOf(stream) })),
    commitHint: () => undefined,
    close: async () => undefined,
  });

  return {
    connect: (by) =>
      source(
        async (execute) => world.call(by, { execute }),
        () => 1 + random.below(4),
      ),
    direct: source(
      async (execute) => execute(),
      () => 1_000,
    ),
    grow: (all) => {
      for (const stream of streams) {
        const total = records.get(stream.id)?.length ?? 0;
        const now = visible.get(stream.id) ?? 0;
        visible.set(stream.id, all ? total : Math.min(total, now + random.below(4)));
      }
    },
    forget: (first) => {
      for (const stream of streams) start.set(stream.id, first);
    },
    end: endOf,
  };
}
