import { isDay } from "../../contract/calendar.ts";
import { openEntryRecords, type EntryRecords } from "../../gateway/entry-records.ts";
import type { StoreReads } from "../../store/store.ts";
import type { StreamNote } from "../../store/stream-note.ts";

/** One end of the range to judge again, as the user gave it. */
export type Bound =
  | { readonly kind: "time"; readonly timestampMs: number }
  | { readonly kind: "offset"; readonly topic: string; readonly partition: number; readonly offset: bigint };

/** From `from` (included) to `to` (excluded); null means from the beginning, or to the end. */
export type HistoryRange = { readonly from: Bound | null; readonly to: Bound | null };

/** Offsets `[from, to)` of one stream; a null `to` means up to the last decided offset. */
export type OffsetRange = { readonly from: bigint; readonly to: bigint | null };

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads `2026-03-01`, `2026-03-01T12:00:00Z`, `24h` or `7d` (before `nowMs`), or `topic/partition@offset`; null when the
 * text is none of them. A time without a zone is UTC.
 */
export function parseBound(text: string, nowMs: number): Bound | null {
  const ago = /^([1-9][0-9]{0,8})([smhd])$/.exec(text);
  if (ago !== null) {
    return { kind: "time", timestampMs: Math.max(0, nowMs - Number(ago[1]) * (UNIT_MS[ago[2] ?? ""] ?? 0)) };
  }
  const place = /^([A-Za-z0-9._-]{1,249})\/([0-9]{1,9})@([0-9]{1,19})$/.exec(text);
  if (place !== null) {
    return { kind: "offset", topic: place[1] ?? "", partition: Number(place[2]), offset: BigInt(place[3] ?? 0) };
  }
  const time = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)?$/.exec(text);
  if (time === null) return null;
  const [, day = "", clock = "00:00", zone = "Z"] = time;
  // Date.parse alone takes 31 February for 3 March.
  if (!isDay(day)) return null;
  const timestampMs = Date.parse(`${day}T${clock}${zone}`);
  return Number.isNaN(timestampMs) ? null : { kind: "time", timestampMs };
}

/**
 * The offsets of a stream that a range covers; null when there are none. A time bound means the first record that is
 * not older, because the records of a stream need not be in the order of their times. An offset bound names one
 * partition; then only that partition is read.
 */
export async function offsetsOf(
  reads: Reads,
  stream: StreamNote,
  { from, to }: HistoryRange,
): Promise<OffsetRange | null> {
  const elsewhere = [from, to].some(
    (bound) => bound?.kind === "offset" && (bound.topic !== stream.topic || bound.partition !== stream.partition),
  );
  if (elsewhere) return null;
  const evidence = openEntryRecords(reads);
  const offsetAt = async (bound: Bound): Promise<bigint | null> =>
    bound.kind === "offset" ? bound.offset : firstSince(reads, evidence, stream, bound.timestampMs);
  const first = from === null ? 0n : await offsetAt(from);
  // All stored records are older.
  if (first === null) return null;
  const end = to === null ? null : await offsetAt(to);
  return end !== null && end <= first ? null : { from: first, to: end };
}

type Reads = Pick<StoreReads, "ledger" | "evidenceAt" | "operatorLog">;

const LEDGER_PAGE = 1_000;

/**
 * Offset of the first record that is not older; null when all are older. Each entry holds the time of its newest
 * record.
 */
async function firstSince(
  reads: Reads,
  evidence: EntryRecords,
  note: StreamNote,
  timestampMs: number,
): Promise<bigint | null> {
  for (let next = 0; ;) {
    const page = await reads.ledger(note.stream, next, LEDGER_PAGE);
    const entry = page.find(({ kind, count, newestMs }) => kind === "BATCH" && count > 0 && newestMs >= timestampMs);
    if (entry !== undefined) {
      const { records } = await evidence.open(note, entry);
      // Without evidence the record cannot be found in the entry, so the whole entry is taken.
      if (typeof records === "string") return entry.from;
      return records.find((record) => record.timestampMs >= timestampMs)?.position.offset ?? entry.from;
    }
    const last = page.at(-1);
    if (last === undefined || page.length < LEDGER_PAGE) return null;
    next = last.seq + 1;
  }
}
