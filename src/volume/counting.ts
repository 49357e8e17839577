import type { ExactInteger } from "../json/exact-integer.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";

/** Whether every decided record is counted. A store that an older program began is counted from some entry of each stream on. */
export type Counting = {
  readonly isComplete: boolean;
  /** Records of later times are all counted, in milliseconds since 1970; null when all are, or when a stream is not counted at all. */
  readonly sinceMs: ExactInteger | null;
};

type Reads = Pick<StoreReads, "volumeStarts" | "ledger">;

/** Entries before the first counted one that are looked at for records: INIT, gaps and entries of holes alone have none. */
const LOOKED_AT = 100;

export async function countingOf(reads: Reads, notes: readonly StreamNote[]): Promise<Counting> {
  const starts = new Map((await reads.volumeStarts()).map(({ stream, first }) => [stream, first]));
  const before = await Promise.all(
    notes.map(async (note) => newestBefore(reads, note, starts.get(note.number) ?? null)),
  );
  const missed = before.filter((one) => one !== "nothing");
  const times = missed.filter((one) => one !== "all");
  if (missed.length === 0 || times.length < missed.length) return { isComplete: missed.length === 0, sinceMs: null };
  return { isComplete: false, sinceMs: times.reduce((latest, one) => (one > latest ? one : latest)) };
}

/**
 * The time of the newest record in the entry before the first counted one; `nothing` when no record of the stream is missed, and
 * `all` when none is counted.
 * @param first the first counted entry; null: none.
 */
async function newestBefore(
  reads: Pick<Reads, "ledger">,
  { stream }: StreamNote,
  first: number | null,
): Promise<ExactInteger | "nothing" | "all"> {
  if (first !== null && first <= 1) return "nothing";
  const entries = await reads.ledger(stream, 0, LOOKED_AT);
  if (!entries.some(({ seq, count }) => count > 0 && (first === null || seq < first))) return "nothing";
  if (first === null) return "all";
  const [last] = await reads.ledger(stream, first - 1, 1);
  return last?.newestMs ?? "all";
}
