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
import { openPlaces, type Taken, type TakenReads } from "../taken.ts";

// Where else a record was decided, as the HTTP interface and `--json` show it.

/** What retention took of a decision; absent where it took nothing. */
type TakenOf = { readonly taken?: readonly Taken[] };

/** A redrive of a record. */
export type RedrivenView = Omit<Redriven, "position" | "taken"> &
  TakenOf & {
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
export type CorrectionView = TakenOf & {
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

/** `taken` is what retention took of the record that is asked for itself. */
export type LineageView = TakenOf & {
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
  const backOf = async (position: Position, mayCorrect: boolean): Promise<Partial<LineageView>> => {
    const origin = await originOf(deps, position);
    const correction = mayCorrect ? (await corrections()).at(position.stream, position.offset) : null;
    return {
      ...takenOf((await deps.places(position, position.offset))?.taken),
      ...(origin === null ? {} : { firstFailed: firstFailedView(origin) }),
      ...(correction === null ? {} : { corrects: await correctsView(deps, correction) }),
    };
  };
  const ofFailure: Lineage["ofFailure"] = async (note, offset) => {
    const { stream, topic, partition } = note;
    const redrives = (await lineageOf(deps, stream, offset)).map(({ position, taken, ...one }) => ({
      ...one,
      stream: position.stream,
      ...takenOf(taken),
    }));
    const source = redriveOf(stream)?.source ?? note.number;
    const known = (await corrections()).of(failureId({ stream: { ...note, number: source }, offset }));
    const views = await Promise.all(known.map(async (one) => correctionView(deps, one)));
    return { redrives, corrections: views, ...(await backOf({ stream, topic, partition, offset }, true)) };
  };
  return {
    ofFailure,
    ofRow: async (row) => {
      const { position, headers, kind } = row;
      const isMarked = headers.some(([name]) => name === CORRECTION_HEADERS.correction);
      if (kind !== "failed" || redriveOf(position.stream) !== null) return backOf(position, isMarked);
      const note = await noteOf(position.stream);
      return note === undefined ? {} : ofFailure(note, position.offset);
    },
    ofGone: async (stream, offset) => {
      const note = await noteOf(stream);
      if (note === undefined) return {};
      const failed = (await deps.places(note, offset))?.became;
      if (failed === "F" || failed === "C") return ofFailure(note, offset);
      return backOf({ stream, topic: note.topic, partition: note.partition, offset }, true);
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

function takenOf(taken: readonly Taken[] = []): TakenOf {
  return taken.length === 0 ? {} : { taken };
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
  return { ...said, ...where, ...became, ...takenOf(taken) };
}
