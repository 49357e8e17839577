import { Unavailable } from "../core/unavailable.ts";
import { ENGINE } from "../core/decide.ts";
import { checkHeads, keptStreams } from "./anchors.ts";
import { logIdOf } from "../source/source.ts";
import { checkBare, type BareVerdict } from "./bare.ts";
import { checkCorrections } from "./corrections.ts";
import { unfrozenIn } from "./contracts.ts";
import { strayErasures } from "./erasures.ts";
import { checkGroups } from "./groups.ts";
import { checkEvidence } from "./evidence.ts";
import { judgeEntry, type Judged } from "./judge-entry.ts";
import { judgeAhead } from "./judges.ts";
import { checkApplied, checkLink } from "./links.ts";
import { checkLog, logMissing, logsElsewhere } from "./log.ts";
import { auditOperators, gapOf } from "./operators.ts";
import { auditRedrives, type RedriveAudit } from "./redrives.ts";
import { isRedrive } from "../ledger/redrive-stream.ts";
import { newRun, type AuditRun } from "./run.ts";
import { compareWithLog } from "./source.ts";
import { checkTotals } from "./totals.ts";
import { createVolumeBooks, type VolumeBook } from "./volume.ts";
import type { EntryVerdict } from "./entry.ts";
import type { AuditOptions, AuditReport } from "./report.ts";
import { isErased, type KeptRecord } from "../ledger/tombstone.ts";
import { operatorActions } from "../operator/actions.ts";
import { SUCCEEDS, type LedgerEntry } from "../ledger/entry.ts";
import { decodeOutcomes } from "../ledger/proof.ts";
import { evidenceGone } from "../gateway/entry-records.ts";
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
  // It reads the whole file: with threads one of them does so meanwhile.
  const integrity = options.judges?.integrity();
  let damage: string | null = null;
  try {
    if (integrity === undefined) run.damagedFirst(await reads.integrity());
    await auditAll(run);
  } catch (error) {
    // Data read from a damaged file is not reliable, so the audit ends here.
    if (!(error instanceof Unavailable) || error.code !== "STORE_CORRUPT") throw error;
    damage = error.message;
  }
  if (integrity !== undefined && !options.signal.aborted)
    run.damagedFirst((await integrity) ?? (await reads.integrity()));
  if (damage !== null) run.damaged(damage);
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
  if (!options.signal.aborted) for (const finding of await checkCorrections(reads)) run.add(finding);
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

/** The state of an audit of a store. */
type Run = AuditRun & {
  readonly reads: StoreReads;
  readonly redrives: RedriveAudit;
  readonly volume: ReturnType<typeof createVolumeBooks>;
};

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
    const last = page.length < LEDGER_PAGE ? page.at(-1) : undefined;
    const judged = judgeAhead(run.options.judges, note, page, (entry) => isApt(run, entry, entry === last));
    for (const [index, entry] of page.entries()) {
      checkLink(stream, previous, entry, (digest) => run.set(digest) !== null).forEach(run.add);
      if (previous === null) run.redrives.checkFirst(stream, entry).forEach(run.add);
      heads.see(entry);
      checkApplied(entry, resolved).forEach(run.add);
      if (entry.kind === "GAP") auditGap(run, entry);
      const place = { last: entry === last, next: page[index + 1] ?? null, judged: await judged(index) };
      resolved = entry.kind === "BATCH" ? await auditBatch(run, note, entry, place, volume) : NOTHING_APPLIED;
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

/** Whether threads may judge an entry: those of redriven records are compared with the failures that they repeat. */
function isApt({ options, erasures }: Run, entry: LedgerEntry, isLast: boolean): boolean {
  const mayBeIncomplete = isLast && options.tailMayBeIncomplete;
  return entry.kind === "BATCH" && !mayBeIncomplete && !isRedrive(entry.stream) && erasures.of(entry).length === 0;
}

/** What a thread said of an entry, where operators have taken nothing of it; null when the entry must be judged here. */
async function takeJudged(
  run: Run,
  note: StreamNote,
  entry: LedgerEntry,
  verdict: EntryVerdict | null,
): Promise<Judged | null> {
  const collection = verdict?.retainable?.collection;
  if (verdict === null || collection === undefined || run.erasures.of(entry).length > 0) return null;
  const kinds = [
    ["evidence", ""],
    ["facts", collection],
    ["failed", collection],
    ["receipts", ""],
  ] as const;
  if (kinds.some(([kind, of]) => run.retention.standing(entry, kind, of) !== "kept")) return null;
  if (run.options.source === undefined) return { findings: [], verdict, records: [] };
  const packed = await run.reads.evidenceAt(entry.stream, entry.seq);
  const { records, findings } = checkEvidence(note, entry, packed, run.erasures);
  return records === null || findings.length > 0 ? null : { findings, verdict, records };
}

/** What comes before and behind an entry. */
type Place = {
  readonly last: boolean;
  /** The entry behind it, where it was read already. */
  readonly next: LedgerEntry | null;
  /** What a thread said of it; null when none was asked, or when the entry must be judged here. */
  readonly judged: EntryVerdict | null;
};

/** Audits an entry of decided records. @returns what the next entry must record about it; null when that is unknown. */
async function auditBatch(
  run: Run,
  note: StreamNote,
  entry: LedgerEntry,
  { last, next, judged }: Place,
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
  const elsewhere = await takeJudged(run, note, entry, judged);
  if (elsewhere !== null) return sumUp(run, note, entry, elsewhere, volume);
  for (;;) {
    const packed = entry.count === 0 ? null : await run.reads.evidenceAt(stream, seq);
    const evidence = run.retention.standing(entry, "evidence", "");
    if (entry.count > 0 && packed === null && !last && evidenceGone(run.retention.book, entry) !== null) {
      await auditBare(run, note, entry, next);
      volume.see(entry, null);
      return null;
    }
    const here = await judgeEntry(run.reads, {
      note,
      entry,
      packed,
      set: run.set(entry.contractSet),
      erasures: run.erasures,
      mayBeIncomplete: last && run.options.tailMayBeIncomplete,
      standing: (kind, collection) => run.retention.standing(entry, kind, collection),
    });
    // While a gateway runs, records may be erased during the audit: then the entry is judged again.
    if (here.findings.length > 0 && (await sawMoreActions(run))) continue;
    here.findings.forEach(run.add);
    if (packed !== null && evidence === "gone")
      run.found("RETENTION_LEFT", stream, seq, null, "retention took its evidence, which is there");
    return sumUp(run, note, entry, here, volume);
  }
}

/** Counts what an entry has, and compares its records with their sources. @returns like {@link auditBatch}. */
async function sumUp(
  run: Run,
  note: StreamNote,
  entry: LedgerEntry,
  { verdict, records }: Judged,
  volume: VolumeBook,
): Promise<Resolved | null> {
  volume.see(entry, verdict?.volume ?? null);
  run.retention.saw(entry, verdict?.retainable ?? null);
  if (verdict === null || records === null) return null;
  addCounts(run, verdict);
  if (entry.engine === ENGINE) run.totals.redecided += entry.count - records.filter(isErased).length;
  for (const finding of await run.redrives.checkRecords(note, entry, records)) run.add(finding);
  await compareWithSource(run, entry, records);
  return verdict.resolved;
}

/** Audits an entry whose evidence is gone. @param next the entry behind it, where it was read already. */
async function auditBare(run: Run, note: StreamNote, entry: LedgerEntry, next: LedgerEntry | null): Promise<void> {
  const behind = next ?? (await run.reads.ledger(note.stream, entry.seq + 1, 1))[0] ?? null;
  const standing: Parameters<typeof checkBare>[1]["standing"] = (kind, collection) =>
    run.retention.standing(entry, kind, collection);
  const given = { note, entry, next: behind, set: run.set(entry.contractSet), standing };
  const verdict = await checkBare(run.reads, given);
  // Retention may have taken failures meanwhile.
  if (verdict.findings.length > 0 && (await sawMoreActions(run))) return auditBare(run, note, entry, behind);
  verdict.findings.forEach(run.add);
  run.totals.withoutEvidence += entry.count;
  if (verdict.retainable === null) run.totals.unknown += entry.count;
  addCounts(run, verdict);
  run.retention.saw(entry, verdict.retainable);
}

function addCounts({ totals, gone, leaving }: Run, verdict: Pick<BareVerdict, "counts" | "gone" | "leaving">): void {
  for (const kind of ["failed", "receipts"] as const) {
    gone[kind] += verdict.gone[kind];
    leaving[kind] += verdict.leaving[kind];
  }
  totals.validated += verdict.counts.validated;
  totals.failed += verdict.counts.failed;
  totals.receipts += verdict.counts.receipts;
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

async function compareWithSource(run: Run, entry: LedgerEntry, records: readonly KeptRecord[]): Promise<void> {
  const { source, signal } = run.options;
  const stream = await run.sourceStream(entry.stream);
  if (source === undefined || stream === null) return;
  const { findings, compared } = await compareWithLog(source, stream, entry, records, signal);
  findings.forEach(run.add);
  run.totals.compared += compared;
}

/** Compares the store's totals with the ledger's, unless entries were added or documents taken during the audit. */
async function auditTotals(run: Run): Promise<void> {
  const { reads, totals, gone, leaving, options } = run;
  for (const { stream, headSeq } of run.streams) {
    if ((await reads.ledger(stream, headSeq + 1, 1)).length > 0) return;
  }
  if (options.tailMayBeIncomplete || options.signal.aborted || totals.unknown > 0) return;
  const failed = totals.failed - gone.failed;
  const receipts = totals.receipts - gone.receipts;
  const isClean = (): boolean => run.report().findingsTotal === 0;
  const findings = await checkTotals(reads, { validated: totals.validated, failed, receipts, leaving }, isClean);
  if (findings.length > 0 && (await sawMoreActions(run))) return;
  findings.forEach(run.add);
}
