import type { ContractRef } from "../core/compiled.ts";
import type { FailureReason } from "../core/failure.ts";
import type { ExactInteger } from "../json/exact-integer.ts";
import type { StreamNote } from "./stream-note.ts";

// Failures as people look for them: a page at a time, newest first.

/** A stored failure. */
export type FailureRecord = {
  readonly collection: string;
  readonly stream: StreamNote;
  readonly offset: bigint;
  /** Timestamp of the record in its log, in milliseconds since the epoch. */
  readonly atMs: ExactInteger;
  readonly code: string;
  /** Null when the stored reason cannot be read, because the document was changed. */
  readonly reason: FailureReason | null;
  readonly fingerprint: string;
  readonly contract: Pick<ContractRef, "subject" | "version"> | null;
  /** How the record declared its version; null when no version judged it. */
  readonly declaredBy: string | null;
  readonly producer: string | null;
  /** Where the record arrived before a router moved it, as `orders/3@1042`; null when it was not moved. */
  readonly origin: string | null;
  /** The machine id that a conflict was about. */
  readonly identity: string | null;
  /** The payload as JSON text; null when it was not asked for, could not be parsed, is longer than 65,536 bytes, or was erased. */
  readonly payloadText: string | null;
};

/** A failure whose reason is read when somebody asks for it: a search looks at thousands and shows a few. */
export function withReason(rest: Omit<FailureRecord, "reason">, read: () => FailureRecord["reason"]): FailureRecord {
  let reason: FailureRecord["reason"] | undefined;
  const { collection, stream, offset, atMs, code, fingerprint, contract, declaredBy, producer, identity } = rest;
  // Written out: a spread beside an accessor took a fifth of the time of a search.
  return {
    collection,
    stream,
    offset,
    atMs,
    code,
    get reason() {
      reason ??= read();
      return reason;
    },
    fingerprint,
    contract,
    declaredBy,
    producer,
    origin: rest.origin,
    identity,
    payloadText: rest.payloadText,
  };
}

/** What a page of failures is read along: all by time, those of a group, or those of a code. */
export type FailureOrder =
  | { readonly kind: "time" }
  | { readonly kind: "group"; readonly fingerprint: string }
  | { readonly kind: "code"; readonly code: string };

/** The place of a failure among those of its collection. */
export type FailurePlace = { readonly atMs: ExactInteger; readonly stream: StreamNote; readonly offset: bigint };

/** A page of failures of one collection, newest first. */
export type FailurePageQuery = {
  readonly along: FailureOrder;
  /** Timestamps from here on; null: any. */
  readonly fromMs: ExactInteger | null;
  /** Timestamps before this; null: any. */
  readonly toMs: ExactInteger | null;
  /** Only failures behind this one. */
  readonly after: FailurePlace | null;
  readonly limit: number;
  readonly withPayload: boolean;
};

/** The reads of failures. Each page follows an index, however many failures there are. */
export type FailureReads = {
  /** The collections that hold failures, those of contracts that are no longer configured included; in text order. */
  readonly failureCollections: () => Promise<readonly string[]>;
  readonly failurePage: (collection: string, query: FailurePageQuery) => Promise<readonly FailureRecord[]>;
  /** Those of a collection among the failures at these offsets of a stream, without payloads, by offset. */
  readonly failuresAt: (
    collection: string,
    stream: StreamNote,
    offsets: readonly bigint[],
  ) => Promise<readonly FailureRecord[]>;
  /**
   * Those of a collection whose record arrived at a position, as `orders/3@1042`, and was moved to a lane; without payloads, at most 100.
   * Nothing is indexed for it: the engine reads its failures.
   */
  readonly failuresFrom: (collection: string, origin: string) => Promise<readonly FailureRecord[]>;
  /** The failure at a position, with its payload; null when the collection has none there. */
  readonly failureRecord: (collection: string, stream: StreamNote, offset: bigint) => Promise<FailureRecord | null>;
};
