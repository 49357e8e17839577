import { once } from "node:events";
import { createInterface } from "node:readline";
import type { ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import type { SourceRecord } from "../../src/core/record.ts";
import { Unavailable } from "../../src/core/unavailable.ts";
import type { Fetched, FetchLimits, Log, NewRecord, Source, Stream } from "../../src/source/source.ts";
import { plain } from "../plain.ts";
import { LAW_TOPIC } from "./law-topic.ts";

/** A real backend, fresh for each test. */
export type SourceBackend = {
  /** Connects to it once more, as a process that starts would; closed by the backend when the test ends. */
  readonly open: () => Promise<Source & Log>;
  /** Takes the backend away from whoever is connected. */
  readonly takeAway: () => Promise<void>;
  /**
   * Starts a process that appends records without end. For each record that was acknowledged it prints one line:
   * partition, offset, value and a dot, separated by spaces.
   */
  readonly spawnAppender: () => ChildProcessByStdio<null, Readable, null>;
};

/** What every source, and the log that feeds it, keeps. */
export function sourceLaws(name: string, start: () => Promise<SourceBackend>): void {
  describe(`${name} keeps the laws of a source`, () => {
    test("every record arrives with its bytes, headers, key and position unchanged, in order", async () => {
      const { open } = await start();
      const log = await open();
      const appended = await log.append(LAW_TOPIC.name, HOSTILE);
      const [stream] = await streamsOf(log);
      const { records } = await fetchAll(log, stream, 0n);
      expect(appended).toEqual(HOSTILE.map((_, index) => ({ stream: stream.id, partition: 0, offset: BigInt(index) })));
      expect(records.map(contentOf)).toEqual(HOSTILE.map(contentOf));
      expect(records.map(({ position }) => position)).toEqual(
        HOSTILE.map((_, index) => ({ stream: stream.id, topic: LAW_TOPIC.name, partition: 0, offset: BigInt(index) })),
      );
    });

    test("the same range again gives the same records, in whatever pieces it is read", async () => {
      const { open } = await start();
      const log = await open();
      for (let turn = 0; turn < 4; turn += 1) await log.append(LAW_TOPIC.name, numbered(7, turn * 7));
      const [stream] = await streamsOf(log);
      const whole = await fetchAll(log, stream, 0n);
      for (const recordsMax of [1, 3, 10, 100]) {
        expect((await fetchAll(log, stream, 0n, { recordsMax })).records).toEqual(whole.records);
      }
      expect((await fetchAll(await open(), stream, 0n)).records).toEqual(whole.records);
    });

    test("a fetch starts in the middle of a batch", async () => {
      const { open } = await start();
      const log = await open();
      await log.append(LAW_TOPIC.name, numbered(10));
      const [stream] = await streamsOf(log);
      const fetched = await fetchNow(log, stream, 4n, { recordsMax: 3 });
      expect(textsOf(fetched)).toEqual(["4", "5", "6"]);
      expect(fetched).toMatchObject({ kind: "records", from: 4n, to: 7n });
    });

    test("a fetch returns nothing at or beyond its end", async () => {
      const { open } = await start();
      const log = await open();
      await log.append(LAW_TOPIC.name, numbered(10));
      const [stream] = await streamsOf(log);
      const fetched = await log.fetch(stream, 2n, LIMITS, NEVER, 5n);
      expect(textsOf(fetched)).toEqual(["2", "3", "4"]);
      expect(fetched).toMatchObject({ from: 2n, to: 5n });
      expect(await log.fetch(stream, 5n, { ...LIMITS, waitMs: 60_000 }, NEVER, 5n)).toEqual({ kind: "empty" });
    });

    test("a fetch returns one record however large it is, and more only while they stay under the limit", async () => {
      const { open } = await start();
      const log = await open();
      await log.append(
        LAW_TOPIC.name,
        [5_000, 400, 400, 400].map((size) => record("x".repeat(size))),
      );
      const [stream] = await streamsOf(log);
      const sizes = async (from: bigint): Promise<readonly (number | undefined)[]> =>
        recordsOf(await fetchNow(log, stream, from, { bytesMax: 1_000 })).map(({ value }) => value?.length);
      expect(await sizes(0n)).toEqual([5_000]);
      expect(await sizes(1n)).toEqual([400, 400]);
      expect(await sizes(3n)).toEqual([400]);
    });

    test("bounds are the first offset and the one after the last", async () => {
      const { open } = await start();
      const log = await open();
      const [stream] = await streamsOf(log);
      expect(await log.bounds(stream)).toEqual({ start: 0n, end: 0n });
      await log.append(LAW_TOPIC.name, numbered(3));
      expect(await log.bounds(stream)).toEqual({ start: 0n, end: 3n });
    });

    test("a position at the end is empty; one beyond it says where the log ends", async () => {
      const { open } = await start();
      const log = await open();
      await log.append(LAW_TOPIC.name, numbered(3));
      const [stream] = await streamsOf(log);
      expect(await fetchNow(log, stream, 3n)).toEqual({ kind: "empty" });
      expect(await fetchNow(log, stream, 4n)).toEqual({ kind: "beyond-end", logEnd: 3n });
    });

    test("offsets go on where they were after reopening, on the same streams", async () => {
      const { open } = await start();
      const first = await open();
      const [stream] = await streamsOf(first);
      await first.append(LAW_TOPIC.name, numbered(2));
      await first.close();
      const second = await open();
      expect(await second.streams()).toEqual(await first.streams());
      expect(await second.append(LAW_TOPIC.name, numbered(2, 2))).toEqual([
        { stream: stream.id, partition: 0, offset: 2n },
        { stream: stream.id, partition: 0, offset: 3n },
      ]);
      expect((await fetchAll(second, stream, 0n)).records.map(textOf)).toEqual(["0", "1", "2", "3"]);
    });

    test("a waiting fetch ends with a record as soon as one is appended, by itself or by another", async () => {
      const { open } = await start();
      const [log, other] = [await open(), await open()];
      const [stream] = await streamsOf(log);
      for (const [index, by] of [log, other].entries()) {
        const waiting = log.fetch(stream, BigInt(index), { ...LIMITS, waitMs: 60_000 }, NEVER);
        await by.append(LAW_TOPIC.name, [record(String(index))]);
        expect(textsOf(await waiting)).toEqual([String(index)]);
      }
    });

    test("a waiting fetch ends empty when it is told to stop", async () => {
      const { open } = await start();
      const log = await open();
      const [stream] = await streamsOf(log);
      const stop = new AbortController();
      const waiting = log.fetch(stream, 0n, { ...LIMITS, waitMs: 60_000 }, stop.signal);
      stop.abort();
      expect(await waiting).toEqual({ kind: "empty" });
      expect(await log.fetch(stream, 0n, { ...LIMITS, waitMs: 60_000 }, stop.signal)).toEqual({ kind: "empty" });
    });

    test("a backend that is gone is Unavailable, never an empty end", async () => {
      const { open, takeAway } = await start();
      const before = await open();
      await before.append(LAW_TOPIC.name, numbered(3));
      await before.close();
      const log = await open();
      const [stream] = await streamsOf(log);
      await takeAway();
      await expect(fetchNow(log, stream, 3n)).rejects.toBeInstanceOf(Unavailable);
      await expect(fetchNow(log, stream, 0n)).rejects.toBeInstanceOf(Unavailable);
      await expect(log.bounds(stream)).rejects.toBeInstanceOf(Unavailable);
      await expect(log.append(LAW_TOPIC.name, numbered(1))).rejects.toBeInstanceOf(Unavailable);
    });
  });

  describe(`${name} keeps the laws of a log`, () => {
    test("records with the same key go to one partition, that of Kafka's default partitioner", async () => {
      const { open } = await start();
      const log = await open();
      // Kafka's murmur2 of each key, as its own tests have it, without the sign bit, modulo 3.
      const keys = ["21", "foobar", "a-little-bit-long-string", "a-little-bit-longer-string", "abc"];
      const partitions = [1_173_551_340, 1_357_151_166, 1_161_502_112, 661_178_819, 479_470_107].map(
        (hash) => hash % 3,
      );
      const records = keys.map((key) => ({ ...record("x"), key: Buffer.from(key), partition: null }));
      const appended = await log.append(LAW_TOPIC.name, [...records, ...records]);
      expect(appended.map(({ partition }) => partition)).toEqual([...partitions, ...partitions]);
    });

    test("records without a key stay together, and appends take the partitions in turn", async () => {
      const { open } = await start();
      const log = await open();
      const keyless = numbered(5).map((one) => ({ ...one, partition: null }));
      const used = new Set<number>();
      for (let turn = 0; turn < LAW_TOPIC.partitions; turn += 1) {
        const partitions = new Set((await log.append(LAW_TOPIC.name, keyless)).map(({ partition }) => partition));
        expect(partitions.size).toBe(1);
        for (const partition of partitions) used.add(partition);
      }
      expect(used.size).toBe(LAW_TOPIC.partitions);
    });

    test("appends at the same time each get positions of their own, in the order given", async () => {
      const { open } = await start();
      const [log, other] = [await open(), await open()];
      const appends = Array.from({ length: 20 }, (_, index) => ({
        by: index % 2 === 0 ? log : other,
        records: numbered(5, index * 5),
      }));
      const appended = await Promise.all(appends.map(async ({ by, records }) => by.append(LAW_TOPIC.name, records)));
      const [stream] = await streamsOf(log);
      const { records } = await fetchAll(log, stream, 0n);
      const found = new Map(records.map((one) => [one.position.offset, textOf(one)]));
      const told = appends.flatMap(({ records: given }, index) =>
        given.map((one, at): [bigint | undefined, string] => [appended[index]?.[at]?.offset, textOf(one)]),
      );
      expect(found.size).toBe(100);
      expect(found).toEqual(new Map(told));
      for (const { length } of appended) expect(length).toBe(5);
      for (const positions of appended) {
        expect(positions.map(({ offset }) => offset)).toEqual(
          positions.map(({ offset }) => offset).toSorted(ascending),
        );
      }
    });

    test("what was acknowledged is there after the process was killed, whenever it was killed", async () => {
      const { open, spawnAppender } = await start();
      for (const lines of [1, 2, 40, 150, 333]) {
        const acknowledged = await killAfter(spawnAppender(), lines);
        const log = await open();
        const found = new Map<string, string>();
        for (const stream of await streamsOf(log)) {
          for (const one of (await fetchAll(log, stream, 0n)).records) {
            found.set(`${one.position.partition} ${one.position.offset}`, textOf(one));
          }
        }
        expect(acknowledged.length).toBeGreaterThanOrEqual(lines);
        const lost = acknowledged.filter(([position, value]) => found.get(position) !== value);
        expect(lost).toEqual([]);
        await log.close();
      }
    });
  });
}

const LIMITS: FetchLimits = { bytesMax: 1_000_000, recordsMax: 1_000, waitMs: 0 };
const NEVER = new AbortController().signal;

function record(text: string): NewRecord {
  return { key: null, headers: [], value: Buffer.from(text), partition: 0 };
}

function numbered(count: number, from = 0): readonly NewRecord[] {
  return Array.from({ length: count }, (_, index) => record(String(from + index)));
}

const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const NOTHING = new Uint8Array(0);

/** Null is not empty, names repeat, bytes are any bytes. */
const HOSTILE: readonly NewRecord[] = [
  record("plain"),
  { key: null, headers: [], value: null, partition: 0 },
  { key: NOTHING, headers: [], value: NOTHING, partition: 0 },
  { key: ALL_BYTES, headers: [["all", ALL_BYTES]], value: ALL_BYTES, partition: 0 },
  {
    key: Buffer.from("k"),
    headers: [
      ["b", Buffer.from("1")],
      ["a", Buffer.from("2")],
      ["b", Buffer.from("3")],
      ["b", Buffer.from("1")],
    ],
    value: Buffer.from("repeated"),
    partition: 0,
  },
  {
    key: null,
    headers: [
      ["", NOTHING],
      ["näme \u{1f4e6} \0", Buffer.from("v")],
      ["__proto__", Buffer.from("x")],
    ],
    value: Buffer.from('{"a":1}\r\n'),
    partition: 0,
  },
];

function contentOf({ key, headers, value }: Pick<NewRecord, "key" | "headers" | "value">): unknown {
  return plain({ key, headers, value });
}

function textOf({ value }: Pick<NewRecord, "value">): string {
  return Buffer.from(value ?? NOTHING).toString();
}

function recordsOf(fetched: Fetched): readonly SourceRecord[] {
  return fetched.kind === "records" ? fetched.read() : [];
}

function textsOf(fetched: Fetched): readonly string[] {
  return recordsOf(fetched).map(textOf);
}

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function streamsOf(source: Source): Promise<readonly [Stream, ...Stream[]]> {
  const [first, ...others] = await source.streams();
  if (first === undefined) throw new Error("the source has no stream");
  return [first, ...others];
}

async function fetchNow(
  source: Source,
  stream: Stream,
  from: bigint,
  limits: Partial<FetchLimits> = {},
): Promise<Fetched> {
  return source.fetch(stream, from, { ...LIMITS, ...limits }, NEVER);
}

/** Every record there is now; asserts that coverage has neither gap nor overlap. */
async function fetchAll(
  source: Source,
  stream: Stream,
  from: bigint,
  limits: Partial<FetchLimits> = {},
): Promise<{ readonly records: readonly SourceRecord[] }> {
  const records: SourceRecord[] = [];
  let next = from;
  for (;;) {
    const fetched = await fetchNow(source, stream, next, limits);
    if (fetched.kind !== "records") return { records };
    expect(fetched.from).toBe(next);
    expect(fetched.to).toBeGreaterThan(next);
    records.push(...fetched.read());
    next = fetched.to;
  }
}

/** Kills the process once it has printed so many lines. */
async function killAfter(
  child: ChildProcessByStdio<null, Readable, null>,
  lines: number,
): Promise<readonly (readonly [position: string, value: string])[]> {
  const printed: (readonly [string, string])[] = [];
  const gone = once(child, "exit");
  for await (const line of createInterface({ input: child.stdout })) {
    const [partition, offset, value, end] = line.split(" ");
    // The last line may have been cut short.
    if (end === ".") printed.push([`${partition} ${offset}`, value ?? ""]);
    if (printed.length === lines) child.kill("SIGKILL");
  }
  expect(await gone).toEqual([null, "SIGKILL"]);
  return printed;
}
