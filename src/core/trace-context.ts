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

/** Writes a `traceparent`. */
export function formatTraceparent({ traceId, spanId, flags }: TraceContext): string {
  return `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, "0")}`;
}

/** The span of one request, in or out. */
export type RequestTrace = {
  /** What goes on with the request, and into its answer; null where nobody records. */
  readonly traceparent: string | null;
  /** @param status of the answer; null when there was none. */
  readonly end: (status: number | null) => void;
};

/** Begins the span of a request that arrives. @param route the template: a path may hold what nobody is to see. */
export type TraceRequest = (request: {
  readonly method: string;
  readonly route: string | null;
  readonly traceparent: string | null;
}) => RequestTrace;

/** Begins the span of a request that is sent. @param host where it goes, without its path. */
export type TraceCall = (method: string, host: string) => RequestTrace;
