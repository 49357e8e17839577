import type { ContractRef } from "../core/compiled.ts";
import type { ExactInteger } from "../json/exact-integer.ts";
import type { StreamNote } from "./stream-note.ts";

// Counters of failures by group. A group is the failures of one fingerprint (core/fingerprint.ts).

/** The failures of one group in one ledger entry. */
export type GroupTally = {
  readonly fingerprint: string;
  /** The failure code that all failures of the group have. */
  readonly code: string;
  readonly contract: Pick<ContractRef, "subject" | "version"> | null;
  readonly count: number;
  /** The earliest and the latest timestamp of the records in their log, in milliseconds. */
  readonly firstMs: ExactInteger;
  readonly lastMs: ExactInteger;
  /** Number of failures by hour of the records' timestamps, in hours since 1970. Times outside {@link hourOf}'s range have no hour. */
  readonly hours: ReadonlyMap<number, number>;
};

/** The failures of one group in all entries of one stream so far. */
export type GroupCounter = Omit<GroupTally, "hours"> & {
  /** Number of the stream. */
  readonly stream: number;
  /** The last entry whose failures are counted. */
  readonly seq: number;
};

/** The failures of one group and stream whose timestamps lie in one hour. */
export type HourCount = {
  readonly fingerprint: string;
  readonly stream: number;
  /** Hours since 1970. */
  readonly hour: number;
  readonly count: number;
};

/** The same as it is stored, with the last entry whose failures are counted. */
export type HourCounter = HourCount & { readonly seq: number };

/** The failures of one group and stream in one day, in days since 1970, as they are stored. */
export type DayCounter = Omit<HourCounter, "hour"> & { readonly day: number };

/** The failures of one group and stream in a range of hours. */
export type HourTotal = Omit<HourCount, "hour">;

/** What retention took, or is taking, of a stream: it stays counted. */
export type GoneFailures = {
  /** By collection the offset below which failures are gone. A document below it is not counted. */
  readonly below: ReadonlyMap<string, bigint>;
  /** How many failures of each group are gone, by fingerprint. */
  readonly removed: ReadonlyMap<string, number>;
};

/** The writes of the counters. */
export type GroupWrites = {
  /**
   * Adds the failures of an entry to the counters of its stream. A counter that has counted this entry or a later one stays as it
   * is, so that a redo counts nothing twice, and neither does a writer that lost its stream: entries of a stream are applied one
   * after another.
   * @returns the fingerprints of which no stream had a counter before.
   */
  readonly countFailures: (
    stream: StreamNote,
    seq: number,
    groups: readonly GroupTally[],
  ) => Promise<readonly string[]>;
  /**
   * Counts the stored failures of a stream again, below an offset: all failures of the entries up to `seq`. Only counters that have
   * counted no later entry are written.
   */
  readonly recountFailures: (stream: StreamNote, below: bigint, seq: number, gone?: GoneFailures) => Promise<void>;
};

/** The reads of the counters. */
export type GroupReads = {
  /** The counters of one group, or of all; by fingerprint and stream. */
  readonly groupCounters: (fingerprint?: string) => Promise<readonly GroupCounter[]>;
  /** Failures by hour from an hour on, of one group or of all; by fingerprint, hour and stream. */
  readonly groupHours: (fromHour: number, fingerprint?: string) => Promise<readonly HourCount[]>;
  /** Every counter of hours, in no order; null when the store has none yet, because an older program made it. */
  readonly groupHourCounters: () => Promise<readonly HourCounter[] | null>;
  /** Every counter of days, likewise. */
  readonly groupDayCounters: () => Promise<readonly DayCounter[] | null>;
  /** The same added up, of all groups: few numbers, however many hours there are. By fingerprint and stream. */
  readonly hourTotals: (fromHour: number) => Promise<readonly HourTotal[]>;
  /**
   * How many stored failures of a stream each group has, below an offset.
   * @param gone by collection the offset below which no failure is counted.
   */
  readonly storedGroups: (
    stream: StreamNote,
    below: bigint,
    gone?: GoneFailures["below"],
  ) => Promise<ReadonlyMap<string, number>>;
  /** How many of the stored failures at these offsets each group has, by fingerprint. */
  readonly groupsAt: (
    collection: string,
    stream: StreamNote,
    offsets: readonly bigint[],
  ) => Promise<ReadonlyMap<string, number>>;
};

/** An hour, in milliseconds. */
export const HOUR_MS = 3_600_000;
/** The end of the year 9999. Producers may claim any 64-bit time; one outside 1970 to 9999 has no hour. */
export const HOURS_END_MS = 253_402_300_800_000;

/** A day, in hours. */
export const DAY_HOURS = 24;

/** The day, in days since 1970, of an hour since 1970. */
export function dayOf(hour: number): number {
  return Math.floor(hour / DAY_HOURS);
}

/** The hour of a timestamp, in hours since 1970; null before 1970 and after 9999. */
export function hourOf(timestampMs: ExactInteger): number | null {
  return timestampMs >= 0 && timestampMs < HOURS_END_MS ? Math.floor(Number(timestampMs) / HOUR_MS) : null;
}
