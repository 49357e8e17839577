import type { LedgerEntry } from "../../ledger/entry.ts";
import type { StoreReads } from "../../store/store.ts";
import type { JudgedRecord } from "./judged-records.ts";
import type { OffsetRange } from "./range.ts";

/**
 * A window: offsets `[from, to)` of a stream that were decided with one contract set by one engine, and their ledger
 * entries.
 */
export type Window = {
  readonly stream: string;
  readonly from: bigint;
  readonly to: bigint;
  readonly contractSet: string;
  readonly engine: string;
  /** Number of decided records in the window. */
  readonly records: number;
  readonly entries: readonly LedgerEntry[];
};

/**
 * The records of a window, by offset; the number of records missing in the log that was read, and the number without
 * evidence.
 */
export type WindowEvidence = {
  readonly rows: readonly JudgedRecord[];
  readonly notInLog: number;
  readonly withoutEvidence: number;
};

export type ReadWindow = (window: Window) => Promise<WindowEvidence>;

/** Fewest records of a window, so that a read of the store pays; a larger entry is a window of its own. */
const RECORDS_MIN = 4_096;
/** Widest range of offsets that the store can read at once, however many holes it has. */
const WIDTH_MAX = 2n ** 31n;
const LEDGER_PAGE = 256;

/** Divides the decided part of a range into windows, in order. Gaps belong to no window. */
export async function* windowsOf(
  reads: Pick<StoreReads, "ledger">,
  stream: string,
  range: OffsetRange,
): AsyncGenerator<Window> {
  let open: Window | null = null;
  for (let next = 0; ;) {
    const page = await reads.ledger(stream, next, LEDGER_PAGE);
    for (const entry of page) {
      next = entry.seq + 1;
      if (entry.kind !== "BATCH" || entry.to <= range.from) continue;
      if (range.to !== null && entry.from >= range.to) continue;
      const piece = pieceOf(entry, range);
      const joined: Window | null = open === null ? piece : join(open, piece);
      if (open !== null && joined === null) yield open;
      open = joined ?? piece;
      if (open.records < RECORDS_MIN) continue;
      yield open;
      open = null;
    }
    if (page.length < LEDGER_PAGE) break;
  }
  if (open !== null) yield open;
}

function pieceOf(entry: LedgerEntry, range: OffsetRange): Window {
  const from = entry.from > range.from ? entry.from : range.from;
  const to = range.to !== null && range.to < entry.to ? range.to : entry.to;
  const { stream, contractSet, engine } = entry;
  const whole = from === entry.from && to === entry.to;
  return {
    stream,
    from,
    to,
    contractSet,
    engine,
    records: whole ? entry.count : decidedWithin(entry, from, to),
    entries: [entry],
  };
}

function join(open: Window, next: Window): Window | null {
  const same = open.contractSet === next.contractSet && open.engine === next.engine && open.to === next.from;
  if (!same || next.to - open.from > WIDTH_MAX) return null;
  return {
    ...open,
    to: next.to,
    records: open.records + next.records,
    entries: [...open.entries, ...next.entries],
  };
}

/**
 * Number of an entry's records with an offset in `[from, to)`, counted from its run-length encoded outcomes without
 * reading records.
 */
function decidedWithin(entry: LedgerEntry, from: bigint, to: bigint): number {
  let total = 0n;
  let start = entry.from;
  for (const [, symbol, length] of entry.outcomes.matchAll(/([PF-])(\d+)/g)) {
    const end = start + BigInt(length ?? 0);
    const first = start > from ? start : from;
    const last = end < to ? end : to;
    if (symbol !== "-" && last > first) total += last - first;
    start = end;
  }
  return Number(total);
}
