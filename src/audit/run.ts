import type { CompiledContractSet } from "../core/compiled.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { createErasureBook, type ErasureBook } from "../operator/erasures.ts";
import type { Stream } from "../source/source.ts";
import { NOTHING_KEPT, type HeadCheck } from "./anchors.ts";
import { compiledSet } from "../gateway/stored-set.ts";
import { erasedRecords } from "./erasures.ts";
import { newFindings } from "./findings.ts";
import { createLossBook, type Gap, type LossBook } from "./losses.ts";
import type { auditOperators } from "./operators.ts";
import type { AuditOptions, AuditReport, StreamAudit } from "./report.ts";
import { auditRetention, type RetentionAudit } from "./retention.ts";

/** Numbers of the two kinds of documents that retention takes. */
type Takeable = Record<"failed" | "receipts", number>;

type Totals = Takeable &
  Record<"records" | "validated" | "redecided" | "withoutEvidence" | "unknown" | "compared", number>;

/** The state of one audit: its options, its books and its counts. */
export type AuditRun = ReturnType<typeof newFindings> & {
  readonly options: AuditOptions;
  readonly kept: NonNullable<AuditOptions["kept"]>;
  /** Adds the findings about the kept heads of a chain, after the whole chain was seen. */
  readonly addHeads: (check: HeadCheck) => void;
  /** `unknown`: records without evidence of which the ledger does not say what became of them. */
  readonly totals: Totals;
  /** Documents that retention took, and those that it is taking, which were there. */
  readonly gone: Takeable;
  readonly leaving: Takeable;
  readonly streams: StreamAudit[];
  /** The last entry of each audited stream. */
  readonly tails: Map<string, LedgerEntry>;
  readonly gaps: Gap[];
  readonly erasures: ErasureBook;
  readonly retention: RetentionAudit;
  /** Takes what operators accepted. */
  readonly accept: (said: Awaited<ReturnType<typeof auditOperators>>) => void;
  readonly losses: () => LossBook;
  readonly isAccepted: (gap: string) => boolean;
  /** Compiles a contract set of the store; null when it is not what its digest says. */
  readonly openSet: (digest: string, text: string) => CompiledContractSet | null;
  readonly set: (digest: string) => CompiledContractSet | null;
  /** The stream of the log; null where there is no log, or it has no such stream. */
  readonly sourceStream: (id: string) => Promise<Stream | null>;
  readonly report: () => AuditReport;
};

function newTotals(): Totals {
  const documents = { validated: 0, failed: 0, receipts: 0 };
  return { records: 0, ...documents, redecided: 0, withoutEvidence: 0, unknown: 0, compared: 0 };
}

export function newRun(options: AuditOptions): AuditRun {
  const found = newFindings(options.findingsMax);
  const streams: StreamAudit[] = [];
  const tails = new Map<string, LedgerEntry>();
  const gaps: Gap[] = [];
  const erasures = createErasureBook();
  const retention = auditRetention();
  let accepted: ReadonlySet<string> = new Set();
  let operatorHead: AuditReport["operatorHead"] = null;
  let anchored = 0;
  let losses = createLossBook([]);
  const sets = new Map<string, CompiledContractSet | null>();
  const totals = newTotals();
  let sources: ReadonlyMap<string, Stream> | null = null;
  const kept = options.kept ?? NOTHING_KEPT;
  return {
    options,
    kept,
    addHeads: (check: HeadCheck): void => {
      for (const finding of check.end()) found.add(finding);
      anchored += check.found();
    },
    totals,
    gone: { failed: 0, receipts: 0 },
    leaving: { failed: 0, receipts: 0 },
    streams,
    tails,
    gaps,
    erasures,
    retention,
    accept: (said: Awaited<ReturnType<typeof auditOperators>>): void => {
      accepted = said.accepted;
      losses = createLossBook(said.losses);
      operatorHead = said.head;
    },
    losses: () => losses,
    isAccepted: (gap: string): boolean => accepted.has(gap),
    ...found,
    openSet: (digest: string, text: string): CompiledContractSet | null => {
      const set = compiledSet(digest, text);
      sets.set(digest, set);
      return set;
    },
    set: (digest: string): CompiledContractSet | null => sets.get(digest) ?? null,
    sourceStream: async (id: string): Promise<Stream | null> => {
      if (options.source === undefined) return null;
      sources ??= new Map((await options.source.streams()).map((stream) => [stream.id, stream]));
      return sources.get(id) ?? null;
    },
    report: (): AuditReport => ({
      ...found.all(),
      streams,
      operatorHead,
      anchored: kept.anchors === null ? null : anchored,
      gaps,
      erasures: erasedRecords(erasures),
      retention: retention.floors(),
      records: totals.records,
      validated: totals.validated,
      failed: totals.failed,
      duplicates: totals.receipts,
      redecided: totals.redecided,
      withoutEvidence: totals.withoutEvidence,
      comparedWithSource: options.source === undefined ? null : totals.compared,
    }),
  };
}
