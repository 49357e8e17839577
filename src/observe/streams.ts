import type { TraceContext } from "../core/trace-context.ts";
import type { BatchMeasures, GatewayEvent, Observe } from "../gateway/event.ts";
import type { Stream } from "../source/source.ts";
import type { FieldsOf, Logger } from "./log/logger.ts";
import { runbookOf } from "./runbooks.ts";
import { createSummaries, type Later } from "./log/summaries.ts";

/** How often batches of a stream are summed up in one line, in milliseconds. A busy stream settles twenty batches a second. */
export const BATCHES_EVERY_MS = 10_000;

type Batch = Extract<GatewayEvent, { readonly kind: "batch-settled" }>;

/**
 * Logs one line for each change of a stream's state, and what was settled: the first batch of a stream at once, then one line for all
 * batches of the last ten seconds. At debug level each batch has a line besides.
 */
export function logEvents(log: Logger, later: Later): Observe {
  const batches = createSummaries({ everyMs: BATCHES_EVERY_MS, later }, joined, (line: FieldsOf<"batches.settled">) =>
    log.write("batches.settled", line),
  );
  return (event) => {
    const stream = streamFields(event.stream);
    const { id } = event.stream;
    switch (event.kind) {
      case "stream-acquired":
        return log.write("stream.acquired", {
          ...stream,
          "sigma.ledger.seq": event.seq,
          "sigma.offset.from": String(event.position),
        });
      case "stream-checked":
        return undefined;
      case "tail-redone": {
        const { seq, count, measures } = event;
        log.write("tail.redone", { ...stream, "sigma.ledger.seq": seq, "messaging.batch.message_count": count });
        if (measures === null) return undefined;
        return batches.add(id, { ...stream, ...batchFields({ ...event, ...countsOf(measures) }), "sigma.batches": 1 });
      }
      case "batch-settled": {
        const line = { ...stream, ...batchFields(event), ...traceFields(event.trace) };
        log.write("batch.settled", line);
        return batches.add(id, { ...line, "sigma.batches": 1 });
      }
      case "ledger-lost":
        return log.write("ledger.lost", { ...stream, "sigma.ledger.seq": event.seq });
      case "stream-paused": {
        const { code, message, remedy, retryInMs } = event;
        const trouble = { "error.type": code, "sigma.remedy": remedy, "sigma.runbook": runbookOf(code) };
        return log.write("stream.paused", { ...stream, ...trouble, "sigma.retry_ms": retryInMs }, message);
      }
      case "stream-resumed":
        return log.write("stream.resumed", stream);
      case "stream-halted": {
        const { code, message, remedy } = event.halt;
        batches.flush(id);
        const why = { "error.type": code, "sigma.remedy": remedy, "sigma.runbook": runbookOf(code) };
        return log.write("stream.halted", { ...stream, ...why }, message);
      }
      case "stream-stopped":
        batches.flush(id);
        return log.write("stream.stopped", stream);
    }
  };
}

/** The fields that name a stream. */
export function streamFields({ topic, partition }: Pick<Stream, "topic" | "partition">): StreamFields {
  return { "messaging.destination.name": topic, "messaging.destination.partition.id": String(partition) };
}

export type StreamFields = {
  readonly "messaging.destination.name": string;
  readonly "messaging.destination.partition.id": string;
};

/** The fields that name a span; none without one. */
export function traceFields(trace: TraceContext | null): { readonly trace_id?: string; readonly span_id?: string } {
  return trace === null ? {} : { trace_id: trace.traceId, span_id: trace.spanId };
}

type Counts = Pick<Batch, "stored" | "duplicates" | "conflicts" | "failures">;
type Entry = Pick<Batch, "seq" | "from" | "to" | "count" | "contractSet">;

/** The counts of a batch that this process decided and that was stored only after trouble. */
function countsOf({ decisions }: BatchMeasures): Counts {
  const failures = new Map<string, number>();
  const sums = { passed: 0, duplicate: 0, failed: 0 };
  for (const { outcome, code, count } of decisions) {
    sums[outcome] += count;
    if (code !== null) failures.set(code, (failures.get(code) ?? 0) + count);
  }
  const conflicts = failures.get("conflict") ?? 0;
  return { stored: sums.passed, duplicates: sums.duplicate, conflicts, failures };
}

function batchFields({ seq, from, to, count, contractSet, stored, duplicates, conflicts, failures }: Entry & Counts) {
  return {
    "sigma.ledger.seq": seq,
    "sigma.offset.from": String(from),
    "sigma.offset.to": String(to),
    "sigma.contract_set": contractSet,
    "messaging.batch.message_count": count,
    "sigma.stored": stored,
    "sigma.duplicates": duplicates,
    "sigma.conflicts": conflicts,
    "sigma.failures": Object.fromEntries(failures),
  };
}

/** Two lines of one stream as one: what adds up is added, everything else is that of the later batch. */
function joined(before: FieldsOf<"batches.settled">, after: FieldsOf<"batches.settled">): FieldsOf<"batches.settled"> {
  const sum = (field: Added): number => before[field] + after[field];
  return {
    ...after,
    "sigma.offset.from": before["sigma.offset.from"],
    "sigma.batches": sum("sigma.batches"),
    "messaging.batch.message_count": sum("messaging.batch.message_count"),
    "sigma.stored": sum("sigma.stored"),
    "sigma.duplicates": sum("sigma.duplicates"),
    "sigma.conflicts": sum("sigma.conflicts"),
    "sigma.failures": added(before["sigma.failures"], after["sigma.failures"]),
  };
}

type Added =
  | "sigma.batches"
  | "messaging.batch.message_count"
  | "sigma.stored"
  | "sigma.duplicates"
  | "sigma.conflicts";

/** The sums of two counts by name. */
export function added(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const sums: Record<string, number> = { ...before };
  for (const [name, count] of Object.entries(after)) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}
