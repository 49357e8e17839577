import type { SourceRecord } from "../core/record.ts";
import type { TraceContext } from "../core/trace-context.ts";
import type { OffsetRange, Stream } from "../source/source.ts";
import type { Applied } from "./apply.ts";

/** Begins the trace of one batch, before it is decided. */
export type TraceBatch = (stream: Stream, range: OffsetRange, records: readonly SourceRecord[]) => BatchTrace;

/** The trace of one batch. */
export type BatchTrace = {
  /** What messages carry that the batch causes; null where nobody records it. */
  readonly context: TraceContext | null;
  /** The batch is stored as the entry `seq`. */
  readonly settled: (
    seq: number,
    contractSet: string,
    counts: Pick<Applied, "stored" | "duplicates" | "conflicts" | "failures">,
  ) => void;
  /** It was not stored, and will be decided again. After `settled` it does nothing. @param why a stable word. */
  readonly abandoned: (why: string) => void;
};
