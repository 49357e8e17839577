import { Unavailable } from "../core/unavailable.ts";
import { SUCCEEDS } from "../ledger/entry.ts";
import { isRedrive } from "../ledger/redrive-stream.ts";
import { logIdOf } from "../source/source.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { checkHeads, keptStreams } from "./anchors.ts";
import { createBooks } from "./books.ts";
import { unfrozenIn } from "./contracts.ts";
import { checkCorrections } from "./corrections.ts";
import { strayErasures } from "./erasures.ts";
import { checkGroups } from "./groups.ts";
import { checkLog, logMissing, logsElsewhere } from "./log.ts";
import { checkNotes } from "./notes.ts";
import { auditOperators } from "./operators.ts";
import { checkReach } from "./reach.ts";
import { auditRedrives } from "./redrives.ts";
import type { AuditOptions, AuditReport } from "./report.ts";
import { newRun } from "./run.ts";
import { auditStream, sawMoreActions, type Run } from "./stream.ts";
import { checkTotals } from "./totals.ts";

/**
 * Proves from the store alone that every decided position has exactly one document, and that every document follows
 * from the evidence; with a source also that the log holds the same records. The simulation, the kill tests and `sigma
 * audit` all use this checker.
 */
export async function audit(reads: StoreReads, options: AuditOptions): Promise<AuditReport> {
  const books = createBooks(reads, options.tailMayBeIncomplete);
  const run = { ...newRun(options), reads, redrives: auditRedrives(reads), books };
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
  if (!options.signal.aborted) (await checkNotes(reads, run.tails)).forEach(run.add);
  if (!options.signal.aborted) await auditCounters(run);
  await auditTotals(run);
}

async function auditCounters(run: Run): Promise<void> {
  const { reads, retention, books, options } = run;
  const tails = new Map(books.groups.map(({ note, tail }) => [note.number, tail()?.seq ?? -1]));
  for (;;) {
    const { findings, counters } = await checkGroups(reads, books.groups, retention.book, options.tailMayBeIncomplete);
    // Retention may have taken failures meanwhile: then they are counted again.
    if (findings.length > 0 && (await sawMoreActions(run))) continue;
    findings.forEach(run.add);
    const starts = (await reads.volumeStarts()).map(({ stream, first }) => ({ stream, seq: first }));
    const volume = starts.map((one) => ({ code: "VOLUME", what: "volume", ...one }) as const);
    return (await checkReach(reads, tails, [...counters, ...books.beyond, ...volume])).forEach(run.add);
  }
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
