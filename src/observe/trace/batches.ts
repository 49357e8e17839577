import type { Attributes, Link } from "@opentelemetry/api";
import type { SourceRecord } from "../../core/record.ts";
import { traceOf } from "../../core/trace-context.ts";
import type { TraceBatch } from "../../gateway/batch-trace.ts";
import { contextOf, remote, type Tracing } from "./tracing.ts";

/** Links of one span: what OpenTelemetry's SDKs keep. The records of one request have one context, and one link. */
export const LINKS_MAX = 128;

/** What every batch of a gateway has in common. */
export type BatchTraceOptions = {
  /** `messaging.system`: kafka, or sigma for the embedded log. */
  readonly system: "kafka" | "sigma";
  /** The consumer group; null without Kafka. */
  readonly group: string | null;
};

/**
 * One span for each batch, `process <topic>` of the kind CONSUMER, by the semantic conventions for messaging. It has a link to each record
 * that carries a context, and begins a trace of its own: records of many traces are decided together.
 */
export function traceBatches(tracing: Tracing, { system, group }: BatchTraceOptions): TraceBatch {
  const { api, tracer } = tracing;
  return (stream, { from, to }, records) => {
    const { links, more } = linksOf(records);
    const attributes: Attributes = {
      "messaging.system": system,
      "messaging.operation.name": "process",
      "messaging.operation.type": "process",
      "messaging.destination.name": stream.topic,
      "messaging.destination.partition.id": String(stream.partition),
      "messaging.batch.message_count": records.length,
      "sigma.offset.from": String(from),
      "sigma.offset.to": String(to),
      ...(group === null ? {} : { "messaging.consumer.group.name": group }),
      ...(more === 0 ? {} : { "sigma.links.left_out": more }),
    };
    const options = { kind: api.SpanKind.CONSUMER, attributes, links, root: true };
    const span = tracer.startSpan(`process ${stream.topic}`, options, api.ROOT_CONTEXT);
    let isOpen = true;
    return {
      context: contextOf(tracing, span),
      settled: (seq, contractSet, { stored, duplicates, conflicts, failures }) => {
        isOpen = false;
        span.setAttributes({
          "sigma.ledger.seq": seq,
          "sigma.contract_set": contractSet,
          "sigma.stored": stored,
          "sigma.duplicates": duplicates,
          "sigma.conflicts": conflicts,
          ...Object.fromEntries([...failures].map(([code, count]) => [`sigma.failures.${code}`, count])),
        });
        span.end();
      },
      abandoned: (why) => {
        if (!isOpen) return;
        isOpen = false;
        span.setAttribute("error.type", why);
        span.setStatus({ code: api.SpanStatusCode.ERROR });
        span.end();
      },
    };
  };
}

/** Links to the contexts of records, each once; and how many contexts have none. */
function linksOf(records: readonly SourceRecord[]): { readonly links: Link[]; readonly more: number } {
  const links: Link[] = [];
  const seen = new Set<string>();
  for (const { headers } of records) {
    const trace = headers.length === 0 ? null : traceOf(headers);
    if (trace === null) continue;
    const name = trace.traceId + trace.spanId;
    if (seen.has(name)) continue;
    seen.add(name);
    if (links.length < LINKS_MAX) links.push({ context: remote(trace) });
  }
  return { links, more: seen.size - links.length };
}
