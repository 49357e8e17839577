import { failureCode } from "../core/failure.ts";
import type { Position, SourceRecord } from "../core/record.ts";
import { createEvidence, readEvidence } from "../ledger/evidence.ts";
import { evidenceDigest } from "../ledger/packed.ts";
import type { KeptRecord } from "../ledger/tombstone.ts";
import { outcomeOf, type Redecided } from "./decided.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { createProof, type Proof } from "../ledger/proof.ts";
import type { FailedRow, PassedRow, StagedFacts, StagedFailures, StoreWrites, StreamNote } from "../store/store.ts";
import { createFirstSeen } from "./first-seen.ts";

/** A batch as it was decided: what its ledger entry says of it, and what it brings into the store. */
export type DecidedBatch = {
  readonly stream: StreamNote;
  readonly from: bigint;
  readonly proof: Proof;
  /** In a batch, as across batches, the first record of a fact is the one that is stored. */
  readonly facts: StagedFacts;
  readonly repeats: readonly Repeat[];
  readonly failed: StagedFailures;
  /** How many failures there are of each code. */
  readonly failures: ReadonlyMap<string, number>;
  /** The decisions, made again: none of them is kept. */
  readonly rows: () => readonly Redecided[];
};

/** The same of records that were fetched. */
export type FreshBatch = DecidedBatch & {
  readonly proof: Proof & Pick<LedgerEntry, "evidence">;
  /** The records as they were fetched, as ledger/evidence.ts writes them. */
  readonly evidence: Buffer;
};

/** Another record of a fact that the batch has already: at this place among its facts. */
export type Repeat = {
  readonly position: Position;
  readonly place: number;
  /** Null when its payload is, byte for byte, the one that is staged at the place. */
  readonly row: PassedRow | null;
};

/** Records of `[from, to)` of a stream. */
export type Batch<Kept extends KeptRecord = SourceRecord> = {
  readonly stream: StreamNote;
  readonly from: bigint;
  readonly to: bigint;
  readonly records: readonly Kept[];
};

/**
 * P3, record by record: what was decided is in the proof and in the stage before the next record is looked at, so that hardly any
 * of it outlives the young generation of the heap.
 * @param decide pure: it may be asked again.
 * @param see is shown every decision.
 */
export function decideBatch<Row extends Redecided>(
  writes: Pick<StoreWrites, "stageFacts" | "stageFailed">,
  batch: Batch,
  decide: (record: SourceRecord, index: number) => Row,
  see?: (row: Row) => void,
): FreshBatch {
  const { stream, from, records } = batch;
  const evidence = createEvidence({ topic: stream.topic, partition: stream.partition, from });
  const decided = decideEach(writes, batch, decide, (row, record) => {
    evidence.add(record);
    see?.(row);
  });
  const bytes = evidence.end();
  const digest = records.length === 0 ? "" : evidenceDigest(bytes);
  return {
    ...decided,
    proof: { ...decided.proof, evidence: digest },
    evidence: bytes,
    // What is read is what was written.
    rows: () => (recordsIn(bytes, stream.stream) as readonly SourceRecord[]).map(decide),
  };
}

/** The same of records that have evidence, which they were read from. */
export function redecideBatch(
  writes: Pick<StoreWrites, "stageFacts" | "stageFailed">,
  batch: Batch<KeptRecord>,
  decide: (record: KeptRecord, index: number) => Redecided,
): DecidedBatch {
  return { ...decideEach(writes, batch, decide), rows: () => batch.records.map(decide) };
}

function decideEach<Kept extends KeptRecord, Row extends Redecided>(
  writes: Pick<StoreWrites, "stageFacts" | "stageFailed">,
  { stream, from, to, records }: Batch<Kept>,
  decide: (record: Kept, index: number) => Row,
  see?: (row: Row, record: Kept) => void,
): Omit<DecidedBatch, "rows"> {
  const facts = writes.stageFacts(stream);
  const proof = createProof(from);
  const placeOf = createFirstSeen(records.length);
  const repeats: Repeat[] = [];
  const failed = writes.stageFailed(stream);
  const failures = new Map<string, number>();
  for (let index = 0; index < records.length; index += 1) {
    const record = records[index] as Kept;
    const row = decide(record, index);
    proof.add(row, outcomeOf(row), row.id);
    if (row.kind === "failed") {
      failed.add(row);
      countFailure(failures, row);
    } else {
      const place = placeOf(row.id);
      if (place === -1) facts.add(row);
      else repeats.push(repeatOf(row, place, facts));
    }
    see?.(row, record);
  }
  return { stream, from, proof: proof.end(to), facts, repeats, failed, failures };
}

function repeatOf(row: PassedRow, place: number, facts: StagedFacts): Repeat {
  const isSame = row.kind === "validated" && facts.hasBytesOf(place, row);
  return { position: row.position, place, row: isSame ? null : row };
}

function recordsIn(evidence: Buffer, stream: string): readonly KeptRecord[] {
  const read = readEvidence(evidence, stream);
  if (typeof read === "string") throw new Error(`Cannot read evidence that was just written: ${read}`);
  return read.records;
}

export function countFailure(failures: Map<string, number>, { reason }: FailedRow): void {
  const code = failureCode(reason);
  failures.set(code, (failures.get(code) ?? 0) + 1);
}
