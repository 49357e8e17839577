import type { Header, Position } from "./record.ts";

/**
 * Header that a router adds behind the headers of a record: the position at which the record arrived. It decides nothing.
 * Of several, as behind two routers, the last is the nearest.
 */
export const ORIGIN_HEADER = "sigma-origin";

/** The header for a record that is moved on: `orders/3@1042 CLUSTER/TOPIC-ID/3`, first for people, then the stream's id. */
export function originHeader({ stream, topic, partition, offset }: Position): Header {
  return [ORIGIN_HEADER, Buffer.from(`${topic}/${partition}@${offset} ${stream}`, "latin1")];
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
