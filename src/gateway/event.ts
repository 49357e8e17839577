import type { Stream } from "../source/source.ts";
import type { GroupTally } from "../store/groups.ts";
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
      readonly count: number;
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

/** The failures of a batch by group. */
export type FailureGroups = {
  readonly groups: readonly GroupTally[];
  /** Fingerprints of which the store had no failure before. After a crash the next attempt may not report them again. */
  readonly newGroups: readonly string[];
};

/** Events about contracts rather than about a stream. */
export type ContractsEvent =
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

export type Observe = (event: GatewayEvent) => void;
