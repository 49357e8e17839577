import type { CompiledContractSet } from "../../core/compiled.ts";
import { schemaIdsOf } from "../../core/wire-format.ts";
import { failureCode, type FailureReason } from "../../core/failure.ts";
import type { SourceRecord } from "../../core/record.ts";
import { decideRecord } from "../../gateway/decided.ts";
import { hasSameContent } from "../../gateway/duplicate.ts";
import type { FailedRow, StoreReads, ValidatedRow } from "../../store/store.ts";
import type { DryRun, FailingGroup, UnavailableReason } from "./plan.ts";
import { createRecordsAt, type EvidenceReads } from "./records.ts";
import { redeclared } from "./redeclare.ts";
import { createSeenIds, type SeenIds } from "./seen-ids.ts";
import type { SelectedStream } from "./select.ts";

export type DryRunDeps = {
  readonly reads: EvidenceReads & Pick<StoreReads, "holders" | "refusalOf">;
  /** The live contract set. */
  readonly contracts: () => CompiledContractSet;
  /** Asks the schema registry, as ingestion does; absent without one. */
  readonly learnSchemaIds?: (ids: readonly string[]) => Promise<void>;
};

export type DryRunOptions = {
  /** The version that is to judge, such as `shipment@2`; null: the one that each record declares. */
  readonly ref: string | null;
  readonly signal: AbortSignal;
  /** Waits before each batch. */
  readonly pace?: (signal: AbortSignal) => Promise<void>;
  readonly onProgress?: (judged: number) => void;
};

/** Records that are judged at once, and the largest size of their values. */
const BATCH = { recordsMax: 1_000, bytesMax: 8_388_608 } as const;
/** Groups in the report. */
const GROUPS_MAX = 1_000;

/**
 * Judges the records of a plan by the live contract set, and stores nothing. Memory is bounded: one batch of records, 4 bytes for
 * each record, and the groups.
 */
export async function dryRun(
  deps: DryRunDeps,
  selected: readonly SelectedStream[],
  options: DryRunOptions,
): Promise<DryRun> {
  const recordsAt = createRecordsAt(deps.reads);
  const counts = createCounts(selected.reduce((sum, { offsets }) => sum + offsets.count, 0));
  let judged = 0;
  for (const { note, offsets } of selected) {
    for (let left of offsets.slices(BATCH.recordsMax)) {
      while (left.length > 0 && !options.signal.aborted) {
        await options.pace?.(options.signal);
        const { records, missing, looked } = await recordsAt(note, [...left], BATCH.bytesMax);
        for (const { reason } of missing) counts.unavailable(reason, 1);
        await judge(deps, records, options, counts);
        left = left.subarray(looked);
        judged += looked;
        options.onProgress?.(judged);
      }
    }
  }
  return counts.end();
}

async function judge(
  deps: DryRunDeps,
  records: readonly SourceRecord[],
  { ref }: DryRunOptions,
  counts: Counts,
): Promise<void> {
  const given = ref === null ? records : records.map((one) => ({ ...one, headers: redeclared(one.headers, ref) }));
  const set = await setFor(deps, given);
  const passed: ValidatedRow[] = [];
  for (const record of given) {
    const row = decideRecord(record, set, deps.reads.refusalOf);
    if (row.kind === "failed") counts.failed(row);
    else passed.push(row);
  }
  const [topic] = given.map(({ position }) => position.topic);
  const collection = topic === undefined ? undefined : set.byTopic.get(topic)?.contract.collection;
  if (passed.length === 0 || collection === undefined) return;
  const holders = await deps.reads.holders(collection, [...new Set(passed.map(({ id }) => id))]);
  for (const row of passed) {
    const holder = holders.get(row.id);
    if (holder !== undefined) counts.taken(hasSameContent(row, holder));
    else counts.passed(row.id);
  }
}

/** The live contract set, after the registry was asked about the schema ids that it does not know. */
async function setFor(deps: DryRunDeps, records: readonly SourceRecord[]): Promise<CompiledContractSet> {
  const set = deps.contracts();
  if (deps.learnSchemaIds === undefined) return set;
  const unknown = new Set(records.flatMap(schemaIdsOf).filter((id) => !set.schemaIds.has(id)));
  if (unknown.size === 0) return set;
  await deps.learnSchemaIds([...unknown]);
  return deps.contracts();
}

type Counts = ReturnType<typeof createCounts>;

function createCounts(records: number) {
  const seen: SeenIds = createSeenIds(records);
  const groups = new Map<string, { group: FailingGroup; count: number }>();
  const missing = new Map<UnavailableReason, number>();
  let [passed, failed, conflicts, duplicates, repeats] = [0, 0, 0, 0, 0];
  return {
    passed: (id: string): void => {
      if (seen.isRepeat(id)) repeats += 1;
      else passed += 1;
    },
    taken: (isSame: boolean): void => {
      if (isSame) duplicates += 1;
      else conflicts += 1;
    },
    failed: ({ fingerprint, reason, contract }: FailedRow): void => {
      failed += 1;
      const known = groups.get(fingerprint);
      if (known !== undefined) return void (known.count += 1);
      const by = contract === null ? null : `${contract.subject}@${contract.version}`;
      const group = { fingerprint, code: failureCode(reason), contract: by, pointer: pointerOf(reason), count: 0 };
      groups.set(fingerprint, { group, count: 1 });
    },
    unavailable: (reason: UnavailableReason, count: number): void =>
      void missing.set(reason, (missing.get(reason) ?? 0) + count),
    end: (): DryRun => ({
      passed,
      failed,
      groups: [...groups.values()]
        .map(({ group, count }) => ({ ...group, count }))
        .toSorted((a, b) => b.count - a.count || (a.fingerprint < b.fingerprint ? -1 : 1))
        .slice(0, GROUPS_MAX),
      groupsTotal: groups.size,
      conflicts,
      duplicates,
      repeats,
      unavailable: [...missing].map(([reason, count]) => ({ reason, count })),
    }),
  };
}

function pointerOf(reason: FailureReason): string | null {
  if (reason.kind === "schema") return reason.violations[0].pointer;
  return reason.kind === "malformed" ? reason.pointer : null;
}
