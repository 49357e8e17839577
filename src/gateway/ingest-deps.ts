import type { CompiledContractSet } from "../core/compiled.ts";
import type { FetchLimits, Source, Stream } from "../source/source.ts";
import type { Decided } from "./decided.ts";
import type { Store } from "../store/store.ts";
import type { Observe } from "./event.ts";
import type { Mirror } from "./mirror.ts";
import type { SettleLimit } from "./settle-limit.ts";

/** Looks on while a batch is decided; no decision depends on it. */
export type BatchObserver = {
  /** Shown every decision, in order. What it keeps of them is its own. */
  readonly see: (row: Decided) => void;
  /** Called once the batch is stored, and never when it is not. */
  readonly stored: () => Promise<void>;
};

export type IngestDeps = {
  readonly source: Source;
  readonly store: Store;
  /** The set in force now; read once for each batch. */
  readonly contracts: () => CompiledContractSet;
  /**
   * Asks a registry for schema ids that the set does not know; afterwards `contracts` knows those that exist. Throws
   * `Unavailable` when it cannot be asked: no decision yet. Absent without a registry.
   */
  readonly learnSchemaIds?: (ids: readonly string[]) => Promise<void>;
  readonly limits: FetchLimits;
  /**
   * Whether the next batch is decided while one is stored. Worth it where a stream has the process to itself: several fill one
   * another's waiting. Not when absent.
   */
  readonly decidesAhead?: () => boolean;
  /** Shared by the streams of a gateway: how many records they settle at a time. No bound when absent. */
  readonly settleLimit?: SettleLimit;
  /** Whether the records of an entry are kept once the next one is applied. Kept when absent. */
  readonly evidence?: "keep" | "drop";
  /** Tells decisions once they are stored; absent when nobody asked for it. */
  readonly mirror?: Mirror;
  /**
   * Begins to look on at a batch: who sends which version, how another version would judge. `subject`: of the topic; null when
   * no contract is bound to it. Absent when nobody asked.
   */
  readonly observeBatch?: (stream: Stream, subject: string | null) => BatchObserver;
  readonly observe: Observe;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** 0 <= x < 1, for jitter only. */
  readonly random: () => number;
};
