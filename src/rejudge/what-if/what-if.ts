import { ENGINE } from "../../core/decide.ts";
import { isRedrive } from "../../ledger/redrive-stream.ts";
import type { Source } from "../../source/source.ts";
import type { StoreReads } from "../../store/store.ts";
import type { StreamNote } from "../../store/stream-note.ts";
import { countFlips } from "../flips.ts";
import { sealReport, type WhatIfReport } from "../report.ts";
import { countCoverage } from "./coverage.ts";
import { openLedgerEvidence } from "./from-ledger.ts";
import { openLogEvidence } from "./from-log.ts";
import { openJudgeWindow, type WindowTally } from "./judge-window.ts";
import type { Question } from "./question.ts";
import { offsetsOf, type HistoryRange } from "./range.ts";
import { readPastSets, type PastSets } from "./sets.ts";
import { windowsOf, type Window } from "./windows.ts";

export type WhatIfOptions = {
  /** Reads the records from this log instead of the store; their outcomes still come from the store. */
  readonly source?: Pick<Source, "streams" | "fetch" | "bounds">;
  /** Judges windows of the store elsewhere; not for records of a log. */
  readonly judges?: WindowJudges;
  /** After an abort the report covers the records read until then. */
  readonly signal: AbortSignal;
  /** Ends behind the window that reaches so many records; absent: at the end of the range. */
  readonly recordsMax?: number;
  readonly onProgress?: (records: number, newlyFailing: number) => void;
};

/** Judges windows elsewhere, several at a time. */
export type WindowJudges = {
  /** Judges a window. Never rejects. @returns null when it cannot: then the what-if judges the window itself. */
  readonly judge: (origin: StreamNote, window: Window) => Promise<WindowTally | null>;
  /** How many windows to ask for before the first of them is needed. */
  readonly ahead: number;
};

type Asked = {
  readonly origin: StreamNote;
  readonly window: Window;
  readonly elsewhere: Promise<WindowTally | null>;
};

/**
 * Judges past records again as if the candidate had replaced the version that judged them: would the producers of this
 * traffic satisfy the candidate? It only reads, and its memory is bounded by the windows that are judged at a time.
 * @throws `Unavailable` when the store or the log does not answer.
 */
export async function whatIf(reads: StoreReads, question: Question, options: WhatIfOptions): Promise<WhatIfReport> {
  const { candidate, of, range, examplesMax } = question;
  const { source, judges, signal, recordsMax = Number.POSITIVE_INFINITY, onProgress } = options;
  const sets = await readPastSets(reads, candidate.subject);
  const fromLog = source === undefined ? null : openLogEvidence(source, sets, signal);
  const judge = openJudgeWindow(question, sets, (origin) => fromLog ?? openLedgerEvidence(reads, origin, sets));
  const flips = countFlips(examplesMax);
  const coverage = countCoverage();
  const repeats = { duplicates: 0, conflicts: 0 };
  let newlyFailing = 0;
  const add = async ({ origin, window, elsewhere }: Asked): Promise<void> => {
    if (signal.aborted) return;
    const tally = (await elsewhere) ?? (await judge(origin, window));
    coverage.add(origin, window, tally);
    flips.join(tally.flips);
    repeats.duplicates += tally.duplicates;
    repeats.conflicts += tally.conflicts;
    newlyFailing += tally.newlyFailing;
    onProgress?.(coverage.records(), newlyFailing);
  };
  const elsewhere = source === undefined ? judges : undefined;
  const ahead = elsewhere?.ahead ?? 1;
  const asked: Asked[] = [];
  let records = 0;
  for await (const { origin, window } of windowsIn(reads, sets, range)) {
    if (signal.aborted || records >= recordsMax) break;
    records += window.records;
    asked.push({ origin, window, elsewhere: elsewhere?.judge(origin, window) ?? Promise.resolve(null) });
    const first = asked.length < ahead ? undefined : asked.shift();
    if (first !== undefined) await add(first);
  }
  for (const one of asked) await add(one);
  const { version, digest } = candidate.version;
  return sealReport({
    subject: candidate.subject,
    candidate: { version, digest },
    of,
    source: source === undefined ? "store" : "log",
    engine: ENGINE,
    flips: flips.flips(),
    // Reading from a log does not separate duplicates and conflicts from other facts.
    duplicates: source === undefined ? repeats.duplicates : null,
    conflicts: source === undefined ? repeats.conflicts : null,
    coverage: coverage.coverage(),
  });
}

/** The windows of a range that concern the subject, stream by stream. */
async function* windowsIn(
  reads: StoreReads,
  sets: PastSets,
  range: HistoryRange,
): AsyncGenerator<{ readonly origin: StreamNote; readonly window: Window }> {
  for (const origin of (await reads.streamNotes()).toSorted(byStream)) {
    // A redriven record is judged where it came from.
    if (isRedrive(origin.stream) || !sets.everCarried(origin.topic)) continue;
    const offsets = await offsetsOf(reads, origin, range);
    if (offsets === null) continue;
    for await (const window of windowsOf(reads, origin.stream, offsets)) {
      // The topic may have been bound to another subject then.
      if (sets.get(window.contractSet)?.carries(origin.topic) !== false) yield { origin, window };
    }
  }
}

function byStream(a: StreamNote, b: StreamNote): number {
  return a.stream < b.stream ? -1 : 1;
}
