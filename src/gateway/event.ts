import type { Stream } from "../source/source.ts";
import type { HaltCode, UnavailableCode } from "../core/unavailable.ts";

export type Halt = { readonly code: HaltCode; readonly message: string; readonly remedy: string };

/** Facts the gateway reports; logs and metrics are subscribers. No payload is ever part of one. */
export type GatewayEvent =
  | {
      readonly kind: "stream-acquired";
      readonly stream: Stream;
      readonly seq: number;
      readonly hash: string;
      readonly position: bigint;
    }
  /** The log is the one that the store knows, and reaches as far as it should; below the position everything is decided. */
  | { readonly kind: "stream-checked"; readonly stream: Stream; readonly position: bigint }
  | { readonly kind: "tail-redone"; readonly stream: Stream; readonly seq: number; readonly count: number }
  | {
      readonly kind: "batch-settled";
      readonly stream: Stream;
      readonly seq: number;
      /** Of the entry. */
      readonly hash: string;
      readonly from: bigint;
      readonly to: bigint;
      readonly count: number;
      readonly stored: number;
      readonly duplicates: number;
      readonly conflicts: number;
      /** Failures by code; conflicts are among them. */
      readonly failures: ReadonlyMap<string, number>;
      readonly contractSet: string;
    }
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

/** What concerns the contracts and no stream: what became of a change of their files, who could not be advised. */
export type ContractsEvent =
  | {
      readonly kind: "contracts-swapped";
      readonly from: string;
      readonly to: string;
      readonly changes: readonly string[];
    }
  | { readonly kind: "contracts-refused"; readonly problems: readonly string[] }
  /** The contracts on the web could not be copied: those of the last copy stay in force. */
  | { readonly kind: "contracts-stale"; readonly why: string }
  /** A schema id stands for none of our versions: its records are FAILED. */
  | { readonly kind: "schema-id-unknown"; readonly id: string; readonly why: string }
  /** Records of a topic will be FAILED whatever they hold: its default version is not in force. */
  | { readonly kind: "default-idle"; readonly topic: string; readonly message: string; readonly remedy: string }
  /** Producers of deprecated versions could not be told so; nothing else is lost. */
  | { readonly kind: "advisories-lost"; readonly count: number; readonly why: string };

/** What became of an anchor; no stream waits for one. */
export type AnchorEvent =
  /** @param remark what is less than it should be; null when nothing is. */
  | { readonly kind: "anchored"; readonly place: string; readonly remark: string | null }
  | {
      readonly kind: "anchor-trouble";
      readonly place: string;
      readonly code: UnavailableCode;
      readonly message: string;
      readonly remedy: string;
    }
  /** The store has a stream that ends before an entry that this gateway knows, or has another one in its place. */
  | { readonly kind: "head-fell-behind"; readonly stream: string; readonly seq: number };

export type Observe = (event: GatewayEvent) => void;
