import type { ContractRef } from "../core/compiled.ts";
import { producerOf } from "./producer.ts";
import type { Position, SourceRecord } from "../core/record.ts";
import { createThrottleByName, OTHERS } from "./throttle-by-name.ts";
import type { TrafficNote } from "./note.ts";

/** Records of one version from one producer in one batch. */
export type Sighting = {
  readonly contract: ContractRef;
  /** "" when the records do not say. */
  readonly producer: string;
  readonly count: number;
  /** Of the first of them. */
  readonly position: Position;
};

/** Producers told apart for each version. */
const PRODUCERS_MAX = 1_000;
/** A producer that goes on sending is noted again after so long: the notes are for windows of days. */
const NOTED_AGAIN_MS = 60_000;

/** Which versions a batch holds records of, and from whom; records without a version are in none. */
export function createSightings(): {
  readonly see: (row: Seen) => void;
  readonly all: () => readonly Sighting[];
} {
  const found = new Map<string, Map<string, Counted>>();
  const sightingOf = ({ position, headers }: Seen, contract: ContractRef): Counted => {
    const byProducer = found.get(contract.digest) ?? new Map<string, Counted>();
    found.set(contract.digest, byProducer);
    const name = headers.length === 0 ? "" : (producerOf({ headers }) ?? "");
    const producer = byProducer.has(name) || byProducer.size < PRODUCERS_MAX ? name : OTHERS;
    const known = byProducer.get(producer) ?? { contract, producer, count: 0, position };
    byProducer.set(producer, known);
    return known;
  };
  // Most records have the version of the one before, and many no headers: nothing is looked up for those.
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

/** What of a decided record is noted; `contract` is null where no version was declared. */
type Seen = Pick<SourceRecord, "position" | "headers"> & { readonly contract: ContractRef | null };

type Counted = Omit<Sighting, "count"> & { count: number };

/** Turns sightings into the notes that are due: a new producer at once, a known one after a minute. */
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
