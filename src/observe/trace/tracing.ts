import type * as Otel from "@opentelemetry/api";
import { parseTraceparent, type TraceContext } from "../../core/trace-context.ts";

/** The API of OpenTelemetry, and our tracer. What records the spans is what the user loaded: without that the API does nothing. */
export type Tracing = {
  readonly api: typeof Otel;
  readonly tracer: Otel.Tracer;
};

const SCOPE = "sigma-aetl";

/** Loads the API. Nothing is loaded before. */
export async function openTracing(version: string): Promise<Tracing> {
  const api = await import("@opentelemetry/api");
  return { api, tracer: api.trace.getTracer(SCOPE, version) };
}

/** Whether anybody records spans: `--import` of an SDK was not forgotten. */
export function isRecording({ tracer }: Tracing): boolean {
  const span = tracer.startSpan("sigma start", { root: true });
  const isHeard = span.isRecording() || span.spanContext().traceId !== NO_TRACE;
  span.end();
  return isHeard;
}

const NO_TRACE = "0".repeat(32);

/** What a message carries that a span causes; null where nobody records. */
export function contextOf({ api }: Tracing, span: Otel.Span): TraceContext | null {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return api.isSpanContextValid(span.spanContext()) ? { traceId, spanId, flags: traceFlags } : null;
}

/** The span of somebody else, as a parent or for a link. */
export function remote({ traceId, spanId, flags }: TraceContext): Otel.SpanContext {
  return { traceId, spanId, traceFlags: flags, isRemote: true };
}

/** The parent that a `traceparent` names; a trace of its own begins where it is absent or malformed. */
export function parentOf({ api }: Tracing, traceparent: string | null): Otel.Context {
  const parent = traceparent === null ? null : parseTraceparent(traceparent);
  return parent === null ? api.ROOT_CONTEXT : api.trace.setSpanContext(api.ROOT_CONTEXT, remote(parent));
}
