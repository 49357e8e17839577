import { failureCode } from "../core/failure.ts";
import type { SourceRecord } from "../core/record.ts";
import type { NumberTypes } from "../schema/number-types.ts";
import { hashBytes, outcomeOf, type Decided } from "../store/decided.ts";
import type { Holder } from "../store/duplicate.ts";
import { createEvidence } from "../ledger/evidence.ts";
import { evidenceDigest } from "../ledger/packed.ts";
import type { Stream } from "../source/source.ts";
import type { LedgerEntry, PassedRaw } from "../store/ledger.ts";
import { createProof, type Proof } from "../store/proof.ts";
import type { FailedRow, NewValidated, StagedFacts, StagedFailures, StoreWrites } from "../store/store.ts";
import { createPlaces } from "./places.ts";

/** A batch as it was decided: what its ledger entry will say, and what it will bring into the store. */
export type Draft = {
  readonly proof: Proof & Pick<LedgerEntry, "evidence">;
  /** The records as they were fetched, as ledger/evidence.ts writes them. */
  readonly evidence: Buffer;
  /** In a batch, as across batches, the first record of a fact is the one that is stored. */
  readonly facts: StagedFacts;
  readonly repeats: readonly Repeat[];
  readonly failed: StagedFailures;
  /** How the versions of the facts declare numbers, by their digests. */
  readonly numbers: ReadonlyMap<string, NumberTypes>;
  /** How many failures there are of each code. */
  readonly failures: ReadonlyMap<string, number>;
};

/** Another record of a fact that the batch has already: at this place among its facts, unless the id is taken. */
export type Repeat = { readonly row: NewValidated; readonly first: Holder; readonly place: number };

/** Records of `[from, to)` of a stream. */
export type Draftable = Pick<Stream, "topic" | "partition"> & {
  readonly from: bigint;
  readonly to: bigint;
  readonly records: readonly SourceRecord[];
};

/**
 * P3, record by record: what was decided is in the proof and in the stage before the next record is looked at, so that hardly any
 * of it outlives the young generation of the heap.
 * @param see is shown every decision.
 */
export function draftBatch(
  writes: Pick<StoreWrites, "stageFacts" | "stageFailed">,
  { topic, partition, from, to, records }: Draftable,
  passedRaw: PassedRaw,
  decide: (record: SourceRecord, index: number) => Decided,
  see?: (row: Decided) => void,
): Draft {
  const facts = writes.stageFacts(passedRaw);
  const proof = createProof(from);
  const evidence = createEvidence({ topic, partition, from });
  const placeOf = createPlaces(records.length);
  const firsts: number[] = [];
  const repeats: Repeat[] = [];
  const failed = writes.stageFailed();
  const failures = new Map<string, number>();
  const numbers = new Map<string, NumberTypes>();
  let last: NumberTypes | null = null;
  for (let index = 0; index < records.length; index += 1) {
    const record = records[index] as SourceRecord;
    evidence.add(record);
    const row = decide(record, index);
    proof.add(row, outcomeOf(row), row.id);
    if (row.kind === "failed") {
      failed.add(row);
      countFailure(failures, row);
    } else {
      if (row.numbers !== last) {
        last = row.numbers;
        numbers.set(row.contract.digest, last);
      }
      const place = placeOf(row.id);
      if (place === -1) {
        firsts.push(index);
        facts.add(row);
      } else repeats.push({ row, first: holderOf(row.id, records[firsts[place] as number] as SourceRecord), place });
    }
    see?.(row);
  }
  const bytes = evidence.end();
  const digest = records.length === 0 ? "" : evidenceDigest(bytes);
  return { proof: { ...proof.end(to), evidence: digest }, evidence: bytes, facts, repeats, failed, failures, numbers };
}

export function countFailure(failures: Map<string, number>, { reason }: FailedRow): void {
  const code = failureCode(reason);
  failures.set(code, (failures.get(code) ?? 0) + 1);
}

/** The first record of a fact, made anew: kept for the case that it is repeated, every one of them would be. */
function holderOf(id: string, { position, headers, value }: SourceRecord): Holder {
  return { id, position, headers, raw: value, rawHash: hashBytes(value) };
}
