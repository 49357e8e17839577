import { ENGINE } from "../../core/decide.ts";
import { LOSSY_NUMBER } from "../../core/failure.ts";
import { parsePayload, reparse } from "../../core/payload.ts";
import type { StreamNote } from "../../store/stream-note.ts";
import { createProducerReader } from "../../traffic/producer.ts";
import { compileCandidate, type Candidate } from "../candidate.ts";
import { countFlips, type FlipCounter, type FlipTally } from "../flips.ts";
import { createRejudge, type ParsedOrReason, type Recorded, type Rejudge } from "../rejudge.ts";
import type { JudgedRecord } from "./judged-records.ts";
import type { Question } from "./question.ts";
import type { PastSets } from "./sets.ts";
import type { ReadWindow, Window } from "./windows.ts";

/** What judging a window came to, as plain data, so that another thread can judge it. */
export type WindowTally = {
  /** Records that were judged, or keep their decision. */
  readonly redecided: number;
  /** Records left out because a version other than the requested one had judged them. */
  readonly otherVersions: number;
  readonly bytesNotKept: number;
  readonly unreadable: number;
  readonly notInLog: number;
  readonly notStored: number;
  readonly duplicates: number;
  readonly conflicts: number;
  /** Records that passed and fail with the candidate, whatever version they declared. */
  readonly newlyFailing: number;
  readonly flips: FlipTally;
};

/** Judges a window of a stream. @throws `Unavailable` when the store or the log does not answer. */
export type JudgeWindow = (origin: StreamNote, window: Window) => Promise<WindowTally>;

type MutableTally = { -readonly [Name in Exclude<keyof WindowTally, "flips">]: number };

type Judging = {
  readonly question: Question;
  readonly producer: ReturnType<typeof createProducerReader>;
  readonly rejudge: Rejudge;
  readonly window: Window;
  /** `topic/partition`. */
  readonly partition: string;
  readonly tally: MutableTally;
  readonly flips: FlipCounter;
};

/** @param readerOf reads the windows of a stream. Its memory is bounded by one window of records. */
export function openJudgeWindow(
  question: Question,
  sets: PastSets,
  readerOf: (origin: StreamNote) => ReadWindow,
): JudgeWindow {
  const rejudgeOf = rejudgePerSet(question.candidate, sets);
  const producer = createProducerReader();
  let last: { readonly stream: string; readonly read: ReadWindow } | null = null;
  return async (origin, window) => {
    if (last?.stream !== origin.stream) last = { stream: origin.stream, read: readerOf(origin) };
    const { rows, notInLog, withoutEvidence } = await last.read(window);
    const told = rows.length + notInLog + withoutEvidence;
    const tally: MutableTally = {
      redecided: 0,
      otherVersions: 0,
      bytesNotKept: withoutEvidence,
      unreadable: 0,
      notInLog,
      notStored: Math.max(0, window.records - told),
      duplicates: 0,
      conflicts: 0,
      newlyFailing: 0,
    };
    // Which groups are told apart is for the whole report to say.
    const flips = countFlips(question.examplesMax, null, Number.POSITIVE_INFINITY);
    const rejudge = rejudgeOf(window.contractSet);
    const partition = `${origin.topic}/${origin.partition}`;
    if (rejudge === null) tally.unreadable += rows.length;
    else for (const row of rows) judgeRow({ question, producer, rejudge, window, partition, tally, flips }, row);
    return { ...tally, flips: flips.tally() };
  };
}

function judgeRow(judging: Judging, row: JudgedRecord): void {
  const { question, producer, rejudge, window, partition, tally, flips } = judging;
  const recorded = recordedOf(row);
  if (question.of !== null && recorded.version !== question.of) {
    tally.otherVersions += 1;
    return;
  }
  if (row.kind === "receipt") tally.duplicates += 1;
  if (row.code === "conflict") tally.conflicts += 1;
  const position = (): string => `${partition}@${window.from + BigInt(row.at)}`;
  if (!rejudge.concerns(recorded)) {
    tally.redecided += 1;
    flips.add(rejudge.keep(recorded), producer(row), position);
    return;
  }
  const parsed = row.payload === null ? null : payloadOf(row, row.payload, window, question.candidate);
  if (parsed === null) {
    tally[row.payload === null ? "bytesNotKept" : "unreadable"] += 1;
    return;
  }
  const flip = rejudge.judge(parsed, recorded);
  tally.redecided += 1;
  if (flip.cell === "passToFail") tally.newlyFailing += 1;
  flips.add(flip, producer(row), position);
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
