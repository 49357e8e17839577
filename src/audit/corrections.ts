import { isNamed, parseFailureId } from "../failures/failure-id.ts";
import { openCorrections, type Correction } from "../failures/lineage/corrections.ts";
import { createRecordsAt, type RecordsAt } from "../failures/redrive/records.ts";
import type { SourceRecord } from "../core/record.ts";
import { hashBytes } from "../gateway/decided.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { decodeApplied, outcomeAt } from "../ledger/proof.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import type { Finding } from "./finding.ts";

type Reads = Pick<StoreReads, "operatorLog" | "streamNotes" | "entryAt" | "ledger" | "evidenceAt">;

/**
 * Checks every correction of the operator log, which alone says who corrected what: the record that it corrects failed, and has the digest
 * that is said; the record that was sent in its place has the other one. Where evidence was erased, or is not kept any more, the digest
 * cannot be compared. What a header says of a correction proves nothing, because anybody may send one.
 */
export async function checkCorrections(reads: Reads): Promise<readonly Finding[]> {
  const corrections = await openCorrections(reads)();
  const findings = corrections
    .stray()
    .map((seq) =>
      finding(null, null, `action ${seq} is about a correction that was not announced, or says no correction`),
    );
  if (corrections.all().length === 0) return findings;
  const notes = await reads.streamNotes();
  const recordsAt = createRecordsAt(reads);
  for (const one of corrections.all()) findings.push(...(await faultsOf(reads, notes, recordsAt, one)));
  return findings;
}

async function faultsOf(
  reads: Reads,
  notes: readonly StreamNote[],
  recordsAt: RecordsAt,
  { id, failure, failedDigest, correctedDigest, place }: Correction,
): Promise<readonly Finding[]> {
  const what = `correction ${id} of ${failure}`;
  const named = parseFailureId(failure);
  const note = named === null ? undefined : notes.find((one) => isNamed(named, one));
  if (named === null || note === undefined) return [finding(null, null, `${what}: there is no such stream`)];
  const findings: Finding[] = [];
  const found = (offset: bigint, message: string, stream = note.stream): void =>
    void findings.push(finding(stream, offset, `${what}: ${message}`));
  const entry = await reads.entryAt(note.stream, named.offset);
  if (entry === null || !(await hasFailed(reads, entry, named.offset))) found(named.offset, "its record did not fail");
  else {
    const failed = await recordOf(recordsAt, note, named.offset);
    if (failed !== null && hashBytes(failed.value) !== failedDigest)
      found(named.offset, "the record that failed has another digest");
  }
  const target = place === null ? undefined : notes.find(({ stream }) => stream === place.stream);
  if (place === null) return findings;
  if (target === undefined) found(place.offset, "the record in its place is in no stream", place.stream);
  // A record that is not decided yet is not in the ledger.
  else if ((await reads.entryAt(target.stream, place.offset)) !== null) {
    const sent = await recordOf(recordsAt, target, place.offset);
    if (sent !== null && hashBytes(sent.value) !== correctedDigest)
      found(place.offset, "the record in its place has another digest", target.stream);
  }
  return findings;
}

/** The record of an offset; null when its evidence does not say it any more. */
async function recordOf(recordsAt: RecordsAt, note: StreamNote, offset: bigint): Promise<SourceRecord | null> {
  return (await recordsAt(note, [offset], Number.MAX_SAFE_INTEGER)).records[0] ?? null;
}

/** Whether a record failed, as a conflict too, which the next entry says. The tail's conflicts are not said yet. */
async function hasFailed(reads: Reads, { stream, seq, from, outcomes }: LedgerEntry, offset: bigint): Promise<boolean> {
  const outcome = outcomeAt(from, outcomes, offset);
  if (outcome !== "P") return outcome === "F";
  const [next] = await reads.ledger(stream, seq + 1, 1);
  if (next === undefined) return true;
  return decodeApplied(from, next.applied)?.leaves.find((leaf) => leaf.offset === offset)?.outcome === "C";
}

function finding(stream: string | null, offset: bigint | null, message: string): Finding {
  return { code: "CORRECTION", stream, seq: null, offset, message };
}
