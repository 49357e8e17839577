import { ENGINE } from "../core/decide.ts";
import { evidenceGone } from "../gateway/entry-records.ts";
import { NOTHING_APPLIED, type Resolved } from "../gateway/resolution.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { decodeOutcomes } from "../ledger/proof.ts";
import { isRedrive } from "../ledger/redrive-stream.ts";
import { isErased, type KeptRecord } from "../ledger/tombstone.ts";
import { operatorActions } from "../operator/actions.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { checkHeads } from "./anchors.ts";
import { checkBare, type BareVerdict } from "./bare.ts";
import type { Books, StreamBooks } from "./books.ts";
import type { EntryVerdict } from "./entry.ts";
import { checkEvidence } from "./evidence.ts";
import { judgeEntry, type Judged } from "./judge-entry.ts";
import { judgeAhead } from "./judges.ts";
import { checkApplied, checkLink } from "./links.ts";
import { gapOf } from "./operators.ts";
import type { RedriveAudit } from "./redrives.ts";
import type { AuditRun } from "./run.ts";
import { compareWithLog } from "./source.ts";

const LEDGER_PAGE = 256;

/** The state of an audit of a store. */
export type Run = AuditRun & {
  readonly reads: StoreReads;
  readonly redrives: RedriveAudit;
  readonly books: Books;
};

/** Walks the chain of a stream, and audits each entry. */
export async function auditStream(run: Run, note: StreamNote): Promise<void> {
  const { stream } = note;
  const heads = checkHeads(run.kept, stream);
  const books = await run.books.of(note);
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
      if (run.options.signal.aborted) return;
      checkLink(stream, previous, entry, (digest) => run.set(digest) !== null).forEach(run.add);
      if (previous === null) run.redrives.checkFirst(stream, entry).forEach(run.add);
      heads.see(entry);
      checkApplied(entry, resolved).forEach(run.add);
      if (entry.kind === "GAP") auditGap(run, entry);
      const place = { last: entry === last, next: page[index + 1] ?? null, judged: await judged(index) };
      resolved = entry.kind === "BATCH" ? await auditBatch(run, note, entry, place, books) : NOTHING_APPLIED;
      if (entry.kind !== "BATCH") books.see(entry, null);
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
  (await books.end()).forEach(run.add);
  const { seq: headSeq, hash: headHash, to: settledTo } = previous;
  run.streams.push({ stream, entries, records, headSeq, headHash, settledTo });
  run.tails.set(stream, previous);
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
  books: StreamBooks,
): Promise<Resolved | null> {
  const { stream, seq } = entry;
  const decoded = decodeOutcomes(entry.from, entry.outcomes);
  if (decoded === null || decoded.to !== entry.to || decoded.leaves.length !== entry.count) {
    run.found("LEDGER_OUTCOMES", stream, seq, null, `its outcomes contradict its range or its count`);
    books.see(entry, null);
    return null;
  }
  run.losses().see(stream, decoded.leaves);
  run.totals.records += entry.count;
  const elsewhere = await takeJudged(run, note, entry, judged);
  if (elsewhere !== null) return sumUp(run, note, entry, elsewhere, books);
  for (;;) {
    const packed = entry.count === 0 ? null : await run.reads.evidenceAt(stream, seq);
    const evidence = run.retention.standing(entry, "evidence", "");
    if (entry.count > 0 && packed === null && !last && evidenceGone(run.retention.book, entry) !== null) {
      await auditBare(run, note, entry, next);
      books.see(entry, null);
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
    return sumUp(run, note, entry, here, books);
  }
}

/** Counts what an entry has, and compares its records with their sources. @returns like {@link auditBatch}. */
async function sumUp(
  run: Run,
  note: StreamNote,
  entry: LedgerEntry,
  { verdict, records }: Judged,
  books: StreamBooks,
): Promise<Resolved | null> {
  books.see(entry, verdict);
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
export async function sawMoreActions(run: Run): Promise<boolean> {
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
