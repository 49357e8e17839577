import type { Header, Position } from "./record.ts";

/**
 * Header that a router adds behind the headers of a record: the position at which the record arrived. It decides nothing.
 * Of several, as behind two routers, the last is the nearest.
 */
export const ORIGIN_HEADER = "sigma-origin";

/** A position as people write it: `orders/3@1042`. */
export function placeText({ topic, partition, offset }: Omit<Position, "stream">): string {
  return `${topic}/${partition}@${offset}`;
}

/** Where a record came from, as its documents say it; null when its headers name no such position. */
export function originText(headers: readonly Header[]): string | null {
  if (headers.length === 0) return null;
  const origin = originOf(headers);
  return origin === null ? null : placeText(origin);
}

/** The position in a text as {@link originText} makes it; null for any other text. */
export function parsePlace(text: string): Omit<Position, "stream"> | null {
  const [, topic, partition, offset] = PLACE.exec(text) ?? [];
  if (topic === undefined) return null;
  return { topic, partition: Number(partition), offset: BigInt(offset ?? 0) };
}

const PLACE = /^([A-Za-z0-9._-]{1,249})\/(0|[1-9][0-9]{0,9})@(0|[1-9][0-9]{0,18})$/;

/** The header for a record that is moved on: `orders/3@1042 CLUSTER/TOPIC-ID/3`, first for people, then the stream's id. */
export function originHeader(position: Position): Header {
  return [ORIGIN_HEADER, Buffer.from(`${placeText(position)} ${position.stream}`, "latin1")];
}

/** Where a record came from before a router moved it; null when its headers name no such position. */
export function originOf(headers: readonly Header[]): Position | null {
  const last = headers.findLast(([name]) => name === ORIGIN_HEADER);
  return last === undefined ? null : parseOrigin(Buffer.from(last[1]).toString("latin1"));
}

const ORIGIN = /^([A-Za-z0-9._-]{1,249})\/(0|[1-9][0-9]{0,9})@(0|[1-9][0-9]{0,18}) (\S{1,200}\/\2)$/;

/** Parses the value of the header; null for any other text. */
export function parseOrigin(text: string): Position | null {
  const [, topic, partition, offset, stream] = ORIGIN.exec(text) ?? [];
  if (topic === undefined || stream === undefined) return null;
  return { stream, topic, partition: Number(partition), offset: BigInt(offset ?? 0) };
}
