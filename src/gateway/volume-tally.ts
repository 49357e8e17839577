import type { ContractRef } from "../core/compiled.ts";
import { HOUR_MS, hourOf } from "../store/groups.ts";
import { volumeKey, type VolumeKind, type VolumeTally } from "../store/volume.ts";
import { createProducerReader } from "../traffic/producer.ts";
import type { Redecided } from "./decided.ts";

/** The most producers of an entry that are counted by name: those that sent most of its records. */
export const NAMED_MAX = 32;

/** The records of one version, producer and hour in a batch. */
export type Cell = {
  readonly version: number | null;
  readonly producer: string | null;
  readonly hour: number | null;
  passed: number;
  failed: number;
};

/** A passed record whose id was taken: where it is counted, and as what. */
export type TakenRecord = { readonly cell: Cell; readonly kind: "duplicate" | "redelivery" | "conflict" };

/** The records of a batch by version, producer and hour. It follows from the records alone, so a redo counts the same. */
export type BatchVolume = {
  /** What the batch decided. */
  readonly decided: () => readonly VolumeTally[];
  /** The cell of the fact at a place. */
  readonly cellOf: (place: number) => Cell;
  /** What became of passed records whose ids were taken. */
  readonly taken: (records: readonly TakenRecord[]) => readonly VolumeTally[];
};

/** Counts the records of a batch while it is decided. @param subject the contract of the batch's topic. */
export function createVolumeTally(subject: string): {
  /** Counts one record. */
  readonly see: (row: Redecided) => Cell;
  /** Says that the record of this cell is the next fact. */
  readonly addFact: (cell: Cell) => void;
  readonly end: () => BatchVolume;
} {
  const cells: Cell[] = [];
  const facts: Cell[] = [];
  const find = createCells(cells);
  return {
    see: (row) => {
      const cell = find(row);
      if (row.kind === "failed") cell.failed += 1;
      else cell.passed += 1;
      return cell;
    },
    addFact: (cell) => void facts.push(cell),
    end: () => {
      const named = namedProducers(cells);
      const sum = createSums(subject, named);
      return {
        decided: () =>
          sum(
            cells.flatMap((cell) => [
              { cell, kind: "passed" as const, count: cell.passed },
              { cell, kind: "failed" as const, count: cell.failed },
            ]),
          ),
        cellOf: (place) => {
          const cell = facts[place];
          if (cell === undefined) throw new Error(`Cannot count fact ${place} of ${facts.length}`);
          return cell;
        },
        taken: (records) => sum(partsOf(records)),
      };
    },
  };
}

type ByHour = Map<number | null, Map<string | null, Cell>>;

/** Finds the cell of a row. Most records have the version, the hour and the producer of the record before: those need no lookup. */
function createCells(cells: Cell[]): (row: Redecided) => Cell {
  const byContract = new Map<ContractRef | null, ByHour>();
  const producerOf = createProducerReader();
  let last: { readonly contract: ContractRef | null; readonly fromMs: number; readonly cell: Cell } | null = null;
  return (row) => {
    const { contract, timestampMs, headers } = row;
    const producer = headers.length === 0 ? null : row.kind === "failed" ? row.producer : producerOf(row);
    if (
      last !== null &&
      last.contract === contract &&
      timestampMs >= last.fromMs &&
      timestampMs < last.fromMs + HOUR_MS &&
      last.cell.producer === producer
    )
      return last.cell;
    const hour = hourOf(timestampMs);
    const byHour: ByHour = byContract.get(contract) ?? new Map();
    byContract.set(contract, byHour);
    const byProducer = byHour.get(hour) ?? new Map<string | null, Cell>();
    byHour.set(hour, byProducer);
    let cell = byProducer.get(producer);
    if (cell === undefined) {
      cell = { version: contract?.version ?? null, producer, hour, passed: 0, failed: 0 };
      byProducer.set(producer, cell);
      cells.push(cell);
    }
    if (hour !== null) last = { contract, fromMs: hour * HOUR_MS, cell };
    return cell;
  };
}

type Part = { readonly cell: Cell; readonly kind: VolumeKind; readonly count: number };

/** In a replay these are most of the batch, and of few cells. */
function partsOf(records: readonly TakenRecord[]): readonly Part[] {
  const byCell = new Map<Cell, Map<VolumeKind, number>>();
  for (const { cell, kind } of records) {
    const counts = byCell.get(cell) ?? new Map<VolumeKind, number>();
    byCell.set(cell, counts);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...byCell].flatMap(([cell, counts]) => [...counts].map(([kind, count]) => ({ cell, kind, count })));
}

/** The producers that are counted by name: of more than {@link NAMED_MAX} those with most records, in text order where they are equal. */
function namedProducers(cells: readonly Cell[]): ReadonlySet<string> | null {
  const records = new Map<string, number>();
  for (const { producer, passed, failed } of cells)
    if (producer !== null) records.set(producer, (records.get(producer) ?? 0) + passed + failed);
  if (records.size <= NAMED_MAX) return null;
  const ranked = [...records].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return new Set(ranked.slice(0, NAMED_MAX).map(([name]) => name));
}

/** @param named the producers that are counted by name; null: all. */
function createSums(
  subject: string,
  named: ReadonlySet<string> | null,
): (parts: readonly Part[]) => readonly VolumeTally[] {
  return (parts) => {
    const sums = new Map<string, VolumeTally>();
    for (const { cell, kind, count } of parts) {
      if (count === 0) continue;
      const { version, hour } = cell;
      const isOthers = cell.producer !== null && named?.has(cell.producer) === false;
      const key = { kind, subject, version, producer: isOthers ? null : cell.producer, isOthers, hour };
      const text = volumeKey(key);
      sums.set(text, { ...key, count: (sums.get(text)?.count ?? 0) + count });
    }
    return [...sums.values()];
  };
}
