import { isRedrive } from "../../ledger/redrive-stream.ts";
import { ENGINE } from "../../core/decide.ts";
import { LOSSY_NUMBER } from "../../core/failure.ts";
import { parsePayload, reparse } from "../../core/payload.ts";
import { createProducerReader } from "../../traffic/producer.ts";
import type { Source } from "../../source/source.ts";
import type { StoreReads } from "../../store/store.ts";
import type { StreamNote } from "../../store/stream-note.ts";
import { compileCandidate, type Candidate } from "../candidate.ts";
import { countCoverage, type CoverageCounter } from "./coverage.ts";
import { countFlips, type FlipCounter } from "../flips.ts";
import type { JudgedRecord } from "./judged-records.ts";
import { openLedgerEvidence } from "./from-ledger.ts";
import { openLogEvidence } from "./from-log.ts";
import { offsetsOf, type HistoryRange } from "./range.ts";
import { createRejudge, type Recorded, type Rejudge, type ParsedOrReason } from "../rejudge.ts";
import { sealReport, type WhatIfReport } from "../report.ts";
import { readPastSets, type PastSets } from "./sets.ts";
import { windowsOf, type ReadWindow, type Window } from "./windows.ts";

/** Which candidate is to judge which records. */
export type Question = {
  readonly candidate: Candidate;
  /** Only records that this version judged or refused; null for all records of the subject's topics. */
  readonly of: number | null;
  readonly range: HistoryRange;
  /** Example positions kept for each kind of flip, 0 .. 20. */
  readonly examplesMax: number;
};

export type WhatIfOptions = {
  /** Reads the records from this log instead of the store; their outcomes still come from the store. */
  readonly source?: Pick<Source, "streams" | "fetch" | "bounds">;
  /** After an abort the report covers the records read until then. */
  readonly signal: AbortSignal;
  /** Ends behind the window that reaches so many records; absent: at the end of the range. */
  readonly recordsMax?: number;
  readonly onProgress?: (records: number, newlyFailing: number) => void;
};

/**
 * Judges past records again as if the candidate had replaced the version that judged them: would the producers of this
 * traffic satisfy the candidate? It only reads, and its memory is bounded by one window of records.
 * @throws `Unavailable` when the store or the log does not answer.
 */
export async function whatIf(reads: StoreReads, question: Question, options: WhatIfOptions): Promise<WhatIfReport> {
  const { candidate, of, range, examplesMax } = question;
  const { source, signal, recordsMax = Number.POSITIVE_INFINITY, onProgress } = options;
  const sets = await readPastSets(reads, candidate.subject);
  const fromLog = source === undefined ? null : openLogEvidence(source, sets, signal);
  const readsOf = (note: StreamNote): ReadWindow =>
    fromLog === null ? openLedgerEvidence(reads, note, sets) : fromLog;
  const run: Run = {
    question,
    flips: countFlips(examplesMax),
    coverage: countCoverage(),
    producer: createProducerReader(),
    repeats: { duplicates: 0, conflicts: 0 },
    newlyFailing: 0,
  };
  const rejudgeOf = rejudgePerSet(candidate, sets);
  for (const origin of (await reads.streamNotes()).toSorted(byStream)) {
    // A redriven record is judged where it came from.
    if (isRedrive(origin.stream) || !sets.everCarried(origin.topic)) continue;
    if (signal.aborted || run.coverage.records() >= recordsMax) break;
    const offsets = await offsetsOf(reads, origin, range);
    if (offsets === null) continue;
    const read = readsOf(origin);
    for await (const window of windowsOf(reads, origin.stream, offsets)) {
      if (signal.aborted || run.coverage.records() >= recordsMax) break;
      // The topic may have been bound to another subject then.
      if (sets.get(window.contractSet)?.carries(origin.topic) === false) continue;
      run.coverage.window(origin, window);
      const evidence = await read(window);
      run.coverage.evidence(window, evidence);
      const rejudge = rejudgeOf(window.contractSet);
      if (rejudge === null) run.coverage.leftOut("unreadable", evidence.rows.length);
      else judgeWindow(run, rejudge, window, `${origin.topic}/${origin.partition}`, evidence.rows);
      onProgress?.(run.coverage.records(), run.newlyFailing);
    }
  }
  const { version, digest } = candidate.version;
  return sealReport({
    subject: candidate.subject,
    candidate: { version, digest },
    of,
    source: source === undefined ? "store" : "log",
    engine: ENGINE,
    flips: run.flips.flips(),
    // Reading from a log does not separate duplicates and conflicts from other facts.
    duplicates: source === undefined ? run.repeats.duplicates : null,
    conflicts: source === undefined ? run.repeats.conflicts : null,
    coverage: run.coverage.coverage(),
  });
}

function byStream(a: StreamNote, b: StreamNote): number {
  return a.stream < b.stream ? -1 : 1;
}

type Run = {
  readonly question: Question;
  readonly flips: FlipCounter;
  readonly coverage: CoverageCounter;
  readonly producer: ReturnType<typeof createProducerReader>;
  readonly repeats: { duplicates: number; conflicts: number };
  newlyFailing: number;
};

function judgeWindow(
  run: Run,
  rejudge: Rejudge,
  window: Window,
  partition: string,
  rows: readonly JudgedRecord[],
): void {
  const { question, flips, coverage, repeats } = run;
  for (const row of rows) {
    const recorded = recordedOf(row);
    if (question.of !== null && recorded.version !== question.of) {
      coverage.leftOut("otherVersions", 1);
      continue;
    }
    if (row.kind === "receipt") repeats.duplicates += 1;
    if (row.code === "conflict") repeats.conflicts += 1;
    const position = (): string => `${partition}@${window.from + BigInt(row.at)}`;
    if (!rejudge.concerns(recorded)) {
      coverage.redecided();
      flips.add(rejudge.keep(recorded), run.producer(row), position);
      continue;
    }
    const parsed = row.payload === null ? null : payloadOf(row, row.payload, window, question.candidate);
    if (parsed === null) {
      coverage.leftOut(row.payload === null ? "bytesNotKept" : "unreadable", 1);
      continue;
    }
    const flip = rejudge.judge(parsed, recorded);
    coverage.redecided();
    if (flip.cell === "passToFail") run.newlyFailing += 1;
    flips.add(flip, run.producer(row), position);
  }
}

/**
 * Makes a judge for each contract set, since identities may differ between sets; the candidate is compiled once. Null
 * when a set cannot be read.
 */
function rejudgePerSet(candidate: Candidate, sets: PastSets): (digest: string) => Rejudge | null {
  const compiled = compileCandidate(candidate);
  const made = new Map<string, Rejudge | null>();
  return (digest) => {
    const known = made.get(digest);
    if (known !== undefined) return known;
    const past = sets.get(digest);
    const rejudge = past === null ? null : createRejudge(compiled, candidate.version.identity, past.identities);
    made.set(digest, rejudge);
    return rejudge;
  };
}

/** The recorded decision of the contract: duplicates and conflicts passed it. */
function recordedOf({ kind, version, code, fingerprint }: JudgedRecord): Recorded {
  const passed = kind !== "failed" || code === "conflict";
  return { passed, version, code: passed ? null : code, fingerprint: passed ? null : fingerprint };
}

/**
 * The payload, or why there is none; null when the stored bytes are damaged. The strict parser depends only on the
 * bytes, the limits and the engine: a payload that this engine accepted before is only parsed. Decisions of another
 * engine, and payloads refused for a number, go through the strict parser again.
 */
function payloadOf(
  { code }: JudgedRecord,
  payload: Uint8Array,
  { engine }: Window,
  { limits }: Candidate,
): ParsedOrReason | null {
  if (engine !== ENGINE || code === LOSSY_NUMBER) return parsePayload(payload, limits);
  try {
    return reparse(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString("utf8"));
  } catch {
    return null;
  }
}
