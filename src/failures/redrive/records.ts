import type { LedgerEntry } from "../../ledger/entry.ts";
import { isErased, type KeptRecord } from "../../ledger/tombstone.ts";
import type { SourceRecord } from "../../core/record.ts";
import { openEntryRecords } from "../../gateway/entry-records.ts";
import type { StoreReads } from "../../store/store.ts";
import type { StreamNote } from "../../store/stream-note.ts";
import type { UnavailableReason } from "./plan.ts";

export type EvidenceReads = Pick<StoreReads, "entryAt" | "evidenceAt" | "operatorLog">;

/** Records at some offsets of a stream, as their evidence has them. */
export type KeptAt = {
  /** Ascending by offset. */
  readonly records: readonly SourceRecord[];
  readonly missing: readonly { readonly offset: bigint; readonly reason: UnavailableReason }[];
  /** How many of the offsets were looked at: fewer than were asked for when the records grew too large. */
  readonly looked: number;
};

/** Reads records from the evidence of the ledger. */
export type RecordsAt = (
  note: StreamNote,
  offsets: readonly bigint[],
  /** Limit of the values' total size in bytes; the first record is returned however large it is. */
  bytesMax: number,
) => Promise<KeptAt>;

type Opened = {
  readonly entry: LedgerEntry;
  readonly erasures: number;
  readonly byOffset: ReadonlyMap<bigint, KeptRecord> | UnavailableReason;
};

/** Opens the evidence. The last entry that was read is remembered, because several batches are usually taken from one entry. */
export function createRecordsAt(reads: EvidenceReads): RecordsAt {
  const entries = openEntryRecords(reads);
  let last: Opened | null = null;
  const openAt = async (note: StreamNote, offset: bigint): Promise<Opened | null> => {
    const isSame = last !== null && last.entry.stream === note.stream && covers(last.entry, offset);
    const entry = isSame && last !== null ? last.entry : await reads.entryAt(note.stream, offset);
    if (entry === null || entry.kind !== "BATCH") return null;
    const { count: erasures } = await entries.announced(entry);
    if (isSame && last !== null && last.erasures === erasures) return last;
    const { records, missing } = await entries.open(note, entry);
    const byOffset =
      typeof records !== "string"
        ? new Map(records.map((record) => [record.position.offset, record]))
        : missing === "dropped"
          ? "evidence-dropped"
          : missing === "retention"
            ? "evidence-outdated"
            : "evidence-damaged";
    last = { entry, erasures, byOffset };
    return last;
  };
  return async (note, offsets, bytesMax) => {
    const records: SourceRecord[] = [];
    const missing: KeptAt["missing"][number][] = [];
    let [looked, bytes] = [0, 0];
    let opened: Opened | null = null;
    for (const offset of offsets) {
      if (opened === null || !covers(opened.entry, offset)) opened = await openAt(note, offset);
      const found = opened === null ? "evidence-damaged" : keptAt(opened, offset);
      if (typeof found === "string") missing.push({ offset, reason: found });
      else {
        bytes += found.value?.length ?? 0;
        if (records.length > 0 && bytes > bytesMax) break;
        records.push(found);
      }
      looked += 1;
    }
    return { records, missing, looked };
  };
}

function covers({ from, to }: LedgerEntry, offset: bigint): boolean {
  return from <= offset && offset < to;
}

function keptAt({ byOffset }: Opened, offset: bigint): SourceRecord | UnavailableReason {
  if (typeof byOffset === "string") return byOffset;
  const record = byOffset.get(offset);
  if (record === undefined) return "evidence-damaged";
  return isErased(record) ? "erased" : record;
}
