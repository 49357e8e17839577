import { Unavailable } from "../core/unavailable.ts";
import type { SourceRecord } from "../core/record.ts";
import { readPlan, type PlannedStream, type RedrivePlan } from "../failures/redrive/plan.ts";
import { createRecordsAt } from "../failures/redrive/records.ts";
import { redeclared } from "../failures/redrive/redeclare.ts";
import { readPage } from "../failures/redrive/source.ts";
import { createRedriveBook } from "../failures/redrive/states.ts";
import { offsetsDigest } from "../failures/redrive/verify.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { OperatorAction } from "../ledger/operator-log.ts";
import { recordDigest } from "../ledger/packed.ts";
import { isRedrive, redriveNote, redriveOf } from "../ledger/redrive-stream.ts";
import { isErased, type KeptRecord } from "../ledger/tombstone.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import type { Finding, FindingCode } from "./finding.ts";

/** The audit of redrives: their plans, and what their streams hold besides what every stream does. */
export type RedriveAudit = {
  /** Takes every action of the operator log, in order. */
  readonly see: (action: OperatorAction) => void;
  /** Checks every plan of the operator log against its digests. */
  readonly checkPlans: () => Promise<readonly Finding[]>;
  /** Checks that the first entry of a redrive stream names a plan of the operator log, and its source stream. */
  readonly checkFirst: (stream: string, first: LedgerEntry) => readonly Finding[];
  /** Checks that the records of an entry are of the plan, and are those of the source stream. */
  readonly checkRecords: (
    note: StreamNote,
    entry: LedgerEntry,
    records: readonly KeptRecord[],
  ) => Promise<readonly Finding[]>;
};

export function auditRedrives(reads: StoreReads): RedriveAudit {
  const book = createRedriveBook();
  const plans = new Map<string, RedrivePlan>();
  const recordsAt = createRecordsAt(reads);
  const plannedOf = (stream: string): { readonly plan: RedrivePlan; readonly source: PlannedStream } | null => {
    const of = redriveOf(stream);
    const plan = of === null ? undefined : plans.get(of.plan);
    const source = plan?.streams.find(({ number }) => number === of?.source);
    return plan === undefined || source === undefined ? null : { plan, source };
  };
  return {
    see: book.see,
    checkPlans: async () => {
      const findings: Finding[] = [];
      const found = (id: string, message: string): void =>
        void findings.push(finding("REDRIVE_PLAN", null, null, null, `redrive plan ${id}: ${message}`));
      for (const { id, planDigest, digest } of book.all()) {
        const plan = await readPlan(reads, id, planDigest);
        if (plan === null) found(id, "the store does not hold it as the operator log says");
        else if ((await digestIn(reads, plan)) !== digest) found(id, "its offsets are not those of the operator log");
        else plans.set(id, plan);
      }
      return findings;
    },
    checkFirst: (stream, first) => {
      if (!isRedrive(stream)) return [];
      const planned = plannedOf(stream);
      if (planned === null)
        return [finding("REDRIVE_PLAN", stream, first.seq, null, "no sound plan of the operator log has this stream")];
      return first.note === redriveNote(planned.plan.digest, planned.source.stream)
        ? []
        : [finding("REDRIVE_PLAN", stream, first.seq, null, "its first entry does not name its plan and its source")];
    },
    checkRecords: async ({ stream }, entry, records) => {
      const planned = plannedOf(stream);
      if (planned === null || records.length === 0) return [];
      const { plan, source } = planned;
      const found = (offset: bigint, message: string): Finding =>
        finding("REDRIVE_DIFFERS", stream, entry.seq, offset, message);
      const offsets = records.map(({ position }) => position.offset);
      const outside = await outsideOf(reads, plan, source, offsets);
      const { number, topic, partition } = source;
      const note = { number, stream: source.stream, topic, partition };
      const kept = await recordsAt(note, offsets, Number.MAX_SAFE_INTEGER);
      const originals = new Map(kept.records.map((record) => [record.position.offset, record]));
      return records.flatMap((record) => {
        const { offset } = record.position;
        if (outside.has(offset)) return [found(offset, "its plan does not have this offset")];
        const original = originals.get(offset);
        // The evidence of the source may be gone since, and its records may have been erased.
        if (original === undefined || isSame(record, original, plan)) return [];
        return [found(offset, "its bytes, time, key or headers are not those of the record that failed")];
      });
    },
  };
}

function isSame(record: KeptRecord, original: SourceRecord, plan: RedrivePlan): boolean {
  const ref = plan.toVersion === null ? null : `${plan.subjects[0] ?? ""}@${plan.toVersion}`;
  const headers = ref === null ? original.headers : redeclared(original.headers, ref);
  const expected = recordDigest({ ...original, headers });
  return expected === (isErased(record) ? record.erased.record : recordDigest(record));
}

/** The offsets, ascending, that are not of a plan. */
async function outsideOf(
  reads: StoreReads,
  { id }: RedrivePlan,
  { stream, from, to }: PlannedStream,
  offsets: readonly bigint[],
): Promise<ReadonlySet<bigint>> {
  const outside = new Set(offsets);
  let page: Awaited<ReturnType<typeof readPage>> | null = null;
  let planned: ReadonlySet<bigint> = new Set();
  for (const offset of offsets) {
    if (offset < BigInt(from) || offset >= BigInt(to)) continue;
    if (page === null || offset >= page.to) {
      page = await readPage(reads, id, stream, offset);
      planned = new Set(page.offsets);
    }
    if (planned.has(offset)) outside.delete(offset);
  }
  return outside;
}

async function digestIn(reads: StoreReads, plan: RedrivePlan): Promise<string> {
  try {
    return await offsetsDigest(reads, plan);
  } catch (error) {
    if (error instanceof Unavailable && error.code === "STORE_INCONSISTENT") return "";
    throw error;
  }
}

function finding(
  code: FindingCode,
  stream: string | null,
  seq: number | null,
  offset: bigint | null,
  message: string,
): Finding {
  return { code, stream, seq, offset, message };
}
