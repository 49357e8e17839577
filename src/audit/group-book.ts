import type { ExactInteger } from "../json/exact-integer.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { dayOf, type GroupTally } from "../store/groups.ts";
import type { StreamNote } from "../store/stream-note.ts";

/** Failures in some entries, and the last of these entries. */
export type Counted = { count: number; seq: number };

/** The failures of one group in some entries. */
export type GroupSum = Counted & {
  readonly code: string;
  /** Such as `shipment@1`. */
  readonly contract: string | null;
  firstMs: ExactInteger;
  lastMs: ExactInteger;
  readonly hours: Map<number, Counted>;
  readonly days: Map<number, Counted>;
};

export type GroupSums = ReadonlyMap<string, GroupSum>;

/** The failures of one stream by group, as its entries say. */
export type GroupBook = {
  readonly note: StreamNote;
  /** Takes an entry, in order. @param groups its failures; null where they cannot be told. */
  readonly see: (entry: LedgerEntry, groups: readonly GroupTally[] | null) => void;
  /** The last entry; null when there is none. */
  readonly tail: () => LedgerEntry | null;
  /** Whether the failures of every entry could be told. */
  readonly isExact: () => boolean;
  /** The failures of the entries before the last. */
  readonly before: GroupSums;
  /** The failures of the last entry. */
  readonly ofTail: () => GroupSums;
};

export function createGroupBook(note: StreamNote): GroupBook {
  const before = new Map<string, GroupSum>();
  let last: { readonly entry: LedgerEntry; readonly groups: readonly GroupTally[] } | null = null;
  let isExact = true;
  return {
    note,
    see: (entry, groups) => {
      if (last !== null) addGroups(before, last.groups, last.entry.seq);
      last = { entry, groups: groups ?? [] };
      if (groups === null) isExact = false;
    },
    tail: () => last?.entry ?? null,
    isExact: () => isExact,
    before,
    ofTail: () => {
      const sums = new Map<string, GroupSum>();
      if (last !== null) addGroups(sums, last.groups, last.entry.seq);
      return sums;
    },
  };
}

function addGroups(sums: Map<string, GroupSum>, groups: readonly GroupTally[], seq: number): void {
  for (const { fingerprint, code, contract, count, firstMs, lastMs, hours } of groups) {
    const named = contract === null ? null : `${contract.subject}@${contract.version}`;
    const times = { firstMs, lastMs, hours: new Map<number, Counted>(), days: new Map<number, Counted>() };
    const sum = sums.get(fingerprint) ?? { code, contract: named, count: 0, seq, ...times };
    sums.set(fingerprint, sum);
    add(sum, count, seq);
    if (firstMs < sum.firstMs) sum.firstMs = firstMs;
    if (lastMs > sum.lastMs) sum.lastMs = lastMs;
    for (const [hour, inHour] of hours) {
      add(at(sum.hours, hour), inHour, seq);
      add(at(sum.days, dayOf(hour)), inHour, seq);
    }
  }
}

function at(cells: Map<number, Counted>, key: number): Counted {
  const known = cells.get(key) ?? { count: 0, seq: 0 };
  cells.set(key, known);
  return known;
}

function add(to: Counted, count: number, seq: number): void {
  to.count += count;
  to.seq = seq;
}
