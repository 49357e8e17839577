import { compileContractSet } from "../core/compile.ts";
import { type CompiledContractSet } from "../core/compiled.ts";
import { openContractSet } from "../core/contract-set.ts";
import { Unavailable } from "../core/unavailable.ts";
import { ENGINE } from "../core/decide.ts";
import { checkHeads, keptStreams, NOTHING_KEPT, type HeadCheck } from "./anchors.ts";
import { holdsOffset, logIdOf, type Stream } from "../source/source.ts";
import { unfrozenIn } from "./contracts.ts";
import { erasedRecords, strayErasures } from "./erasures.ts";
import { checkGroups } from "./groups.ts";
import { judgeEntry } from "./judge-entry.ts";
import { checkApplied, checkLink } from "./links.ts";
import { checkLog, logMissing, logsElsewhere } from "./log.ts";
import { createLossBook, type Gap } from "./losses.ts";
import { auditOperators, gapOf } from "./operators.ts";
import { auditRedrives, type RedriveAudit } from "./redrives.ts";
import { isRedrive } from "../ledger/redrive-stream.ts";
import { newFindings } from "./findings.ts";
import { auditRetention } from "./retention.ts";
import { differsFromLog, fetchRange } from "./source.ts";
import { checkTotals } from "./totals.ts";
import { createVolumeBooks, type VolumeBook } from "./volume.ts";
import type { AuditOptions, AuditReport, StreamAudit } from "./report.ts";
import { isErased, type KeptRecord } from "../ledger/tombstone.ts";
import { createErasureBook } from "../operator/erasures.ts";
import { operatorActions } from "../operator/actions.ts";
import { EVIDENCE_DROPPED, SUCCEEDS, type LedgerEntry } from "../ledger/entry.ts";
import { decodeOutcomes } from "../ledger/proof.ts";
import { NOTHING_APPLIED, type Resolved } from "../gateway/resolution.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";

const LEDGER_PAGE = 256;

/**
 * Proves from the store alone that every decided position has exactly one document, and that every document follows
 * from the evidence; with a source also that the log holds the same records. The simulation, the kill tests and `sigma
 * audit` all use this checker.
 */
export async function audit(reads: StoreReads, options: AuditOptions): Promise<AuditReport> {
  const volume = createVolumeBooks(reads, options.tailMayBeIncomplete);
  const run = { ...newRun(options), reads, redrives: auditRedrives(reads), volume };
  try {
    await auditAll(run);
  } catch (error) {
    // Data read from a damaged file is not reliable, so the audit ends here.
    if (!(error instanceof Unavailable) || error.code !== "STORE_CORRUPT") throw error;
    run.damaged(error.message);
  }
  return run.report();
}

/** The report for a store that is too damaged to be opened. */
export function damagedReport(message: string): AuditReport {
  const run = newRun({ tailMayBeIncomplete: false, findingsMax: 1, signal: new AbortController().signal });
  run.damaged(message);
  return run.report();
}

async function auditAll(run: Run): Promise<void> {
  const { reads, options } = run;
  for (const damage of await reads.integrity()) run.found("STORE_DAMAGED", null, null, null, damage);
  for (const { digest, text } of await reads.contractSets()) {
    if (run.openSet(digest, text) === null) {
      run.found("CONTRACT_SET", null, null, null, `contract set ${digest} does not have its digest`);
    }
    for (const fault of unfrozenIn(digest, text, options.frozen ?? []))
      run.found("CONTRACT_SET", null, null, null, fault);
  }
  for (const { code, message } of run.kept.anchors?.faults ?? []) run.found(code, null, null, null, message);
  const actions = checkHeads(run.kept, null);
  const operators = await auditOperators(reads, (action) => {
    actions.see(action);
    run.erasures.see(action);
    run.retention.see(action);
    run.redrives.see(action);
  });
  for (const finding of await run.redrives.checkPlans()) run.add(finding);
  for (const fault of operators.faults) run.found("OPERATOR_LOG", null, null, null, fault);
  run.addHeads(actions);
  run.accept(operators);
  const notes = new Map((await reads.streamNotes()).map((note) => [note.stream, note]));
  const streams = await reads.streams();
  for (const stream of keptStreams(run.kept)) if (!streams.includes(stream)) run.addHeads(checkHeads(run.kept, stream));
  for (const stream of streams) {
    if (options.signal.aborted) break;
    const note = notes.get(stream);
    if (note === undefined) run.found("STREAM_UNKNOWN", stream, null, null, "the ledger has it, and it has no number");
    else await auditStream(run, note);
  }
  const entries = new Map(run.streams.map(({ stream, headSeq }) => [stream, headSeq + 1]));
  if (!options.signal.aborted) {
    strayErasures(run.erasures, (stream) => entries.get(stream)).forEach(run.add);
    run.retention.strays(new Set(entries.keys())).forEach(run.add);
  }
  await checkKnownBySource(run, [...notes.values()]);
  await auditLog(run);
  if (!options.signal.aborted) await auditGroups(run, notes);
  await auditTotals(run);
}

async function auditGroups(run: Run, notes: ReadonlyMap<string, StreamNote>): Promise<void> {
  const { reads, retention, tails, options } = run;
  for (;;) {
    const findings = await checkGroups(reads, notes, tails, retention.book, options.tailMayBeIncomplete);
    // Retention may have taken failures meanwhile: then they are counted again.
    if (findings.length > 0 && (await sawMoreActions(run))) continue;
    return findings.forEach(run.add);
  }
}

type Run = ReturnType<typeof newRun> & {
  readonly reads: StoreReads;
  readonly redrives: RedriveAudit;
  readonly volume: ReturnType<typeof createVolumeBooks>;
};

function newRun(options: AuditOptions) {
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
  const totals = { records: 0, validated: 0, failed: 0, receipts: 0, redecided: 0, withoutEvidence: 0, compared: 0 };
  let sources: ReadonlyMap<string, Stream> | null = null;
  const kept = options.kept ?? NOTHING_KEPT;
  return {
    options,
    kept,
    /** Adds the findings about the kept heads of a chain, after the whole chain was seen. */
    addHeads: (check: HeadCheck): void => {
      for (const finding of check.end()) found.add(finding);
      anchored += check.found();
    },
    totals,
    ...newTaken(),
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

/** Documents that retention took, and those that it is taking, which were there. */
function newTaken() {
  return { gone: { failed: 0, receipts: 0 }, leaving: { failed: 0, receipts: 0 } };
}

async function auditStream(run: Run, note: StreamNote): Promise<void> {
  const { stream } = note;
  const heads = checkHeads(run.kept, stream);
  const volume = await run.volume(note);
  let previous: LedgerEntry | null = null;
  /** What the next entry must record about this one: its duplicates and conflicts; null when that is unknown. */
  let resolved: Resolved | null = NOTHING_APPLIED;
  let entries = 0;
  let records = 0;
  for (;;) {
    const page: readonly LedgerEntry[] = await run.reads.ledger(
      stream,
      entries === 0 ? 0 : (previous?.seq ?? 0) + 1,
      LEDGER_PAGE,
    );
    for (const [index, entry] of page.entries()) {
      checkLink(stream, previous, entry, (digest) => run.set(digest) !== null).forEach(run.add);
      if (previous === null) run.redrives.checkFirst(stream, entry).forEach(run.add);
      heads.see(entry);
      checkApplied(entry, resolved).forEach(run.add);
      if (entry.kind === "GAP") auditGap(run, entry);
      const last = index === page.length - 1 && page.length < LEDGER_PAGE;
      resolved = entry.kind === "BATCH" ? await auditBatch(run, note, entry, last, volume) : NOTHING_APPLIED;
      if (entry.kind !== "BATCH") volume.see(entry, []);
      if (entry.kind !== "BATCH") run.retention.saw(entry, null);
      if (entry.kind === "BATCH") records += entry.count;
      previous = entry;
      entries += 1;
      run.options.onProgress?.(run.totals.records);
    }
    if (page.length < LEDGER_PAGE || run.options.signal.aborted) break;
  }
  if (!run.options.signal.aborted) {
    run.addHeads(heads);
    run.retention.end(stream).forEach(run.add);
  }
  if (previous === null || run.options.signal.aborted) return;
  (await volume.end()).forEach(run.add);
  const { seq: headSeq, hash: headHash, to: settledTo } = previous;
  run.streams.push({ stream, entries, records, headSeq, headHash, settledTo });
  run.tails.set(stream, previous);
}

/** Adds the losses that operators have accepted, and checks that the current log is the right one. */
async function auditLog(run: Run): Promise<void> {
  if (run.options.missingLog !== undefined) run.add(logMissing(run.options.missingLog));
  const log = run.options.log ?? run.options.source;
  const settled = new Map(run.streams.map(({ stream, settledTo }) => [stream, settledTo]));
  run.gaps.push(...run.losses().gaps((stream) => settled.get(stream) ?? 0n));
  if (log === undefined || run.options.signal.aborted) return;
  const truncated = new Set(
    run.report().findings.flatMap(({ code, stream }) => (code === "SOURCE_TRUNCATED" ? stream : [])),
  );
  for (const finding of await checkLog(run.reads, log, (stream) => settled.get(stream))) {
    // Each entry beyond the end already has a finding.
    if (finding.code !== "SOURCE_TRUNCATED" || !truncated.has(finding.stream)) run.add(finding);
  }
}

/**
 * Checks that every stream of the store is known. A stream that the log lacks is legitimate when a successor stream
 * names it (its topic was created again), or when an operator has accepted its log. Any other one may be invented, and
 * could hold any fact.
 */
async function checkKnownBySource(run: Run, notes: readonly StreamNote[]): Promise<void> {
  const { source, signal } = run.options;
  if (source === undefined || signal.aborted) return;
  const isElsewhere = await logsElsewhere(run.reads, source);
  const succeeded = new Set<string>();
  for (const { stream } of notes) {
    const [init] = await run.reads.ledger(stream, 0, 1);
    if (init?.kind === "INIT" && init.note.startsWith(SUCCEEDS)) succeeded.add(init.note.slice(SUCCEEDS.length));
  }
  // The log knows only the topics of the sources, so other topics are skipped.
  const topics = new Set((await source.streams()).map(({ topic }) => topic));
  for (const { stream, topic, partition } of notes) {
    if (
      !topics.has(topic) ||
      isRedrive(stream) ||
      succeeded.has(stream) ||
      isElsewhere(logIdOf(stream)) ||
      (await run.sourceStream(stream)) !== null
    )
      continue;
    const message = `the log has no such stream of ${topic}/${partition}, and none that came after it`;
    run.found("STREAM_UNKNOWN", stream, null, null, message);
  }
}

/** Checks that an operator has accepted the gap. */
function auditGap(run: Run, entry: LedgerEntry): void {
  const { stream, seq, from, to, note } = entry;
  run.gaps.push({ stream, from, to, note });
  if (!run.isAccepted(gapOf(entry))) {
    run.found("OPERATOR_LOG", stream, seq, null, `no operator accepted the gap [${from}, ${to})`);
  }
}

/** Audits an entry of decided records. @returns what the next entry must record about it; null when that is unknown. */
async function auditBatch(
  run: Run,
  note: StreamNote,
  entry: LedgerEntry,
  last: boolean,
  volume: VolumeBook,
): Promise<Resolved | null> {
  const { stream, seq } = entry;
  const decoded = decodeOutcomes(entry.from, entry.outcomes);
  if (decoded === null || decoded.to !== entry.to || decoded.leaves.length !== entry.count) {
    run.found("LEDGER_OUTCOMES", stream, seq, null, `its outcomes contradict its range or its count`);
    volume.see(entry, null);
    return null;
  }
  run.losses().see(stream, decoded.leaves);
  run.totals.records += entry.count;
  for (;;) {
    const packed = entry.count === 0 ? null : await run.reads.evidenceAt(stream, seq);
    if (entry.count > 0 && packed === null && entry.note === EVIDENCE_DROPPED && !last) {
      run.totals.withoutEvidence += entry.count;
      volume.see(entry, null);
      run.retention.saw(entry, null);
      return null;
    }
    const { findings, verdict, records } = await judgeEntry(run.reads, {
      note,
      entry,
      packed,
      set: run.set(entry.contractSet),
      erasures: run.erasures,
      mayBeIncomplete: last && run.options.tailMayBeIncomplete,
      standing: (kind, collection) => run.retention.standing(entry, kind, collection),
    });
    // While a gateway runs, records may be erased during the audit: then the entry is judged again.
    if (findings.length > 0 && (await sawMoreActions(run))) continue;
    findings.forEach(run.add);
    volume.see(entry, verdict?.volume ?? null);
    run.retention.saw(entry, verdict?.retainable ?? null);
    if (verdict === null || records === null) return null;
    for (const kind of ["failed", "receipts"] as const) {
      run.gone[kind] += verdict.gone[kind];
      run.leaving[kind] += verdict.leaving[kind];
    }
    run.totals.validated += verdict.counts.validated;
    run.totals.failed += verdict.counts.failed;
    run.totals.receipts += verdict.counts.receipts;
    if (entry.engine === ENGINE) run.totals.redecided += records.filter((record) => !isErased(record)).length;
    for (const finding of await run.redrives.checkRecords(note, entry, records)) run.add(finding);
    await compareWithSource(run, note, entry, records);
    return verdict.resolved;
  }
}

/** Reads new actions of the operator log. @returns whether there were any. */
async function sawMoreActions(run: Run): Promise<boolean> {
  const before = run.erasures.through();
  for await (const action of operatorActions(run.reads, before + 1)) {
    run.erasures.see(action);
    run.retention.see(action);
  }
  return run.erasures.through() > before;
}

async function compareWithSource(
  run: Run,
  note: StreamNote,
  entry: LedgerEntry,
  records: readonly KeptRecord[],
): Promise<void> {
  const { source, signal } = run.options;
  const stream = await run.sourceStream(entry.stream);
  if (source === undefined || stream === null) return;
  const { start, end } = await source.bounds(stream);
  // Records that retention deleted, or that a restored log lacks, cannot be compared; the report counts the compared
  // ones.
  if (start > entry.from) return;
  const skipped = (await source.skipped?.(stream, entry.from, entry.to)) ?? [];
  if (records.some((record) => !isErased(record) && holdsOffset(skipped, record.position.offset))) return;
  if (end < entry.to) {
    run.found("SOURCE_TRUNCATED", entry.stream, entry.seq, end, `the log ends at ${end}, the entry at ${entry.to}`);
    return;
  }
  const fetched = await fetchRange(source, stream, entry, signal);
  for (const { offset, message } of differsFromLog(note, entry, records, fetched))
    run.found("SOURCE_DIFFERS", entry.stream, entry.seq, offset, message);
  run.totals.compared += fetched.length;
}

/** Compares the store's totals with the ledger's, unless entries were added or documents taken during the audit. */
async function auditTotals(run: Run): Promise<void> {
  const { reads, totals, gone, leaving, options } = run;
  for (const { stream, headSeq } of run.streams) {
    if ((await reads.ledger(stream, headSeq + 1, 1)).length > 0) return;
  }
  if (options.tailMayBeIncomplete || options.signal.aborted || totals.withoutEvidence > 0) return;
  const failed = totals.failed - gone.failed;
  const receipts = totals.receipts - gone.receipts;
  const isClean = (): boolean => run.report().findingsTotal === 0;
  const findings = await checkTotals(reads, { validated: totals.validated, failed, receipts, leaving }, isClean);
  if (findings.length > 0 && (await sawMoreActions(run))) return;
  findings.forEach(run.add);
}
