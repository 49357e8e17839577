import type { ExactInteger } from "../json/exact-integer.ts";
import { HOUR_MS, type GroupCounter, type HourTotal } from "../store/groups.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { openGroupBooks, stateNow, UNTOUCHED, type GroupBook, type GroupState } from "./group-state.ts";

/** The failures of one fingerprint. */
export type Group = {
  readonly fingerprint: string;
  readonly code: string;
  readonly contract: GroupCounter["contract"];
  /** How many failures there ever were, those that retention has deleted included. */
  readonly count: number;
  /** How many were in the hours that were asked for; equal to `count` when none were. */
  readonly recent: number;
  /** Timestamps of the first and the last record in their log, in milliseconds. */
  readonly firstMs: ExactInteger;
  readonly lastMs: ExactInteger;
  /** Topics of the records, sorted. */
  readonly topics: readonly string[];
  /** Failures of records that were redriven and failed again. They are not part of `count`. */
  readonly redriven: number;
  /** The state that holds now. */
  readonly state: GroupState;
  readonly book: GroupBook;
};

/** Failures of a group by hour, oldest first; hours without any are left out. */
export type Trend = readonly { readonly hour: number; readonly count: number }[];

/** The last 30 days, in hours. */
export const TREND_HOURS = 720;

/** Reads the groups of a store. */
export type Groups = {
  /** All groups, or those with failures since a time. The hour of `sinceMs` counts whole. */
  readonly list: (sinceMs: number | null, nowMs: number) => Promise<readonly Group[]>;
  readonly group: (fingerprint: string, nowMs: number) => Promise<Group | null>;
  readonly trend: (fingerprint: string, nowMs: number) => Promise<Trend>;
  /** The states of groups now, by fingerprint. */
  readonly states: (nowMs: number) => Promise<(fingerprint: string) => GroupState["kind"]>;
};

type Reads = Pick<StoreReads, "groupCounters" | "groupHours" | "hourTotals" | "streamNotes" | "operatorLog">;

/** @param isRedrive whether a stream holds records that were sent again; their failures are counted apart. */
export function openGroups(reads: Reads, isRedrive: (stream: StreamNote) => boolean): Groups {
  const books = openGroupBooks(reads);
  const assemble = async (
    counters: readonly GroupCounter[],
    totals: readonly HourTotal[] | null,
    nowMs: number,
  ): Promise<readonly Group[]> => {
    const notes = new Map((await reads.streamNotes()).map((note) => [note.number, note]));
    const said = await books();
    const recent = new Map<string, number>();
    for (const { fingerprint, stream, count } of totals ?? []) {
      const note = notes.get(stream);
      if (note === undefined || !isRedrive(note)) recent.set(fingerprint, (recent.get(fingerprint) ?? 0) + count);
    }
    const byGroup = Map.groupBy(counters, ({ fingerprint }) => fingerprint);
    return [...byGroup].map(([fingerprint, own]): Group => {
      const isOwn = ({ stream }: GroupCounter): boolean => {
        const note = notes.get(stream);
        return note === undefined || !isRedrive(note);
      };
      const group = groupOf(own, isOwn, notes);
      const book = said.get(fingerprint) ?? UNTOUCHED;
      const inHours = totals === null ? group.count : (recent.get(fingerprint) ?? 0);
      return { ...group, recent: inHours, book, state: stateNow(book, group.count, nowMs) };
    });
  };
  return {
    list: async (sinceMs, nowMs) => {
      const totals = sinceMs === null ? null : await reads.hourTotals(Math.floor(sinceMs / HOUR_MS));
      const groups = await assemble(await reads.groupCounters(), totals, nowMs);
      return sinceMs === null ? groups : groups.filter(({ recent }) => recent > 0);
    },
    group: async (fingerprint, nowMs) =>
      (await assemble(await reads.groupCounters(fingerprint), null, nowMs))[0] ?? null,
    trend: async (fingerprint, nowMs) => {
      const notes = new Map((await reads.streamNotes()).map((note) => [note.number, note]));
      const byHour = new Map<number, number>();
      for (const { hour, stream, count } of await reads.groupHours(firstHour(nowMs), fingerprint)) {
        const note = notes.get(stream);
        if (note === undefined || !isRedrive(note)) byHour.set(hour, (byHour.get(hour) ?? 0) + count);
      }
      return [...byHour].map(([hour, count]) => ({ hour, count })).toSorted((a, b) => a.hour - b.hour);
    },
    states: async (nowMs) => {
      const said = await books();
      const kinds = new Map<string, GroupState["kind"]>();
      for (const [fingerprint, book] of said) {
        // Only a muted group with a threshold depends on its count.
        const isCounted = book.state.kind === "muted" && book.state.threshold !== null;
        const [group] = isCounted ? await assemble(await reads.groupCounters(fingerprint), null, nowMs) : [];
        kinds.set(fingerprint, (group?.state ?? stateNow(book, 0, nowMs)).kind);
      }
      return (fingerprint) => kinds.get(fingerprint) ?? "open";
    },
  };
}

function firstHour(nowMs: number): number {
  return Math.floor(nowMs / HOUR_MS) - TREND_HOURS + 1;
}

function groupOf(
  counters: readonly GroupCounter[],
  isOwn: (counter: GroupCounter) => boolean,
  notes: ReadonlyMap<number, StreamNote>,
): Omit<Group, "recent" | "state" | "book"> {
  const [first] = counters;
  if (first === undefined) throw new Error("Cannot make a group of no counter");
  const own = counters.filter(isOwn);
  const counted = own.length === 0 ? counters : own;
  const { fingerprint, code, contract } = first;
  const total = (of: readonly GroupCounter[]): number => of.reduce((sum, { count }) => sum + count, 0);
  const topics = new Set(counted.map(({ stream }) => notes.get(stream)?.topic ?? "?"));
  return {
    fingerprint,
    code,
    contract,
    count: total(own),
    redriven: total(counters) - total(own),
    firstMs: counted.reduce((least, { firstMs }) => (firstMs < least ? firstMs : least), first.firstMs),
    lastMs: counted.reduce((most, { lastMs }) => (lastMs > most ? lastMs : most), first.lastMs),
    topics: [...topics].toSorted(),
  };
}
