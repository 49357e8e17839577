import type { Header } from "./record.ts";

/** A span that somebody else began, by W3C Trace Context. */
export type TraceContext = {
  /** 32 hex digits, not all 0. */
  readonly traceId: string;
  /** 16 hex digits, not all 0. */
  readonly spanId: string;
  /** Bit 0: the trace is recorded. */
  readonly flags: number;
};

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * Reads a `traceparent`; null for one that is malformed, which is ignored and fails nothing. A later version than 00 may have more
 * behind its flags (W3C Trace Context, 4.3).
 */
export function parseTraceparent(text: string): TraceContext | null {
  const [, version, traceId = "", spanId = "", flags = "", more] = TRACEPARENT.exec(text) ?? [];
  if (version === undefined || version === "ff" || (version === "00" && more !== undefined)) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

const LONGEST = 256;

/** The trace of a record: its first header `traceparent`, also that of a CloudEvent; null without one that can be read. */
export function traceOf(headers: readonly Header[]): TraceContext | null {
  for (const [name, value] of headers) {
    if ((name !== "traceparent" && name !== "ce_traceparent") || value.length > LONGEST) continue;
    return parseTraceparent(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("latin1"));
  }
  return null;
}
