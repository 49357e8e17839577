import type { ContractRef } from "../core/compiled.ts";
import { createProducerReader } from "./producer.ts";
import type { Position, SourceRecord } from "../core/record.ts";
import { createThrottleByName, OTHERS } from "./throttle-by-name.ts";
import type { TrafficNote } from "./note.ts";

/** The records of one contract version from one producer in one batch. */
export type Sighting = {
  readonly contract: ContractRef;
  /** The producer's name in the record headers; "" without one. */
  readonly producer: string;
  readonly count: number;
  /** Position of the first of these records. */
  readonly position: Position;
};

/** The most producers that are counted by name for each version. */
const PRODUCERS_MAX = 1_000;
/** How often a note of a producer that continues to send is written, in milliseconds: people ask about days. */
const NOTED_AGAIN_MS = 60_000;

/** Counts the records of a batch by version and producer. Records without a version are not counted. */
export function createSightings(): {
  readonly see: (row: Seen) => void;
  readonly all: () => readonly Sighting[];
} {
  const found = new Map<string, Map<string, Counted>>();
  const producerOf = createProducerReader();
  const sightingOf = ({ position, headers }: Seen, contract: ContractRef): Counted => {
    const byProducer = found.get(contract.digest) ?? new Map<string, Counted>();
    found.set(contract.digest, byProducer);
    const name = headers.length === 0 ? "" : (producerOf({ headers }) ?? "");
    const producer = byProducer.has(name) || byProducer.size < PRODUCERS_MAX ? name : OTHERS;
    const known = byProducer.get(producer) ?? { contract, producer, count: 0, position };
    byProducer.set(producer, known);
    return known;
  };
  // The last sighting of records without headers. Most records have the version of the record before, and many have no headers:
  // they need no lookup.
  let unnamed: Counted | null = null;
  return {
    see: (row) => {
      const { contract, headers } = row;
      if (contract === null) return;
      const known: Counted =
        headers.length === 0 && unnamed?.contract === contract ? unnamed : sightingOf(row, contract);
      known.count += 1;
      if (headers.length === 0) unnamed = known;
    },
    all: () => [...found.values()].flatMap((byProducer) => [...byProducer.values()]),
  };
}

/** The fields of a decided record that are counted; `contract` is null when its version is unknown. */
type Seen = Pick<SourceRecord, "position" | "headers"> & { readonly contract: ContractRef | null };

type Counted = Omit<Sighting, "count"> & { count: number };

/** Turns sightings into the traffic notes that are due: for a new producer at once, for a known one after a minute. */
export function createTrafficNotes(now: () => number): (sightings: readonly Sighting[]) => readonly TrafficNote[] {
  const due = createThrottleByName(now, { everyMs: NOTED_AGAIN_MS, namesMax: PRODUCERS_MAX });
  return (sightings) => {
    const nowMs = now();
    return sightings.flatMap(({ contract: { subject, version }, producer: name }): readonly TrafficNote[] => {
      const producer = due(`${subject}@${version}`, name);
      return producer === null ? [] : [{ subject, version, producer, firstMs: nowMs, lastMs: nowMs }];
    });
  };
}
