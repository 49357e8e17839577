import { failureCode } from "../../core/failure.ts";
import type { Position } from "../../core/record.ts";
import type { Lookup } from "../../gateway/lookup.ts";
import { redriveOf, redrivesOf } from "../../ledger/redrive-stream.ts";
import type { SettledRow, StoreReads } from "../../store/store.ts";
import { repeatedBy, type RepeatedFact } from "../repeated.ts";
import type { DecidedPlace, Places, Taken } from "../taken.ts";

/** What became of a record in one redrive. */
export type Redriven = {
  readonly plan: string;
  readonly position: Position;
  /** `unknown`: it passed, and neither the store nor the ledger says more. */
  readonly outcome: "stored" | "duplicate" | "conflict" | "failed" | "unknown";
  /** Machine id of the fact that it became, or that it repeats or contradicts; null when it failed. */
  readonly factId: string | null;
  /** Code of the failure; null when it passed, or when its evidence is gone. */
  readonly code: string | null;
  /** What retention took of this decision. */
  readonly taken: readonly Taken[];
  /** Where the fact lies that it repeats or contradicts; null when it does neither, or when its evidence is gone. */
  readonly fact: RepeatedFact | null;
};

/** Where a redriven record failed first. */
export type Origin = {
  readonly plan: string;
  readonly position: Position;
  /** Code of that failure; null when the record passed there (a range was redriven), or when its evidence is gone. */
  readonly code: string | null;
  /** What retention took of that decision. */
  readonly taken: readonly Taken[];
};

export type LineageDeps = {
  readonly reads: Pick<StoreReads, "streamNotes">;
  readonly lookup: Lookup;
  readonly places: Places;
};

/**
 * Every redrive of a record, in the order in which the plans first ran. A redrive keeps the offset, so the streams whose source is
 * the record's stream are all that is asked.
 * @param stream id of the record's stream; that of a redrive counts for its source.
 */
export async function lineageOf(deps: LineageDeps, stream: string, offset: bigint): Promise<readonly Redriven[]> {
  const { reads, lookup, places } = deps;
  const notes = await reads.streamNotes();
  const number = redriveOf(stream)?.source ?? notes.find((note) => note.stream === stream)?.number;
  if (number === undefined) return [];
  const found: Redriven[] = [];
  for (const { stream: id, topic, partition } of redrivesOf(notes, number)) {
    const place = await places({ stream: id, topic }, offset);
    if (place === null) continue;
    const [row] = await lookup.rows(id, offset, offset + 1n);
    const position = { stream: id, topic, partition, offset };
    const fact = await repeatedBy(deps, row);
    found.push({ plan: redriveOf(id)?.plan ?? "", position, ...outcomeOf(row, place), fact });
  }
  return found;
}

/** @param place what the ledger says; it is all there is when the row is gone. */
export function outcomeOf(
  row: SettledRow | undefined,
  { became, taken }: DecidedPlace,
): Pick<Redriven, "outcome" | "factId" | "code" | "taken"> {
  if (row === undefined)
    return { outcome: became === null ? "unknown" : BECAME[became], factId: null, code: null, taken };
  switch (row.kind) {
    case "validated":
    case "erased":
      return { outcome: "stored", factId: row.id, code: null, taken };
    case "receipt":
      return { outcome: "duplicate", factId: row.duplicateOf, code: null, taken };
    case "failed": {
      const code = failureCode(row.reason);
      return { outcome: code === "conflict" ? "conflict" : "failed", factId: row.machineId, code, taken };
    }
  }
}

const BECAME = { S: "stored", D: "duplicate", C: "conflict", F: "failed" } as const;

/** Where the record of a redrive's position failed first; null when the position is of a log. */
export async function originOf({ reads, lookup, places }: LineageDeps, position: Position): Promise<Origin | null> {
  const of = redriveOf(position.stream);
  if (of === null) return null;
  const note = (await reads.streamNotes()).find(({ number }) => number === of.source);
  if (note === undefined) return null;
  const { offset } = position;
  const [row] = await lookup.rows(note.stream, offset, offset + 1n);
  const code = row?.kind === "failed" ? failureCode(row.reason) : null;
  const { stream, topic, partition } = note;
  const taken = (await places(note, offset))?.taken ?? [];
  return { plan: of.plan, position: { stream, topic, partition, offset }, code, taken };
}
