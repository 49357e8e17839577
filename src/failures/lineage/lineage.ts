import type { Position } from "../../core/record.ts";
import type { Lookup } from "../../gateway/lookup.ts";
import { exactInteger, type ExactInteger } from "../../json/exact-integer.ts";
import { outcomeAt } from "../../ledger/proof.ts";
import { redriveOf } from "../../ledger/redrive-stream.ts";
import type { SettledRow, StoreReads } from "../../store/store.ts";
import type { StreamNote } from "../../store/stream-note.ts";
import { CORRECTION_HEADERS } from "./correct.ts";
import { openCorrections, type Correction } from "./corrections.ts";
import { failureId } from "../failure-id.ts";
import { lineageOf, originOf, outcomeOf, type Origin, type Redriven } from "../redrive/lineage.ts";

// Where else a record was decided, as the HTTP interface and `--json` show it.

/** A redrive of a record. */
export type RedrivenView = Omit<Redriven, "position"> & {
  /** Stream of the redrive; topic, partition and offset are those of the record. */
  readonly stream: string;
};

/** Where a redriven record failed first. */
export type FirstFailedView = {
  readonly plan: string;
  readonly stream: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: ExactInteger;
  readonly code: string | null;
};

/** A new record that a person sent in the place of the failure. */
export type CorrectionView = {
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
export type CorrectsView = Pick<CorrectionView, "actor" | "at" | "reason" | "failedDigest" | "correctedDigest"> & {
  readonly failure: string;
};

export type LineageView = {
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
  /** The whole lineage of a failure, forwards and back. */
  readonly ofFailure: (stream: StreamNote, offset: bigint) => Promise<LineageView>;
  /** The lineage of a decision: of a FAILED record all of it, of any other where it comes from. */
  readonly ofRow: (row: SettledRow) => Promise<Partial<LineageView>>;
};

export type LineageReads = Pick<StoreReads, "streamNotes" | "entryAt" | "operatorLog">;

/** Opens the lineage of records. Corrections are read from the operator log, where they alone are sure: anybody may send a header. */
export function openLineage(deps: { readonly reads: LineageReads; readonly lookup: Lookup }): Lineage {
  const corrections = openCorrections(deps.reads);
  const backOf = async (position: Position, mayCorrect: boolean): Promise<Partial<LineageView>> => {
    const origin = await originOf(deps, position);
    const correction = mayCorrect ? (await corrections()).at(position.stream, position.offset) : null;
    return {
      ...(origin === null ? {} : { firstFailed: firstFailedView(origin) }),
      ...(correction === null ? {} : { corrects: correctsView(correction) }),
    };
  };
  const ofFailure: Lineage["ofFailure"] = async (note, offset) => {
    const { stream, topic, partition } = note;
    const redrives = (await lineageOf(deps, stream, offset)).map(({ position, ...one }) => ({
      ...one,
      stream: position.stream,
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
      const note = (await deps.reads.streamNotes()).find(({ stream }) => stream === position.stream);
      return note === undefined ? {} : ofFailure(note, position.offset);
    },
  };
}

/** @param origin of a position in a redrive. */
function firstFailedView({ plan, code, position }: Origin): FirstFailedView {
  const { stream, topic, partition, offset } = position;
  return { plan, stream, topic, partition, offset: exactInteger(offset), code };
}

function correctsView({ failure, actor, at, reason, failedDigest, correctedDigest }: Correction): CorrectsView {
  return { failure, actor, at, reason, failedDigest, correctedDigest };
}

async function correctionView(
  { reads, lookup }: { readonly reads: LineageReads; readonly lookup: Lookup },
  { id, actor, at, reason, failedDigest, correctedDigest, place }: Correction,
): Promise<CorrectionView> {
  const said = { id, actor, at, reason, failedDigest, correctedDigest };
  const undecided = { outcome: "pending", factId: null, code: null } as const;
  if (place === null) return { ...said, stream: null, offset: null, ...undecided };
  const { stream, offset } = place;
  const entry = await reads.entryAt(stream, offset);
  const letter = entry === null ? null : outcomeAt(entry.from, entry.outcomes, offset);
  const where = { stream, offset: exactInteger(offset) };
  if (letter === null) return { ...said, ...where, ...undecided };
  const [row] = await lookup.rows(stream, offset, offset + 1n);
  return { ...said, ...where, ...outcomeOf(row, letter) };
}
