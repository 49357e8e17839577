import type { LedgerEntry } from "../ledger/entry.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { volumeKey, type VolumeCounter, type VolumeKind, type VolumeTally } from "../store/volume.ts";
import { openCounted } from "./counted.ts";
import type { Finding } from "./finding.ts";
import type { CounterOfStream } from "./reach.ts";

/** The counters of one stream, compared with its entries. */
export type VolumeBook = {
  /**
   * Takes an entry, in order.
   * @param tallies what its records come to; null where they cannot all be told: then only the letters of the ledger count.
   */
  readonly see: (entry: LedgerEntry, tallies: readonly VolumeTally[] | null) => void;
  /** Compares, after the last entry. `beyond`: counters that count more entries than were seen. */
  readonly end: () => Promise<{ readonly findings: readonly Finding[]; readonly beyond: readonly CounterOfStream[] }>;
};

type Reads = Pick<StoreReads, "volumeStarts" | "volumeCounters" | "ledger" | "streamNotes">;

/** Opens the books of streams. Where their counting began is read once, before their entries. */
export function createVolumeBooks(
  reads: Reads,
  tailMayBeIncomplete: boolean,
): (note: StreamNote) => Promise<VolumeBook> {
  let starts: ReadonlyMap<number, number> | null = null;
  const isCounted = openCounted(reads);
  return async (note) => {
    starts ??= new Map((await reads.volumeStarts()).map(({ stream, first }) => [stream, first]));
    const first = (await isCounted(note)) ? 0 : (starts.get(note.number) ?? null);
    return createBook(reads, note, first, tailMayBeIncomplete);
  };
}

/** The records of some entries under one key, and the first and the last of these entries. */
type Sum = { count: number; readonly first: number; last: number };

/** The records of the entries before the last. */
type Before = {
  readonly byKey: Map<string, Sum>;
  readonly byKind: Map<VolumeKind, number>;
  /** Whether the keys of all records are known. */
  isExact: boolean;
};

/** The last entry. @see Seen */
type Tail = {
  readonly seq: number;
  /** Null where the keys of its records are not known. */
  readonly byKey: ReadonlyMap<string, number> | null;
  /** How many of its records may be counted under a kind, where their keys are not known. */
  readonly most: (kind: VolumeKind) => number;
  readonly mayLack: boolean;
};

type Seen = { readonly entry: LedgerEntry; readonly tallies: readonly VolumeTally[] | null };

/**
 * A counter that has counted the tail must count the records of all entries from the first counted one on; one that has not must
 * count those before the tail: its owner may have crashed before it counted, and the next one counts them. A counter beyond the tail
 * belongs to a gateway that went on meanwhile.
 * @param first the first entry that is counted; null: none, so that there is nothing to compare.
 */
function createBook(
  reads: Pick<Reads, "volumeCounters">,
  { stream, number }: StreamNote,
  first: number | null,
  tailMayBeIncomplete: boolean,
): VolumeBook {
  const before: Before = { byKey: new Map(), byKind: new Map(), isExact: true };
  let last: Seen | null = null;
  return {
    see: (entry, tallies) => {
      if (last !== null && first !== null && last.entry.seq >= first) settle(before, last, entry);
      last = { entry, tallies };
    },
    end: async () => {
      if (first === null || last === null) return { findings: [], beyond: [] };
      const all = await reads.volumeCounters(number);
      const { seq } = last.entry;
      const isCounted = seq >= first;
      const tail = tailOf(isCounted ? last : { ...last, tallies: [] }, tailMayBeIncomplete);
      const counters = all.filter((one) => one.seq <= seq);
      const isExact = before.isExact && tail.byKey !== null;
      const ahead = new Set(all.filter((one) => one.seq > seq).map(volumeKey));
      const faults = isExact ? keyFaults(counters, before, tail, ahead) : kindFaults(counters, before, tail, all);
      return {
        findings: [...twice(all), ...faults].map((message) => {
          return { code: "VOLUME", stream, seq: null, offset: null, message };
        }),
        beyond: all
          .filter((one) => one.seq > seq)
          .map((one) => ({ code: "VOLUME", what: `volume ${volumeKey(one)}`, stream: number, seq: one.seq })),
      };
    },
  };
}

/** Adds an entry that another one follows. */
function settle(before: Before, { entry, tallies }: Seen, { applied }: LedgerEntry): void {
  const { byKey, byKind } = before;
  if (tallies === null) {
    before.isExact = false;
    for (const [kind, count] of kindsOf(entry, lettersOf(applied))) add(byKind, kind, count);
    return;
  }
  for (const tally of tallies) {
    const key = volumeKey(tally);
    const sum = byKey.get(key) ?? { count: 0, first: entry.seq, last: entry.seq };
    sum.count += tally.count;
    sum.last = entry.seq;
    byKey.set(key, sum);
    add(byKind, coarse(tally.kind), tally.count);
  }
}

function tailOf({ entry, tallies }: Seen, mayLack: boolean): Tail {
  const decided = lettersOf(entry.outcomes);
  return {
    seq: entry.seq,
    byKey: tallies === null ? null : new Map(tallies.map((tally) => [volumeKey(tally), tally.count])),
    // What became of those that passed, the next entry says.
    most: (kind) => decided.get(kind === "failed" ? "F" : "P") ?? 0,
    mayLack,
  };
}

/** The store keeps a counter for each key, so that a second one was added by somebody. */
function twice(counters: readonly VolumeCounter[]): readonly string[] {
  return [...Map.groupBy(counters, volumeKey)].flatMap(([key, own]) =>
    own.length > 1 ? [`volume ${key} is counted ${own.length} times`] : [],
  );
}

/** @param ahead keys of counters of a gateway that went on meanwhile. */
function keyFaults(
  counters: readonly VolumeCounter[],
  before: Before,
  tail: Tail,
  ahead: ReadonlySet<string>,
): readonly string[] {
  const known = new Map(counters.map((counter) => [volumeKey(counter), counter]));
  const faults: string[] = [];
  for (const key of new Set([...known.keys(), ...before.byKey.keys()])) {
    if (ahead.has(key)) continue;
    const counter = known.get(key);
    const sum = before.byKey.get(key);
    const inTail = tail.byKey?.get(key) ?? 0;
    const hasCountedTail = counter?.seq === tail.seq;
    const decided = (sum?.count ?? 0) + (hasCountedTail ? inTail : 0);
    const counted = counter?.count ?? 0;
    // The owner of the tail counts its records while it stores them.
    const mayLack = tail.mayLack && hasCountedTail;
    if (counted === decided ? counter !== undefined && decided === 0 : !(mayLack && counted > decided))
      faults.push(`volume ${key} counts ${counted} records, and there are ${decided}`);
    else if (counter !== undefined && !mayLack) faults.push(...placeFaults(key, counter, sum, tail));
  }
  return faults;
}

/** A counter is made by the first entry that has records of its key; one that was counted again, from entry 1 on. */
function placeFaults(key: string, { first, seq }: VolumeCounter, sum: Sum | undefined, tail: Tail): readonly string[] {
  const begins = sum?.first ?? tail.seq;
  if (first !== begins && first !== 1)
    return [`volume ${key} begins with entry ${first}, and its records with entry ${begins}`];
  if (sum !== undefined && seq < sum.last)
    return [`volume ${key} is counted up to entry ${seq}, and entry ${sum.last} has records of it`];
  return [];
}

/** @param all those of a gateway that went on meanwhile, too: then there is nothing to compare. */
function kindFaults(
  counters: readonly VolumeCounter[],
  before: Before,
  tail: Tail,
  all: readonly VolumeCounter[],
): readonly string[] {
  const byKind = Map.groupBy(counters, ({ kind }) => coarse(kind));
  const ahead = new Set(all.filter(({ seq }) => seq > tail.seq).map(({ kind }) => coarse(kind)));
  const faults: string[] = [];
  for (const kind of new Set([...byKind.keys(), ...before.byKind.keys()])) {
    if (ahead.has(kind)) continue;
    const own = byKind.get(kind) ?? [];
    const withTail = own.filter(({ seq }) => seq === tail.seq);
    const decided =
      (before.byKind.get(kind) ?? 0) + withTail.reduce((sum, one) => sum + (tail.byKey?.get(volumeKey(one)) ?? 0), 0);
    const counted = own.reduce((sum, { count }) => sum + count, 0);
    const range = tail.byKey === null && withTail.length > 0 ? tail.most(kind) : 0;
    if (counted >= decided && counted <= decided + range) continue;
    if (tail.mayLack && withTail.length > 0 && counted > decided) continue;
    faults.push(`volume counts ${counted} records as ${kind}, and there are ${decided}`);
  }
  for (const one of counters)
    if (one.first < 1 || one.first > one.seq)
      faults.push(`volume ${volumeKey(one)} begins with entry ${one.first}, and is counted up to entry ${one.seq}`);
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
