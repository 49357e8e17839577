import type { Position } from "../../core/record.ts";
import type { Lookup } from "../../gateway/lookup.ts";
import { exactInteger, type ExactInteger } from "../../json/exact-integer.ts";
import { redriveOf } from "../../ledger/redrive-stream.ts";
import type { SettledRow, StoreReads } from "../../store/store.ts";
import type { StreamNote } from "../../store/stream-note.ts";
import { CORRECTION_HEADERS } from "./correct.ts";
import { openCorrections, type Correction } from "./corrections.ts";
import { failureId, isNamed, parseFailureId } from "../failure-id.ts";
import { lineageOf, originOf, outcomeOf, type LineageDeps, type Origin, type Redriven } from "../redrive/lineage.ts";
import { openPlaces, takenOf, type TakenOf, type TakenReads } from "../taken.ts";
import { repeatedBy, type RepeatedFact } from "../repeated.ts";

// Where else a record was decided, as the HTTP interface and `--json` show it.

/** Of a duplicate or a conflict: where the fact lies that it repeats or contradicts. */
type FactOf = { readonly fact?: RepeatedFact };

/** A redrive of a record. */
export type RedrivenView = Omit<Redriven, "position" | "taken" | "fact"> &
  TakenOf &
  FactOf & {
    /** Stream of the redrive; topic, partition and offset are those of the record. */
    readonly stream: string;
  };

/** Where a redriven record failed first. */
export type FirstFailedView = TakenOf & {
  readonly plan: string;
  readonly stream: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: ExactInteger;
  readonly code: string | null;
};

/** A new record that a person sent in the place of the failure. */
export type CorrectionView = TakenOf &
  FactOf & {
    readonly id: string;
    readonly actor: string;
    readonly at: string;
    readonly reason: string;
    readonly failedDigest: string;
    readonly correctedDigest: string;
    /** Where it lies; null when the append was never confirmed. */
    readonly stream: string | null;
    readonly offset: ExactInteger | null;
    /** `pending`: it is not decided yet. */
    readonly outcome: Redriven["outcome"] | "pending";
    readonly factId: string | null;
    readonly code: string | null;
  };

/** The failure that a record was sent in the place of. */
export type CorrectsView = Pick<CorrectionView, "actor" | "at" | "reason" | "failedDigest" | "correctedDigest"> &
  TakenOf & { readonly failure: string };

/** `taken` is what retention took of the record that is asked for itself, and `fact` what that record repeats or contradicts. */
export type LineageView = TakenOf &
  FactOf & {
    /** Every redrive of the record, the first one first. */
    readonly redrives: readonly RedrivenView[];
    /** Every correction of the record, in order. */
    readonly corrections: readonly CorrectionView[];
    /** Absent where the record lies in a log. */
    readonly firstFailed?: FirstFailedView;
    /** Absent where the record is no correction. */
    readonly corrects?: CorrectsView;
  };

export type Lineage = {
  /** The whole lineage of a failure, forwards and back; of one that retention took, too. */
  readonly ofFailure: (stream: StreamNote, offset: bigint) => Promise<LineageView>;
  /** The lineage of a decision: of a FAILED record all of it, of any other where it comes from. */
  readonly ofRow: (row: SettledRow) => Promise<Partial<LineageView>>;
  /** What is known of a position whose evidence is gone: all of a FAILED record's, of any other where it comes from. */
  readonly ofGone: (stream: Position["stream"], offset: bigint) => Promise<Partial<LineageView>>;
};

export type LineageReads = Pick<StoreReads, "streamNotes"> & TakenReads;

type Deps = LineageDeps & { readonly reads: LineageReads };

/** Opens the lineage of records. Corrections are read from the operator log, where they alone are sure: anybody may send a header. */
export function openLineage(given: { readonly reads: LineageReads; readonly lookup: Lookup }): Lineage {
  const deps = { ...given, places: openPlaces(given.reads) };
  const corrections = openCorrections(deps.reads);
  const noteOf = async (stream: string): Promise<StreamNote | undefined> =>
    (await deps.reads.streamNotes()).find((note) => note.stream === stream);
  const rowAt = async (stream: string, offset: bigint): Promise<SettledRow | undefined> =>
    (await deps.lookup.rows(stream, offset, offset + 1n))[0];
  const backOf = async (
    position: Position,
    row: SettledRow | undefined,
    mayCorrect: boolean,
  ): Promise<Partial<LineageView>> => {
    const origin = await originOf(deps, position);
    const correction = mayCorrect ? (await corrections()).at(position.stream, position.offset) : null;
    return {
      ...takenOf((await deps.places(position, position.offset))?.taken),
      ...factOf(await repeatedBy(deps, row)),
      ...(origin === null ? {} : { firstFailed: firstFailedView(origin) }),
      ...(correction === null ? {} : { corrects: await correctsView(deps, correction) }),
    };
  };
  const ofFailed = async (note: StreamNote, offset: bigint, row: SettledRow | undefined): Promise<LineageView> => {
    const { stream, topic, partition } = note;
    const redrives = (await lineageOf(deps, stream, offset)).map(({ position, taken, fact, ...one }) => ({
      ...one,
      stream: position.stream,
      ...factOf(fact),
      ...takenOf(taken),
    }));
    const source = redriveOf(stream)?.source ?? note.number;
    const known = (await corrections()).of(failureId({ stream: { ...note, number: source }, offset }));
    const views = await Promise.all(known.map(async (one) => correctionView(deps, one)));
    return { redrives, corrections: views, ...(await backOf({ stream, topic, partition, offset }, row, true)) };
  };
  const ofFailure: Lineage["ofFailure"] = async (note, offset) =>
    ofFailed(note, offset, await rowAt(note.stream, offset));
  return {
    ofFailure,
    ofRow: async (row) => {
      const { position, headers, kind } = row;
      const isMarked = headers.some(([name]) => name === CORRECTION_HEADERS.correction);
      if (kind !== "failed" || redriveOf(position.stream) !== null) return backOf(position, row, isMarked);
      const note = await noteOf(position.stream);
      return note === undefined ? {} : ofFailed(note, position.offset, row);
    },
    ofGone: async (stream, offset) => {
      const note = await noteOf(stream);
      if (note === undefined) return {};
      const failed = (await deps.places(note, offset))?.became;
      if (failed === "F" || failed === "C") return ofFailed(note, offset, undefined);
      return backOf({ stream, topic: note.topic, partition: note.partition, offset }, undefined, true);
    },
  };
}

/** @param origin of a position in a redrive. */
function firstFailedView({ plan, code, position, taken }: Origin): FirstFailedView {
  const { stream, topic, partition, offset } = position;
  return { plan, stream, topic, partition, offset: exactInteger(offset), code, ...takenOf(taken) };
}

async function correctsView(
  { reads, places }: Pick<Deps, "reads" | "places">,
  { failure, actor, at, reason, failedDigest, correctedDigest }: Correction,
): Promise<CorrectsView> {
  const named = parseFailureId(failure);
  const note = named === null ? undefined : (await reads.streamNotes()).find((one) => isNamed(named, one));
  const place = named === null || note === undefined ? null : await places(note, named.offset);
  return { failure, actor, at, reason, failedDigest, correctedDigest, ...takenOf(place?.taken) };
}

function factOf(fact: RepeatedFact | null): FactOf {
  return fact === null ? {} : { fact };
}

async function correctionView(
  { reads, lookup, places }: Deps,
  { id, actor, at, reason, failedDigest, correctedDigest, place }: Correction,
): Promise<CorrectionView> {
  const said = { id, actor, at, reason, failedDigest, correctedDigest };
  const undecided = { outcome: "pending", factId: null, code: null } as const;
  if (place === null) return { ...said, stream: null, offset: null, ...undecided };
  const { stream, offset } = place;
  const note = (await reads.streamNotes()).find((one) => one.stream === stream);
  const decided = note === undefined ? null : await places(note, offset);
  const where = { stream, offset: exactInteger(offset) };
  if (decided === null) return { ...said, ...where, ...undecided };
  const [row] = await lookup.rows(stream, offset, offset + 1n);
  const { taken, ...became } = outcomeOf(row, decided);
  const fact = await repeatedBy({ reads, places }, row);
  return { ...said, ...where, ...became, ...factOf(fact), ...takenOf(taken) };
}
