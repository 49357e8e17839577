import type { LedgerEntry } from "../ledger/entry.ts";
import { goneOf, type FloorBook } from "../operator/floors.ts";
import type { DayCounter, GoneFailures, GroupCounter, HourCounter } from "../store/groups.ts";
import type { StoreReads } from "../store/store.ts";
import type { Counted, GroupBook, GroupSum } from "./group-book.ts";
import type { Finding } from "./finding.ts";
import type { CounterOfStream } from "./reach.ts";

type Reads = Pick<StoreReads, "groupCounters" | "groupHourCounters" | "groupDayCounters" | "storedGroups">;

/** The counters of one stream. Null: a store that an older program made has no such counters yet. */
type Own = {
  readonly groups: readonly GroupCounter[];
  readonly hours: readonly Cell[] | null;
  readonly days: readonly Cell[] | null;
};

/** A counter of one group in an hour or a day. */
type Cell = Counted & { readonly fingerprint: string; readonly at: number };

/**
 * Compares the counters of failures with the failures of the ledger, stream by stream. Where the failures of an entry cannot be told, as when
 * its evidence is gone, each group is compared with its stored failures and those that retention took, and nothing may contradict what is known.
 * @param books the books of every stream that the audit saw to its end.
 * @returns the findings, and every counter that was read.
 */
export async function checkGroups(
  reads: Reads,
  books: readonly GroupBook[],
  floors: FloorBook,
  tailMayBeIncomplete: boolean,
): Promise<{ readonly findings: readonly Finding[]; readonly counters: readonly CounterOfStream[] }> {
  const [groups, hours, days] = [await reads.groupCounters(), await hoursIn(reads), await daysIn(reads)];
  const byStream = { groups: ofStreams(groups), hours: hours && ofStreams(hours), days: days && ofStreams(days) };
  const findings: Finding[] = [];
  for (const book of books) {
    const { number, stream } = book.note;
    const tail = book.tail();
    // What was taken beyond the entries that the audit saw is no matter of theirs.
    if (tail === null || floors.all().some((floor) => floor.stream === stream && floor.seq > tail.seq)) continue;
    const own = {
      groups: byStream.groups(number),
      hours: byStream.hours?.(number) ?? null,
      days: byStream.days?.(number) ?? null,
    };
    const faults = await faultsOf(reads, book, tail, own, goneOf(floors, stream), tailMayBeIncomplete);
    for (const message of faults) findings.push({ code: "GROUPS", stream, seq: null, offset: null, message });
  }
  return { findings, counters: [...groups, ...(hours ?? []), ...(days ?? [])].map(namedCounter) };
}

function ofStreams<One extends { readonly stream: number }>(
  counters: readonly One[],
): (stream: number) => readonly One[] {
  const byStream = Map.groupBy(counters, ({ stream }) => stream);
  return (stream) => byStream.get(stream) ?? [];
}

function namedCounter(one: GroupCounter | CellOfStream): CounterOfStream {
  return { code: "GROUPS", what: `group ${one.fingerprint}`, stream: one.stream, seq: one.seq };
}

type CellOfStream = Cell & { readonly stream: number };

async function hoursIn(reads: Reads): Promise<readonly CellOfStream[] | null> {
  const found = await reads.groupHourCounters();
  return found === null ? null : found.map(({ hour, ...rest }: HourCounter) => ({ ...rest, at: hour }));
}

async function daysIn(reads: Reads): Promise<readonly CellOfStream[] | null> {
  const found = await reads.groupDayCounters();
  return found === null ? null : found.map(({ day, ...rest }: DayCounter) => ({ ...rest, at: day }));
}

/**
 * A counter that has counted the tail must count the failures of all entries; one that has not must count those before the tail: its owner may
 * have crashed before it counted, and the next one counts them. A counter beyond the tail belongs to a gateway that went on meanwhile.
 */
async function faultsOf(
  reads: Pick<StoreReads, "storedGroups">,
  book: GroupBook,
  tail: LedgerEntry,
  own: Own,
  { below, removed }: GoneFailures,
  tailMayBeIncomplete: boolean,
): Promise<readonly string[]> {
  const isExact = book.isExact();
  const stored = isExact
    ? null
    : {
        all: await reads.storedGroups(book.note, tail.to, below),
        before: await reads.storedGroups(book.note, tail.from, below),
      };
  const ofTail = book.ofTail();
  const known = new Map(own.groups.map((counter) => [counter.fingerprint, counter]));
  const faults: string[] = [];
  const names = [known, book.before, stored?.all ?? book.before, removed].flatMap((some) => [...some.keys()]);
  for (const fingerprint of new Set(names)) {
    const counter = known.get(fingerprint);
    if (counter !== undefined && counter.seq > tail.seq) continue;
    const hasCountedTail = counter?.seq === tail.seq;
    const gone = removed.get(fingerprint) ?? 0;
    const sums = [book.before.get(fingerprint), hasCountedTail ? ofTail.get(fingerprint) : undefined];
    const failed =
      stored === null
        ? sums.reduce((sum, one) => sum + (one?.count ?? 0), 0)
        : ((hasCountedTail ? stored.all : stored.before).get(fingerprint) ?? 0) + gone;
    const counted = counter?.count ?? 0;
    // The owner of the tail counts its failures while it stores them.
    const mayLack = tailMayBeIncomplete && hasCountedTail;
    const went = gone === 0 ? "" : `, ${gone} of which retention took`;
    if (counted === failed ? failed === 0 && counter !== undefined : !(mayLack && counted > failed))
      faults.push(`group ${fingerprint} counts ${counted} failures, and ${failed} are stored${went}`);
    else if (counter !== undefined && !mayLack)
      for (const says of differences(counter, sums, isExact && gone === 0)) faults.push(`group ${fingerprint} ${says}`);
  }
  const given = { book, ofTail, tail, removed, tailMayBeIncomplete };
  return [...faults, ...cellFaults(given, "hour", own.hours), ...cellFaults(given, "day", own.days)];
}

/** @param isSure whether these are all failures of the group: else others may have failed earlier and later. */
function* differences(
  { code, contract, firstMs, lastMs, seq }: GroupCounter,
  sums: readonly (GroupSum | undefined)[],
  isSure: boolean,
): Generator<string> {
  const named = contract === null ? null : `${contract.subject}@${contract.version}`;
  for (const sum of sums) {
    if (sum === undefined) continue;
    if (code !== sum.code) yield `says code ${code}, and its failures have ${sum.code}`;
    if (named !== sum.contract) yield `says contract ${named ?? "-"}, and its failures have ${sum.contract ?? "-"}`;
    if (seq < sum.seq) yield `says that it counts up to entry ${seq}, and entry ${sum.seq} has failures of it`;
    if (firstMs > sum.firstMs) yield `says that it began at ${firstMs}, and a failure of it is of ${sum.firstMs}`;
    if (lastMs < sum.lastMs) yield `says that its last failure is of ${lastMs}, and one is of ${sum.lastMs}`;
  }
  if (!isSure) return;
  if (sums.every((sum) => sum === undefined || firstMs < sum.firstMs))
    yield `says that it began at ${firstMs}, and no failure of it is so early`;
  if (sums.every((sum) => sum === undefined || lastMs > sum.lastMs))
    yield `says that its last failure is of ${lastMs}, and none is so late`;
}

type Compared = {
  readonly book: GroupBook;
  readonly ofTail: ReadonlyMap<string, GroupSum>;
  readonly tail: LedgerEntry;
  readonly removed: GoneFailures["removed"];
  readonly tailMayBeIncomplete: boolean;
};

/** Compares the counters of hours or of days. */
function cellFaults(
  { book, ofTail, tail, removed, tailMayBeIncomplete }: Compared,
  unit: "hour" | "day",
  counters: readonly Cell[] | null,
): readonly string[] {
  if (counters === null) return [];
  const cellsOf = (sum: GroupSum | undefined) => (unit === "hour" ? sum?.hours : sum?.days);
  const isExact = book.isExact();
  const faults: string[] = [];
  const missing = new Map([...book.before].map(([fingerprint, sum]) => [fingerprint, new Set(cellsOf(sum)?.keys())]));
  for (const { fingerprint, at, count, seq } of counters) {
    missing.get(fingerprint)?.delete(at);
    if (seq > tail.seq) continue;
    const before = cellsOf(book.before.get(fingerprint))?.get(at);
    const inTail = seq === tail.seq ? (cellsOf(ofTail.get(fingerprint))?.get(at)?.count ?? 0) : 0;
    const failed = (before?.count ?? 0) + inTail;
    // Of failures that are gone the hours are in the counter alone, and a new count may not have them.
    const mayBeFewer = removed.has(fingerprint);
    const mayBeMore = !isExact || (tailMayBeIncomplete && seq === tail.seq);
    if (count < failed ? !mayBeFewer : count > failed ? !mayBeMore : failed === 0)
      faults.push(`group ${fingerprint} counts ${count} failures in ${unit} ${at}, and ${failed} failed then`);
    else if (before !== undefined && seq < before.seq)
      faults.push(
        `group ${fingerprint} counts ${unit} ${at} up to entry ${seq}, and entry ${before.seq} has failures of it`,
      );
  }
  for (const [fingerprint, cells] of missing)
    for (const at of removed.has(fingerprint) ? [] : cells)
      faults.push(`group ${fingerprint} does not count its failures in ${unit} ${at}`);
  return faults;
}
