import type { Redecided } from "../gateway/decided.ts";
import { repeatKind } from "../gateway/duplicate.ts";
import { createVolumeTally, type TakenRecord } from "../gateway/volume-tally.ts";
import type { AppliedLetter } from "../ledger/proof.ts";
import type { Holder, Store } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { volumeKey, type VolumeTally } from "../store/volume.ts";

/** Counts the records of all entries again, stream by stream. */
export type VolumeBooks = {
  /** Takes what the records of an entry come to. The same entry once more takes the place of the first time. */
  readonly see: (note: StreamNote, seq: number, tallies: readonly VolumeTally[]) => void;
  /** Takes the tail, whose redo came to this. It does not count when its entry is seen, too: then it was the tail no longer. */
  readonly seeTail: (note: StreamNote, seq: number, tallies: readonly VolumeTally[]) => void;
  /** Says that the records of an entry cannot be decided again: its stream keeps the counters that it has. */
  readonly miss: (note: StreamNote) => void;
  /** Writes the counters. */
  readonly write: (store: Pick<Store, "recountVolume">) => Promise<void>;
};

type Counted = { readonly seq: number; readonly tallies: readonly VolumeTally[] };

type Book = {
  readonly note: StreamNote;
  readonly sums: Map<string, VolumeTally>;
  last: Counted | null;
  tail: Counted | null;
  isWhole: boolean;
};

export function createVolumeBooks(): VolumeBooks {
  const books = new Map<number, Book>();
  const bookOf = (note: StreamNote): Book => {
    const known = books.get(note.number) ?? { note, sums: new Map(), last: null, tail: null, isWhole: true };
    books.set(note.number, known);
    return known;
  };
  return {
    see: (note, seq, tallies) => {
      const book = bookOf(note);
      if (book.last !== null && book.last.seq !== seq) settle(book, book.last.tallies);
      book.last = { seq, tallies };
    },
    seeTail: (note, seq, tallies) => {
      bookOf(note).tail = { seq, tallies };
    },
    miss: (note) => {
      bookOf(note).isWhole = false;
    },
    write: async (store) => {
      for (const { note, sums, last, tail, isWhole } of books.values()) {
        const isTail = tail !== null && tail.seq > (last?.seq ?? -1);
        const ends = [last, isTail ? tail : null].filter((one) => one !== null);
        const end = ends.at(-1);
        if (end === undefined || !isWhole) continue;
        const whole = new Map(sums);
        for (const { tallies } of ends) settle({ sums: whole }, tallies);
        await store.recountVolume(note, 1, end.seq, [...whole.values()]);
      }
    },
  };
}

function settle({ sums }: Pick<Book, "sums">, tallies: readonly VolumeTally[]): void {
  for (const tally of tallies) {
    const key = volumeKey(tally);
    sums.set(key, { ...tally, count: tally.count + (sums.get(key)?.count ?? 0) });
  }
}

/** What the records of an entry come to. @param letters what became of each, as the next entry says. */
export function volumeOf(
  { subject, rows }: { readonly subject: string; readonly rows: readonly Redecided[] },
  letters: readonly AppliedLetter[],
  holders: ReadonlyMap<string, Holder>,
): readonly VolumeTally[] {
  const tally = createVolumeTally(subject);
  const taken: TakenRecord[] = [];
  for (const [at, row] of rows.entries()) {
    const cell = tally.see(row);
    const letter = letters[at];
    const holder = holders.get(row.id);
    if (letter === "C") taken.push({ cell, kind: "conflict" });
    if (letter === "D") taken.push({ cell, kind: holder === undefined ? "duplicate" : repeatKind(row, holder) });
  }
  const volume = tally.end();
  return [...volume.decided(), ...volume.taken(taken)];
}
