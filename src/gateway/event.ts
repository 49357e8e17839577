import type { Stream } from "../source/source.ts";
import type { GroupTally } from "../store/groups.ts";
import type { TraceContext } from "../core/trace-context.ts";
import type { HaltCode, UnavailableCode } from "../core/unavailable.ts";

export type Halt = { readonly code: HaltCode; readonly message: string; readonly remedy: string };

/** Events that the gateway reports to its logs, its anchors and its own state. No event ever holds a payload. */
export type GatewayEvent =
  | {
      readonly kind: "stream-acquired";
      readonly stream: Stream;
      readonly seq: number;
      readonly hash: string;
      readonly position: bigint;
    }
  /**
   * The log check passed: the log is the one that the store knows and lacks no decided or acknowledged record. Every
   * offset below `position` is decided.
   */
  | { readonly kind: "stream-checked"; readonly stream: Stream; readonly position: bigint }
  | ({
      readonly kind: "tail-redone";
      readonly stream: Stream;
      readonly seq: number;
      readonly from: bigint;
      readonly to: bigint;
      readonly count: number;
      readonly contractSet: string;
      /** Present where this process had decided the entry itself and had not reported it settled: it counts as settled now. */
      readonly measures: BatchMeasures | null;
    } & FailureGroups)
  | ({
      readonly kind: "batch-settled";
      readonly stream: Stream;
      readonly seq: number;
      /** Hash of the ledger entry, hex. */
      readonly hash: string;
      readonly from: bigint;
      readonly to: bigint;
      readonly count: number;
      readonly stored: number;
      readonly duplicates: number;
      readonly conflicts: number;
      /** Number of failures by code, conflicts included. */
      readonly failures: ReadonlyMap<string, number>;
      readonly contractSet: string;
      readonly measures: BatchMeasures;
      /** The span of the batch; null where nobody records it. */
      readonly trace: TraceContext | null;
    } & FailureGroups)
  | { readonly kind: "ledger-lost"; readonly stream: Stream; readonly seq: number }
  | {
      readonly kind: "stream-paused";
      readonly stream: Stream;
      readonly code: UnavailableCode;
      readonly message: string;
      readonly remedy: string;
      readonly retryInMs: number;
    }
  | { readonly kind: "stream-resumed"; readonly stream: Stream }
  | { readonly kind: "stream-halted"; readonly stream: Stream; readonly halt: Halt }
  | { readonly kind: "stream-stopped"; readonly stream: Stream };

/**
 * What one batch came to, in numbers. Every batch that a process decides and that becomes durable is reported once by that process:
 * in `batch-settled`, or in `tail-redone` where the store failed meanwhile. A process that is killed in between does not report it.
 */
export type BatchMeasures = {
  /** Whether the records are failures that an operator sent again: they are outside of objectives. */
  readonly isRedrive: boolean;
  /** The contract subject that is bound to the topic. */
  readonly subject: string;
  /** Few elements: versions of the contract set, and failure codes. The counts add up to the records of the batch. */
  readonly decisions: readonly DecisionTally[];
  /** Bytes of the evidence: keys, headers and values with their framing, and the same compressed. */
  readonly bytes: { readonly evidence: number; readonly packed: number };
  /**
   * The time of every record in its log, Unix time in milliseconds, in runs of equal times: `counts[i]` consecutive records
   * have the time `ms[i]`. Producers may claim any 64-bit time; -1 is none.
   */
  readonly produced: { readonly ms: readonly number[]; readonly counts: readonly number[] };
  /** When the batch was durable: Unix time in milliseconds. */
  readonly durableAtMs: number;
  /** What single decisions took, in milliseconds: those of every `every`-th record, so each of `timed` stands for that many. */
  readonly decideMs: { readonly every: number; readonly timed: readonly number[] };
  readonly stagesMs: StagesMs;
  /** A record of the batch that carries a trace; null when its first records carry none. For exemplars: no sample. */
  readonly traced: { readonly traceId: string; readonly timestampMs: number } | null;
};

/** How many records of a version had one outcome. */
export type DecisionTally = {
  readonly subject: string;
  /** Null where the record named no version that the contract set has. */
  readonly version: number | null;
  /** "passed": became a fact. "duplicate": passed, and repeats a fact. "failed": conflicts included. */
  readonly outcome: "passed" | "duplicate" | "failed";
  /** The failure code; null unless it failed. */
  readonly code: string | null;
  readonly count: number;
};

/** How long each stage of a batch took, in milliseconds of a clock that only grows. They follow one another without gaps. */
export type StagesMs = {
  /** From asking the log until it answered. Waiting for a first record is part of it. */
  readonly fetch: number;
  /** Asking the schema registry, where ids are unknown, and waiting for other streams to settle theirs. */
  readonly turn: number;
  /** P3: judging the records, encoding their documents and packing the evidence. */
  readonly decide: number;
  /** Waiting until the batch before is settled. */
  readonly queue: number;
  /** P4: inserting the entry with its evidence. */
  readonly ledger: number;
  /** P5: inserting the documents. With SQLite, the commit of entry and documents. After trouble, the pause and the redo. */
  readonly documents: number;
  /** Mirror, traffic notes and shadows, which the next batch waits for. */
  readonly after: number;
};

/** The failures of a batch by group. */
export type FailureGroups = {
  readonly groups: readonly GroupTally[];
  /** Fingerprints of which the store had no failure before. After a crash the next attempt may not report them again. */
  readonly newGroups: readonly string[];
};

/** Events about contracts rather than about a stream. */
export type ContractsEvent =
  | PoolEvent
  | {
      readonly kind: "contracts-swapped";
      readonly from: string;
      readonly to: string;
      readonly changes: readonly string[];
    }
  | { readonly kind: "contracts-refused"; readonly problems: readonly string[] }
  /** The contracts could not be copied from their URL; those of the last copy stay live. */
  | { readonly kind: "contracts-stale"; readonly why: string }
  /** The registry's schema of this id is none of our contract versions; records that name the id are FAILED. */
  | { readonly kind: "schema-id-unknown"; readonly id: string; readonly why: string }
  /** A topic has no live version, or its default version is not live: all its records, or those without a version, will be FAILED. */
  | { readonly kind: "default-idle"; readonly topic: string; readonly message: string; readonly remedy: string }
  /** Advisories to producers of deprecated versions could not be sent. Nothing else is lost. */
  | { readonly kind: "advisories-lost"; readonly count: number; readonly why: string };

/** A validator of the pool is used from now on, or is not. */
export type PoolEvent = {
  readonly kind: "validator-changed";
  readonly url: string;
  readonly state: "unknown" | "ready" | "away" | "other-set";
  /** Why it is not used; "" when it is. */
  readonly why: string;
};

/** Results of writing anchors. No stream waits for an anchor. */
export type AnchorEvent =
  /** `remark` names a weakness of the anchor that was written; null when there is none. */
  | { readonly kind: "anchored"; readonly place: string; readonly remark: string | null }
  | {
      readonly kind: "anchor-trouble";
      readonly place: string;
      readonly code: UnavailableCode;
      readonly message: string;
      readonly remedy: string;
    }
  /** The ledger in the store now ends before an entry that this gateway knows, or holds another entry under its seq. */
  | { readonly kind: "head-fell-behind"; readonly stream: string; readonly seq: number };

/** What a gateway does with redrive plans. */
export type RedriveEvent =
  /** `rate`: records a second at most; null: no limit. */
  | { readonly kind: "redrive-started"; readonly plan: string; readonly count: number; readonly rate: number | null }
  | {
      readonly kind: "redrive-ended";
      readonly plan: string;
      /** How, in a word: `done`, `paused`, `overtaken` by another gateway, ... */
      readonly end: string;
      /** Why it cannot go on; absent when it ended as it should. */
      readonly trouble?: { readonly code: string; readonly message: string; readonly remedy: string };
    };

export type Observe = (event: GatewayEvent) => void;
