import type { ContractRef } from "../core/compile.ts";
import { producerOf } from "../core/producer.ts";
import type { Position } from "../core/record.ts";
import type { Decided } from "../store/decided.ts";
import { createRationing, OTHERS } from "./rationing.ts";
import type { TrafficNote } from "../store/traffic.ts";

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
export function sightingsOf(decided: readonly Decided[]): readonly Sighting[] {
  const found = new Map<string, Map<string, Sighting>>();
  for (const { decision, record } of decided) {
    const { contract } = decision;
    if (contract === null) continue;
    const byProducer = found.get(contract.digest) ?? new Map<string, Sighting>();
    found.set(contract.digest, byProducer);
    const name = producerOf(record) ?? "";
    const producer = byProducer.has(name) || byProducer.size < PRODUCERS_MAX ? name : OTHERS;
    const before = byProducer.get(producer);
    const count = (before?.count ?? 0) + 1;
    byProducer.set(producer, { contract, producer, count, position: before?.position ?? record.position });
  }
  return [...found.values()].flatMap((byProducer) => [...byProducer.values()]);
}

/** Turns sightings into the notes that are due: a new producer at once, a known one after a minute. */
export function createTrafficNotes(now: () => number): (sightings: readonly Sighting[]) => readonly TrafficNote[] {
  const due = createRationing(now, { everyMs: NOTED_AGAIN_MS, namesMax: PRODUCERS_MAX });
  return (sightings) => {
    const nowMs = now();
    return sightings.flatMap(({ contract: { subject, version }, producer: name }): readonly TrafficNote[] => {
      const producer = due(`${subject}@${version}`, name);
      return producer === null ? [] : [{ subject, version, producer, firstMs: nowMs, lastMs: nowMs }];
    });
  };
}
