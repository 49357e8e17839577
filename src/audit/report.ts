import type { Source } from "../source/source.ts";
import type { KeptHeads } from "./anchors.ts";
import type { FrozenVersion } from "./contracts.ts";
import type { ErasedRecords } from "./erasures.ts";
import type { Finding } from "./finding.ts";
import type { Judges } from "./judges.ts";
import type { Gap } from "./losses.ts";
import type { RetainedFloor } from "./retention.ts";

export type AuditOptions = {
  /** A log whose records are compared with the evidence. */
  readonly source?: Pick<Source, "streams" | "fetch" | "bounds" | "skipped">;
  /** The current log, to check that it is the one the store knows; `source` when absent. */
  readonly log?: Pick<Source, "streams" | "bounds" | "skipped">;
  /**
   * The frozen versions of the lock file: a contract set in the store must hold the same versions under their names.
   */
  readonly frozen?: readonly FrozenVersion[];
  /** Heads kept outside the store. They must be read before the store is, because a running gateway goes on writing. */
  readonly kept?: KeptHeads;
  /** The path of the embedded log, when its file is missing. */
  readonly missingLog?: string;
  /**
   * True for a store without transactions that a gateway is writing to: documents of the last entry of a stream may
   * then be missing.
   */
  readonly tailMayBeIncomplete: boolean;
  /** Most findings in the report; further ones are only counted. */
  readonly findingsMax: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (records: number) => void;
  /** Threads that judge entries; without them the audit judges every entry itself. */
  readonly judges?: Judges;
};

/** The audit of one stream. A `headHash` kept outside the store later reveals a rewritten history. */
export type StreamAudit = {
  readonly stream: string;
  readonly entries: number;
  readonly records: number;
  readonly headSeq: number;
  readonly headHash: string;
  readonly settledTo: bigint;
};

export type AuditReport = {
  readonly findings: readonly Finding[];
  readonly findingsTotal: number;
  readonly streams: readonly StreamAudit[];
  /** The last action in the operator log; null when there is none. */
  readonly operatorHead: { readonly seq: number; readonly hash: string } | null;
  /** Number of anchored heads that the chains contain; null without anchors. */
  readonly anchored: number | null;
  /** Records lost before they were decided, as operators have accepted. */
  readonly gaps: readonly Gap[];
  /** Records that operators erased. */
  readonly erasures: readonly ErasedRecords[];
  /** What retention took. */
  readonly retention: readonly RetainedFloor[];
  readonly records: number;
  readonly validated: number;
  readonly failed: number;
  readonly duplicates: number;
  /** Records that were decided again from their evidence. */
  readonly redecided: number;
  /** Records whose evidence is not kept or was taken by retention: their documents are counted, and not compared. */
  readonly withoutEvidence: number;
  /** Records compared with the log; null without a source. */
  readonly comparedWithSource: number | null;
};
