import { compileContractSet, type CompiledContractSet } from "../core/compile.ts";
import { openContractSet } from "../core/contract-set.ts";
import type { SourceRecord } from "../core/record.ts";
import { readEvidence } from "../ledger/evidence.ts";
import { evidenceDigest, EVIDENCE_BYTES_MAX, unpackEvidence } from "../ledger/packed.ts";
import type { FetchLimits, Source, Stream } from "../source/source.ts";
import { checkAgainstSource, checkEntry, type EntryEvidence } from "./entry.ts";
import { checkLog, logMissing } from "./log.ts";
import { auditOperators, gapOf } from "./operators.ts";
import type { Finding, FindingCode } from "./finding.ts";
import { entryHash, GENESIS, type LedgerEntry } from "../store/ledger.ts";
import { hashBytes } from "../store/decided.ts";
import { decodeOutcomes, rawRoot } from "../store/proof.ts";
import type { StoreReads, StoredRow, ValidatedRow } from "../store/store.ts";

export type AuditOptions = {
  /** Also reads the log again and decides from it. */
  readonly source?: Pick<Source, "streams" | "fetch" | "bounds">;
  /** The log at hand, to see whether it is the one that the store knows; `source` when absent. */
  readonly log?: Pick<Source, "streams" | "bounds">;
  /** Where the log would be, when it is missing. */
  readonly missingLog?: string;
  /** True for a store without transactions that is being written: only the last entry of a stream may then lack documents. */
  readonly tailMayBeIncomplete: boolean;
  /** Findings kept in the report; the others are counted. */
  readonly findingsMax: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (records: number) => void;
};

/** What an audit saw of one stream. `headHash` kept outside the store makes a later rewriting of history evident. */
type StreamAudit = {
  readonly stream: string;
  readonly entries: number;
  readonly records: number;
  readonly headSeq: number;
  readonly headHash: string;
  readonly settledTo: bigint;
};

type Gap = { readonly stream: string; readonly from: bigint; readonly to: bigint; readonly note: string };

export type AuditReport = {
  readonly findings: readonly Finding[];
  readonly findingsTotal: number;
  readonly streams: readonly StreamAudit[];
  /** What was lost before it could be decided, by an operator's word. */
  readonly gaps: readonly Gap[];
  readonly records: number;
  readonly validated: number;
  readonly failed: number;
  readonly duplicates: number;
  /** Records whose stored bytes were decided again, in full. */
  readonly redecided: number;
  /** Facts whose bytes are not kept (`passed.raw: drop`): their ids, payloads and chain were checked. */
  readonly withoutBytes: number;
  /** Records compared with the log; null without a source. */
  readonly comparedWithSource: number | null;
};

const LEDGER_PAGE = 256;
const FETCH: FetchLimits = { bytesMax: 8_388_608, recordsMax: 10_000, waitMs: 0 };

/**
 * Proves, from the store alone, that every decided position has exactly one object and that every object is what its
 * bytes give; with a source, that the log says the same. The one checker of simulation, kill tests and `sigma audit`.
 */
export async function audit(reads: StoreReads, options: AuditOptions): Promise<AuditReport> {
  const run = newRun(reads, options);
  for (const damage of await reads.integrity()) run.found("STORE_DAMAGED", null, null, null, damage);
  for (const { digest, text } of await reads.contractSets()) {
    if (run.openSet(digest, text) === null) {
      run.found("CONTRACT_SET", null, null, null, `contract set ${digest} does not have its digest`);
    }
  }
  const operators = await auditOperators(reads);
  for (const fault of operators.faults) run.found("OPERATOR_LOG", null, null, null, fault);
  run.accept(operators.accepted);
  const withRows = await reads.streamsOfRows();
  const streams = await reads.streams();
  for (const stream of new Set([...streams, ...withRows])) {
    if (options.signal.aborted) break;
    await auditStream(run, stream);
  }
  await auditLog(run, operators.losses);
  await checkTotals(run);
  return run.report();
}

type Run = ReturnType<typeof newRun>;

function newRun(reads: StoreReads, options: AuditOptions) {
  const findings: Finding[] = [];
  let findingsTotal = 0;
  const streams: StreamAudit[] = [];
  const gaps: Gap[] = [];
  let accepted: ReadonlySet<string> = new Set();
  const sets = new Map<string, CompiledContractSet | null>();
  const totals = { records: 0, validated: 0, failed: 0, receipts: 0, redecided: 0, withoutBytes: 0, compared: 0 };
  let sources: ReadonlyMap<string, Stream> | null = null;
  const add = (finding: Finding): void => {
    findingsTotal += 1;
    if (findings.length < options.findingsMax) findings.push(finding);
  };
  return {
    reads,
    options,
    totals,
    streams,
    gaps,
    accept: (found: ReadonlySet<string>): void => {
      accepted = found;
    },
    isAccepted: (gap: string): boolean => accepted.has(gap),
    add,
    found: (code: FindingCode, stream: string | null, seq: number | null, offset: bigint | null, message: string) =>
      add({ code, stream, seq, offset, message }),
    openSet: (digest: string, text: string): CompiledContractSet | null => {
      const sealed = openContractSet(digest, text);
      const set = sealed === null ? null : compileContractSet(sealed);
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
      findings,
      findingsTotal,
      streams,
      gaps,
      records: totals.records,
      validated: totals.validated,
      failed: totals.failed,
      duplicates: totals.receipts,
      redecided: totals.redecided,
      withoutBytes: totals.withoutBytes,
      comparedWithSource: options.source === undefined ? null : totals.compared,
    }),
  };
}

async function auditStream(run: Run, stream: string): Promise<void> {
  // Before the ledger: a gateway that is running only adds beyond what the ledger will show.
  const extent = await run.reads.extent(stream);
  let previous: LedgerEntry | null = null;
  let first: bigint | null = null;
  let entries = 0;
  let records = 0;
  for (;;) {
    const page: readonly LedgerEntry[] = await run.reads.ledger(
      stream,
      entries === 0 ? 0 : (previous?.seq ?? 0) + 1,
      LEDGER_PAGE,
    );
    for (const [index, entry] of page.entries()) {
      checkLink(run, stream, previous, entry);
      if (entry.kind === "GAP") auditGap(run, entry);
      if (entry.kind === "BATCH") {
        const last = index === page.length - 1 && page.length < LEDGER_PAGE;
        records += await auditBatch(run, entry, last && run.options.tailMayBeIncomplete);
      }
      first ??= entry.from;
      previous = entry;
      entries += 1;
      run.options.onProgress?.(run.totals.records);
    }
    if (page.length < LEDGER_PAGE || run.options.signal.aborted) break;
  }
  const end = previous?.to ?? 0n;
  if (extent !== null && (first === null || extent.first < first || extent.last >= end)) {
    const offset = first === null || extent.first < first ? extent.first : extent.last;
    run.found("ROW_ORPHAN", stream, null, offset, "an object is stored that no ledger entry covers");
  }
  if (previous === null) return;
  const { seq: headSeq, hash: headHash, to: settledTo } = previous;
  run.streams.push({ stream, entries, records, headSeq, headHash, settledTo });
}

function checkLink(run: Run, stream: string, previous: LedgerEntry | null, entry: LedgerEntry): void {
  const { seq } = entry;
  const found = (code: FindingCode, message: string): void => run.found(code, stream, seq, null, message);
  if (entryHash(entry) !== entry.hash) found("LEDGER_HASH", `entry ${seq} does not have the hash it carries`);
  if (run.set(entry.contractSet) === null) found("CONTRACT_SET", `contract set ${entry.contractSet} cannot be read`);
  const expected = previous === null ? 0 : previous.seq + 1;
  if (seq !== expected) {
    const missing = seq - expected === 1 ? `entry ${expected} is` : `entries ${expected} to ${seq - 1} are`;
    return found("LEDGER_GAP", `${missing} missing`);
  }
  if (previous === null && entry.kind !== "INIT") found("LEDGER_GAP", "the chain does not begin with INIT");
  if (entry.prevHash !== (previous?.hash ?? GENESIS))
    found("LEDGER_LINK", `entry ${seq} does not follow entry ${seq - 1}`);
  if (entry.to < entry.from || (previous !== null && entry.from !== previous.to)) {
    found(
      "LEDGER_RANGE",
      `entry ${seq} covers [${entry.from}, ${entry.to}), the one before ends at ${previous?.to ?? "-"}`,
    );
  }
}

/** What was acknowledged and is lost, by an operator's word, and whether the log at hand is the right one. */
async function auditLog(run: Run, losses: readonly Gap[]): Promise<void> {
  run.gaps.push(...losses);
  if (run.options.missingLog !== undefined) run.add(logMissing(run.options.missingLog));
  const log = run.options.log ?? run.options.source;
  if (log === undefined || run.options.signal.aborted) return;
  const settled = new Map(run.streams.map(({ stream, settledTo }) => [stream, settledTo]));
  const truncated = new Set(
    run.report().findings.flatMap(({ code, stream }) => (code === "SOURCE_TRUNCATED" ? stream : [])),
  );
  for (const finding of await checkLog(run.reads, log, (stream) => settled.get(stream))) {
    // Each entry beyond the end is named already.
    if (finding.code !== "SOURCE_TRUNCATED" || !truncated.has(finding.stream)) run.add(finding);
  }
}

/** A gap is a loss that an operator owned up to, never a hole. */
function auditGap(run: Run, entry: LedgerEntry): void {
  const { stream, seq, from, to, note } = entry;
  run.gaps.push({ stream, from, to, note });
  if (!run.isAccepted(gapOf(entry))) {
    run.found("OPERATOR_LOG", stream, seq, null, `no operator accepted the gap [${from}, ${to})`);
  }
}

/** @returns how many records the entry speaks of. */
async function auditBatch(run: Run, entry: LedgerEntry, mayBeIncomplete: boolean): Promise<number> {
  const decoded = decodeOutcomes(entry.from, entry.outcomes);
  if (decoded === null || decoded.to !== entry.to || decoded.leaves.length !== entry.count) {
    run.found("LEDGER_OUTCOMES", entry.stream, entry.seq, null, `its outcomes contradict its range or its count`);
    return 0;
  }
  const rows = await run.reads.rows(entry.stream, entry.from, entry.to);
  const evidence: EntryEvidence = {
    entry,
    leaves: decoded.leaves,
    rows,
    set: run.set(entry.contractSet),
    holder: await holdersOf(run, entry, rows),
    mayBeIncomplete,
  };
  const { findings, counts } = checkEntry(evidence);
  for (const finding of findings) run.add(finding);
  run.totals.records += entry.count;
  run.totals.validated += counts.validated;
  run.totals.failed += counts.failed;
  run.totals.receipts += counts.receipts;
  run.totals.redecided += counts.redecided;
  run.totals.withoutBytes += counts.withoutBytes;
  const wrong = entry.count === 0 ? null : evidenceFault(entry, await run.reads.evidenceAt(entry.stream, entry.seq));
  if (wrong !== null) run.found("EVIDENCE", entry.stream, entry.seq, null, wrong);
  await compareWithSource(run, evidence);
  return entry.count;
}

/** What is wrong with the evidence of an entry; null when it is what was decided. */
function evidenceFault(entry: LedgerEntry, packed: Uint8Array | null): string | null {
  if (packed === null) return "its evidence is missing";
  const bytes = unpackEvidence(packed, EVIDENCE_BYTES_MAX);
  if (bytes === null || evidenceDigest(bytes) !== entry.evidence)
    return "its evidence does not have the digest it carries";
  const evidence = readEvidence(bytes, entry.stream);
  if (typeof evidence === "string") return evidence;
  const leaves = evidence.records.map((record) => ({ ...record, rawHash: hashBytes(record.value) }));
  return evidence.from === entry.from && rawRoot(leaves) === entry.rawRoot
    ? null
    : "its evidence is not of the records that were decided";
}

async function holdersOf(
  run: Run,
  entry: LedgerEntry,
  rows: readonly StoredRow[],
): Promise<(machineId: string) => ValidatedRow | undefined> {
  const ids = rows.flatMap((row) => {
    if (row.kind === "receipt") return [row.duplicateOf];
    return row.kind === "failed" && row.machineId !== null ? [row.machineId] : [];
  });
  const topic = rows[0]?.position.topic;
  const collection =
    topic === undefined ? undefined : run.set(entry.contractSet)?.byTopic.get(topic)?.contract.collection;
  if (ids.length === 0 || collection === undefined) return () => undefined;
  const holders = await run.reads.validatedById(collection, [...new Set(ids)]);
  return (machineId) => holders.get(machineId);
}

async function compareWithSource(run: Run, evidence: EntryEvidence): Promise<void> {
  const { source, signal } = run.options;
  const stream = await run.sourceStream(evidence.entry.stream);
  if (source === undefined || stream === null) return;
  const { entry } = evidence;
  const { start, end } = await source.bounds(stream);
  // What retention removed cannot be compared; the report's counts show how much could.
  if (start > entry.from) return;
  if (end < entry.to) {
    run.found("SOURCE_TRUNCATED", entry.stream, entry.seq, end, `the log ends at ${end}, the entry at ${entry.to}`);
    return;
  }
  const records: SourceRecord[] = [];
  for (let next = entry.from; next < entry.to && !signal.aborted;) {
    const fetched = await source.fetch(stream, next, FETCH, signal, entry.to);
    if (fetched.kind !== "records") break;
    records.push(...fetched.read());
    next = fetched.to;
  }
  for (const finding of checkAgainstSource(evidence, records)) run.add(finding);
  run.totals.compared += records.length;
}

/** Only a store that stood still can be totalled: the tails must be where the walk left them. */
async function checkTotals(run: Run): Promise<void> {
  const tally = await run.reads.tally();
  for (const { stream, headSeq } of run.streams) {
    if ((await run.reads.ledger(stream, headSeq + 1, 1)).length > 0) return;
  }
  const { validated, failed, receipts } = run.totals;
  if (run.report().findingsTotal > 0 || run.options.tailMayBeIncomplete || run.options.signal.aborted) return;
  if (tally.validated !== validated || tally.failed !== failed || tally.receipts !== receipts) {
    const seen = `${validated} validated, ${failed} failed, ${receipts} receipts`;
    const stored = `${tally.validated}, ${tally.failed} and ${tally.receipts}`;
    run.found("TOTALS", null, null, null, `the ledger accounts for ${seen}; stored are ${stored}`);
  }
}
