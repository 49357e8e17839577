import { hash } from "node:crypto";
import type { ExactInteger } from "../json/exact-integer.ts";
import { exactInteger } from "../json/exact-integer.ts";
import type { FailureFilter } from "./filter.ts";

/** Where a page of failures ended: behind the last failure that was looked at. */
export type Cursor = {
  readonly collection: string;
  readonly atMs: ExactInteger;
  /** Number of the stream. */
  readonly stream: number;
  readonly offset: bigint;
  /** The times of the filter as the first page resolved them: `1h` means the same hour on every page. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
};

/** Writes a cursor as text. It holds no value of a payload. @param query identifies the filter without its times. */
export function writeCursor({ collection, atMs, stream, offset, fromMs, toMs }: Cursor, query: string): string {
  const parts = [VERSION, query, collection, String(atMs), stream, String(offset), fromMs, toMs];
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/** Reads a cursor; null when it is damaged, of another build's format, or of another query. */
export function readCursor(text: string, query: string): Cursor | null {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    if (!Array.isArray(parts) || parts.length !== 8) return null;
    const [version, of, collection, atMs, stream, offset, fromMs, toMs] = parts as readonly unknown[];
    if (version !== VERSION || of !== query || typeof collection !== "string" || typeof stream !== "number")
      return null;
    if (!isTime(fromMs) || !isTime(toMs) || !isInteger(atMs) || !isInteger(offset)) return null;
    return { collection, stream, atMs: exactInteger(BigInt(atMs)), offset: BigInt(offset), fromMs, toMs };
  } catch {
    return null;
  }
}

const VERSION = 1;

function isTime(value: unknown): value is number | null {
  return value === null || Number.isSafeInteger(value);
}

/** Whether it is an integer of 64 bits, as text: stores hold no other. */
function isInteger(value: unknown): value is string {
  return typeof value === "string" && /^-?\d{1,19}$/.test(value) && BigInt.asIntN(64, BigInt(value)) === BigInt(value);
}

/** Identifies a filter, its times aside. */
export function queryOf(filter: FailureFilter): string {
  const { fromMs: _from, toMs: _to, offset, ...rest } = filter;
  return hash("sha256", JSON.stringify({ ...rest, offset: offset === null ? null : String(offset) })).slice(0, 16);
}
