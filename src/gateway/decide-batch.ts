import type { Position, SourceRecord } from "../core/record.ts";
import type { ExactInteger } from "../json/exact-integer.ts";
import { createEvidence, readEvidence, roomFor } from "../ledger/evidence.ts";
import { evidenceDigest } from "../ledger/packed.ts";
import type { KeptRecord } from "../ledger/tombstone.ts";
import { outcomeOf, type Redecided } from "./decided.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { createProof, type Proof } from "../ledger/proof.ts";
import { tallyFailure, type GroupTallies } from "./group-tally.ts";
import type { PassedRow, StagedFacts, StagedFailures, StoreWrites } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { createFirstSeen } from "./first-seen.ts";
import { createVolumeTally, type BatchVolume, type Cell } from "./volume-tally.ts";

/** A decided batch: the contents of its ledger entry and the documents to store. */
export type DecidedBatch = {
  readonly stream: StreamNote;
  readonly from: bigint;
  readonly proof: Proof;
  /** The passed records with distinct ids: of several records with one id, the first is the fact, as it is across batches. */
  readonly facts: StagedFacts;
  /** The passed records whose id an earlier record of the same batch has. */
  readonly repeats: readonly Repeat[];
  readonly failed: StagedFailures;
  readonly groups: GroupTallies;
  readonly volume: BatchVolume;
  /** Decides the batch again. The decisions of the first time are not kept. */
  readonly rows: () => readonly Redecided[];
};

/** A batch of fetched records, with the evidence made of them. */
export type FreshBatch = DecidedBatch & {
  readonly proof: Proof & Pick<LedgerEntry, "evidence">;
  /** The records as they were fetched, encoded by ledger/evidence.ts and not yet compressed. */
  readonly evidence: Buffer;
};

/** A record whose id an earlier record of the same batch has. */
export type Repeat = {
  readonly position: Position;
  /** Index of that earlier record among the staged facts of the batch. */
  readonly place: number;
  /** Null when the payload equals the staged payload of the earlier record byte for byte. */
  readonly row: PassedRow | null;
  readonly timestampMs: ExactInteger;
  /** Where it is counted. */
  readonly cell: Cell;
};

/** The records of the offsets `[from, to)` of a stream, ascending. */
export type Batch<Kept extends KeptRecord = SourceRecord> = {
  readonly stream: StreamNote;
  /** The contract of the stream's topic. */
  readonly subject: string;
  readonly from: bigint;
  readonly to: bigint;
  readonly records: readonly Kept[];
};

/**
 * Decides some records of a batch, and returns a row for each. @param first index of the first of them in the batch.
 */
export type DecideGroup<Kept, Row> = (records: readonly Kept[], first: number) => readonly Row[];

/**
 * So many records are decided, and their ids made, before their decisions go into the proof and become staged documents:
 * few enough that with MongoDB hardly any object outlives the young generation of the heap.
 */
export const GROUP = 32;

/**
 * P3: decides a batch, a group of records after the other.
 * @param decide decides records. It must be pure: `rows` calls it again for the same records.
 * @param see is called with every decision.
 */
export function decideBatch<Row extends Redecided>(
  writes: Pick<StoreWrites, "stageFacts" | "stageFailed">,
  batch: Batch,
  decide: DecideGroup<SourceRecord, Row>,
  see?: (row: Row) => void,
): FreshBatch {
  const { stream, from, records } = batch;
  const evidence = createEvidence({ topic: stream.topic, partition: stream.partition, from }, false, roomFor(records));
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
    // The cast holds: `bytes` encodes exactly the records of the batch, none of which is erased.
    rows: () => decide(recordsIn(bytes, stream.stream) as readonly SourceRecord[], 0),
  };
}

/** P3 again, for records that were read from the evidence of an entry: no evidence is made a second time. */
export function redecideBatch(
  writes: Pick<StoreWrites, "stageFacts" | "stageFailed">,
  batch: Batch<KeptRecord>,
  decide: DecideGroup<KeptRecord, Redecided>,
): DecidedBatch {
  return { ...decideEach(writes, batch, decide), rows: () => decide(batch.records, 0) };
}

function decideEach<Kept extends KeptRecord, Row extends Redecided>(
  writes: Pick<StoreWrites, "stageFacts" | "stageFailed">,
  { stream, subject, from, to, records }: Batch<Kept>,
  decide: DecideGroup<Kept, Row>,
  see?: (row: Row, record: Kept) => void,
): Omit<DecidedBatch, "rows"> {
  const facts = writes.stageFacts(stream);
  const proof = createProof(from);
  const placeOf = createFirstSeen(records.length);
  const repeats: Repeat[] = [];
  const failed = writes.stageFailed(stream);
  const groups: GroupTallies = new Map();
  const volume = createVolumeTally(subject);
  let rows: readonly Row[] = [];
  for (let index = 0; index < records.length; index += 1) {
    if (index % GROUP === 0) rows = decide(records.slice(index, index + GROUP), index);
    const [record, row] = [records[index] as Kept, rows[index % GROUP] as Row];
    proof.add(row, outcomeOf(row), row.id);
    const cell = volume.see(row);
    if (row.kind === "failed") {
      failed.add(row);
      tallyFailure(groups, row);
    } else {
      const place = placeOf(row.id);
      if (place === -1) {
        facts.add(row);
        volume.addFact(cell);
      } else repeats.push(repeatOf(row, place, facts, cell));
    }
    see?.(row, record);
  }
  return { stream, from, proof: proof.end(to), facts, repeats, failed, groups, volume: volume.end() };
}

function repeatOf(row: PassedRow, place: number, facts: StagedFacts, cell: Cell): Repeat {
  const isSame = row.kind === "validated" && facts.hasBytesOf(place, row);
  const { position, timestampMs } = row;
  return { position, place, row: isSame ? null : row, timestampMs, cell };
}

function recordsIn(evidence: Buffer, stream: string): readonly KeptRecord[] {
  const read = readEvidence(evidence, stream);
  if (typeof read === "string") throw new Error(`Cannot read evidence that was just written: ${read}`);
  return read.records;
}
