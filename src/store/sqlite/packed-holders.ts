import type { SQLOutputValue } from "node:sqlite";
import { exactInteger } from "../../json/exact-integer.ts";
import type { Holder } from "../store.ts";
import { unreadable } from "./holders.ts";
import { erasedHolder } from "./staged.ts";
import type { Streams } from "./streams.ts";

// The holders of ids, in the form in which the writer sends them: an object for each would be taken apart and put together again.

/** Holders in columns; the payloads follow one another in one buffer. */
export type PackedHolders = {
  /** The index of each holder's id among the ids that were asked for. */
  readonly asked: Uint32Array;
  readonly streams: BigInt64Array;
  readonly offsets: BigInt64Array;
  readonly times: BigInt64Array;
  readonly payloads: Uint8Array;
  /** The end of each payload in `payloads`. */
  readonly ends: Uint32Array;
  /** The erased ones, which are rare: the place of each in the columns, and the digest of the content that it had. */
  readonly erased: readonly (readonly [place: number, content: string])[];
  /** The indexes of the ids whose rows cannot be read. */
  readonly unreadable: readonly number[];
};

/** What {@link packHolders} reads of a row, in this order. The payload is read as bytes. */
export const HOLDER_COLUMNS = "stream, offset, at, CAST(payload AS BLOB), erased";

/** @param rows of each id its row, with 64-bit integers as `bigint`; undefined where there is none. */
export function packHolders(rows: readonly (readonly SQLOutputValue[] | undefined)[]): PackedHolders {
  const asked: number[] = [];
  const bad: number[] = [];
  const erased: (readonly [number, string])[] = [];
  const payloads: Uint8Array[] = [];
  const [streams, offsets, times, ends] = [
    new BigInt64Array(rows.length),
    new BigInt64Array(rows.length),
    new BigInt64Array(rows.length),
    new Uint32Array(rows.length),
  ];
  let end = 0;
  rows.forEach((row, index) => {
    if (row === undefined) return;
    const [stream, offset, at, payload, content] = row;
    const isRead = typeof stream === "bigint" && typeof offset === "bigint" && typeof at === "bigint";
    if (!isRead || !(payload instanceof Uint8Array)) return void bad.push(index);
    const place = asked.push(index) - 1;
    [streams[place], offsets[place], times[place]] = [stream, offset, at];
    if (content !== null) erased.push([place, String(content)]);
    payloads.push(payload);
    end += payload.length;
    ends[place] = end;
  });
  return {
    asked: Uint32Array.from(asked),
    streams,
    offsets,
    times,
    payloads: Buffer.concat(payloads, end),
    ends,
    erased,
    unreadable: bad,
  };
}

/**
 * Reads the holders, by their ids.
 * @param ids those that were asked for.
 * @throws `Unavailable` with code STORE_CORRUPT when a row could not be read, or its stream is none there is.
 */
export function holdersFrom(
  packed: PackedHolders,
  ids: readonly string[],
  streams: Pick<Streams, "byNumber">,
  path: string,
): ReadonlyMap<string, Holder> {
  const idAt = (index: number | undefined): string => ids[index ?? -1] ?? "a fact";
  if (packed.unreadable.length > 0) throw unreadable(path, idAt(packed.unreadable[0]));
  const contents = new Map(packed.erased);
  const found = new Map<string, Holder>();
  for (const [place, index] of packed.asked.entries()) {
    const id = idAt(index);
    const note = streams.byNumber(Number(packed.streams[place]));
    if (note === null) throw unreadable(path, id);
    const { stream, topic, partition } = note;
    const position = { stream, topic, partition, offset: packed.offsets[place] as bigint };
    const timestampMs = exactInteger(packed.times[place] as bigint);
    const content = contents.get(place);
    const from = place === 0 ? 0 : (packed.ends[place - 1] as number);
    const payloadBytes = packed.payloads.subarray(from, packed.ends[place]);
    const payloadText = (): string => Buffer.from(payloadBytes).toString("utf8");
    found.set(
      id,
      content === undefined
        ? { id, position, timestampMs, payloadBytes, payloadText }
        : erasedHolder({ id, position, timestampMs }, content),
    );
  }
  return found;
}
