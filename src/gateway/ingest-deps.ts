import type { CompiledContractSet } from "../core/compiled.ts";
import type { Decision } from "../core/decide.ts";
import type { SourceRecord } from "../core/record.ts";
import type { TraceContext } from "../core/trace-context.ts";
import type { FetchLimits, Source, Stream } from "../source/source.ts";
import type { BatchSize } from "./batch-size.ts";
import type { TraceBatch } from "./batch-trace.ts";
import type { Decided } from "./decided.ts";
import type { FailedRow, Store } from "../store/store.ts";
import type { Observe } from "./event.ts";
import type { InFlight } from "./in-flight.ts";
import type { Mirror } from "./mirror.ts";
import type { SettleLimit } from "./settle-limit.ts";

/** Observes the decisions of one batch. No decision depends on an observer. */
export type BatchObserver = {
  /** Receives every decision of the batch, in offset order. */
  readonly see: (row: Decided) => void;
  /**
   * Called once, after the batch is stored, with the records that passed and turned out to be conflicts; never called when the batch is
   * not stored.
   */
  readonly stored: (conflicts: readonly FailedRow[]) => Promise<void>;
};

/** The clocks of a process. No decision and no document depends on them: they measure. */
export type Clock = {
  /** Milliseconds that only grow, with fractions. */
  readonly monotonicMs: () => number;
  /** Unix time in milliseconds. */
  readonly nowMs: () => number;
};

export type IngestDeps = {
  readonly source: Source;
  readonly store: Store;
  /** Returns the live contract set. It is called once for each batch, and again after `learnSchemaIds`. */
  readonly contracts: () => CompiledContractSet;
  /**
   * Asks the schema registry for schema ids that the contract set does not know. Afterwards the set that `contracts`
   * returns knows those that exist. Throws `Unavailable` when the registry cannot be asked; the batch is then not decided
   * yet. Absent without a registry.
   */
  readonly learnSchemaIds?: (ids: readonly string[]) => Promise<void>;
  /**
   * Lets another process decide a batch by the given contract set. It answers the very decisions that this process would make, in the order
   * of the records, or null where this process should; throws `Unavailable` when nobody answers: the batch is then not decided yet.
   * Absent: this process decides.
   */
  readonly decideElsewhere?: (
    records: readonly SourceRecord[],
    set: CompiledContractSet,
    signal: AbortSignal,
  ) => Promise<readonly Decision[] | null>;
  readonly limits: FetchLimits;
  /** How many records the next batch may have, besides `limits`, by how long the store takes. Always as `limits` say when absent. */
  readonly batchSize?: BatchSize;
  /**
   * Whether a stream decides its next batch while the store writes the current one. This pays where one stream has the
   * process to itself: several streams already use the time in which one waits for the store. False when absent.
   */
  readonly decidesAhead?: () => boolean;
  /** Bounds the bytes that all streams of a gateway have fetched and not settled. No bound when absent. */
  readonly inFlight?: InFlight;
  /** Limits how many records all streams of a gateway settle at a time. No limit when absent. */
  readonly settleLimit?: SettleLimit;
  /** Whether the store keeps or drops the evidence of an entry once the next entry is applied. "keep" when absent. */
  readonly evidence?: "keep" | "drop";
  /** Publishes decisions after they are stored. Absent when the mirror is not configured. */
  readonly mirror?: Mirror;
  /**
   * Creates the observer of one batch: it counts which producer sends which version, or judges the records by a candidate
   * version. `subject` is the contract subject bound to the topic; null when no contract is bound. `trace` is what messages carry that
   * the batch causes. Absent when neither is configured.
   */
  readonly observeBatch?: (stream: Stream, subject: string | null, trace: TraceContext | null) => BatchObserver;
  /** Traces batches. Absent where traces are off: then nothing is paid for them. */
  readonly traceBatch?: TraceBatch;
  /**
   * Present in a redrive, whose streams no log holds: no log is checked, no other stream of the partition ends, and the INIT entry
   * has this note. Everything else is the same.
   */
  readonly redrive?: { readonly noteOf: (stream: Stream) => string };
  readonly observe: Observe;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  /** Returns 0 <= x < 1. It is used for the jitter of the backoff only. */
  readonly random: () => number;
};
