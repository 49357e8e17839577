import type { LedgerEntry } from "../ledger/entry.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { volumeKey, type VolumeCounter, type VolumeKind, type VolumeTally } from "../store/volume.ts";
import type { Finding } from "./finding.ts";

/** The counters of one stream, compared with its entries. */
export type VolumeBook = {
  /**
   * Takes an entry, in order.
   * @param tallies what its records come to; null where they cannot all be told: then only the letters of the ledger count.
   */
  readonly see: (entry: LedgerEntry, tallies: readonly VolumeTally[] | null) => void;
  /** Compares, after the last entry. */
  readonly end: () => Promise<readonly Finding[]>;
};

type Reads = Pick<StoreReads, "volumeStarts" | "volumeCounters">;

/** Opens the books of streams. Where their counting began is read once, before their entries. */
export function createVolumeBooks(
  reads: Reads,
  tailMayBeIncomplete: boolean,
): (note: StreamNote) => Promise<VolumeBook> {
  let starts: ReadonlyMap<number, number> | null = null;
  return async (note) => {
    starts ??= new Map((await reads.volumeStarts()).map(({ stream, first }) => [stream, first]));
    return createBook(reads, note, starts.get(note.number) ?? null, tailMayBeIncomplete);
  };
}

type Seen = { readonly entry: LedgerEntry; readonly tallies: readonly VolumeTally[] | null };

/**
 * A counter that has counted the tail must count the records of all entries from the first counted one on; one that has not must
 * count those before the tail: its owner may have crashed before it counted, and the next one counts them. A counter beyond the tail
 * belongs to a gateway that went on meanwhile.
 * @param first the first entry that was counted; null: none, so that there is nothing to compare.
 */
function createBook(
  reads: Reads,
  { stream, number }: StreamNote,
  first: number | null,
  tailMayBeIncomplete: boolean,
): VolumeBook {
  const byKey = new Map<string, number>();
  const byKind = new Map<VolumeKind, number>();
  let isExact = true;
  let last: Seen | null = null;
  const settle = ({ entry, tallies }: Seen, { applied }: LedgerEntry): void => {
    if (tallies === null) {
      isExact = false;
      const letters = lettersOf(applied);
      for (const [kind, count] of kindsOf(entry, letters)) add(byKind, kind, count);
      return;
    }
    for (const tally of tallies) {
      add(byKey, volumeKey(tally), tally.count);
      add(byKind, coarse(tally.kind), tally.count);
    }
  };
  return {
    see: (entry, tallies) => {
      if (first === null || entry.seq < first) return;
      if (last !== null) settle(last, entry);
      last = { entry, tallies };
    },
    end: async () => {
      const tail = last;
      if (tail === null || tail.tallies === null) return [];
      const counters = await reads.volumeCounters(number);
      const inTail = new Map(tail.tallies.map((tally) => [volumeKey(tally), tally.count]));
      const at = { seq: tail.entry.seq, mayLack: tailMayBeIncomplete };
      const faults = isExact ? keyFaults(counters, byKey, inTail, at) : kindFaults(counters, byKind, inTail, at);
      return faults.map((message) => ({ code: "VOLUME", stream, seq: null, offset: null, message }));
    },
  };
}

type Tail = { readonly seq: number; readonly mayLack: boolean };

function keyFaults(
  counters: readonly VolumeCounter[],
  before: ReadonlyMap<string, number>,
  inTail: ReadonlyMap<string, number>,
  tail: Tail,
): readonly string[] {
  const known = new Map(counters.map((counter) => [volumeKey(counter), counter]));
  const faults: string[] = [];
  for (const key of new Set([...known.keys(), ...before.keys()])) {
    const counter = known.get(key);
    if (counter !== undefined && counter.seq > tail.seq) continue;
    const hasCountedTail = counter?.seq === tail.seq;
    const decided = (before.get(key) ?? 0) + (hasCountedTail ? (inTail.get(key) ?? 0) : 0);
    const counted = counter?.count ?? 0;
    // The owner of the tail counts its records while it stores them.
    if (counted === decided || (tail.mayLack && hasCountedTail && counted > decided)) continue;
    faults.push(`volume ${key} counts ${counted} records, and there are ${decided}`);
  }
  return faults;
}

function kindFaults(
  counters: readonly VolumeCounter[],
  before: ReadonlyMap<VolumeKind, number>,
  inTail: ReadonlyMap<string, number>,
  tail: Tail,
): readonly string[] {
  const byKind = Map.groupBy(counters, ({ kind }) => coarse(kind));
  const faults: string[] = [];
  for (const kind of new Set([...byKind.keys(), ...before.keys()])) {
    const own = byKind.get(kind) ?? [];
    if (own.some(({ seq }) => seq > tail.seq)) continue;
    const inTailNow = own.filter(({ seq }) => seq === tail.seq);
    const ofTail = inTailNow.reduce((sum, counter) => sum + (inTail.get(volumeKey(counter)) ?? 0), 0);
    const decided = (before.get(kind) ?? 0) + ofTail;
    const counted = own.reduce((sum, { count }) => sum + count, 0);
    if (counted === decided || (tail.mayLack && inTailNow.length > 0 && counted > decided)) continue;
    faults.push(`volume counts ${counted} records as ${kind}, and there are ${decided}`);
  }
  return faults;
}

/** The ledger does not tell redeliveries from other duplicates. */
function coarse(kind: VolumeKind): VolumeKind {
  return kind === "redelivery" ? "duplicate" : kind;
}

/** What the letters of the ledger say of an entry. @param applied what the next entry says that applying it did. */
function kindsOf({ outcomes }: LedgerEntry, applied: ReadonlyMap<string, number>): readonly [VolumeKind, number][] {
  const decided = lettersOf(outcomes);
  return [
    ["passed", decided.get("P") ?? 0],
    ["failed", decided.get("F") ?? 0],
    ["duplicate", applied.get("D") ?? 0],
    ["conflict", applied.get("C") ?? 0],
  ];
}

/** How often each letter is in run lengths such as "P3-2F1". */
function lettersOf(runs: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [, letter = "", length] of runs.matchAll(/([A-Z-])(\d+)/g)) add(counts, letter, Number(length));
  return counts;
}

function add<Key>(counts: Map<Key, number>, key: Key, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}
