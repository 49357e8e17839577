import type { StoreReads } from "../store/store.ts";
import type { Finding } from "./finding.ts";

/** What a counter says of its stream: the number, and the last entry that it counts. */
export type CounterOfStream = {
  readonly code: "GROUPS" | "VOLUME";
  /** Names the counter. */
  readonly what: string;
  readonly stream: number;
  readonly seq: number;
};

type Reads = Pick<StoreReads, "streamNotes" | "ledger">;

/**
 * Finds counters of streams and of entries that there are not: nobody would compare what they count.
 * @param tails the last entry of each stream that was seen, by its number. Later ones may have been written meanwhile.
 */
export async function checkReach(
  reads: Reads,
  tails: ReadonlyMap<number, number>,
  counters: readonly CounterOfStream[],
): Promise<readonly Finding[]> {
  const suspects = counters.filter(({ stream, seq }) => seq > (tails.get(stream) ?? -1));
  if (suspects.length === 0) return [];
  const notes = new Map((await reads.streamNotes()).map((note) => [note.number, note]));
  const isThere = rememberEntries(reads);
  const findings: Finding[] = [];
  for (const { code, what, stream: number, seq } of suspects) {
    const note = notes.get(number);
    const found = (message: string): void =>
      void findings.push({
        code,
        stream: note?.stream ?? null,
        seq: null,
        offset: null,
        message: `${what} ${message}`,
      });
    if (note === undefined) found(`is counted of stream ${number}, which there is not`);
    else if (!(await isThere(note.stream, seq))) found(`is counted up to entry ${seq}, which there is not`);
  }
  return findings;
}

/** An entry is stored before its records are counted, so one that is not there now was never counted. */
function rememberEntries(reads: Pick<Reads, "ledger">): (stream: string, seq: number) => Promise<boolean> {
  const known = new Map<string, boolean>();
  return async (stream, seq) => {
    const key = `${stream}|${seq}`;
    const is = known.get(key) ?? (await reads.ledger(stream, seq, 1))[0]?.seq === seq;
    known.set(key, is);
    return is;
  };
}
