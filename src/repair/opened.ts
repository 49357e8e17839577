import { redecide } from "../gateway/redecide.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { StreamNote } from "../store/stream-note.ts";
import type { Opened, RepairRun } from "./run.ts";

/**
 * Decides the records of an entry again; null when the entry has none, or its evidence or contract set cannot be read.
 * @param isFirst whether the entry is opened for the first time: why it cannot be opened is said once.
 */
export async function openEntry(
  run: RepairRun,
  note: StreamNote,
  entry: LedgerEntry,
  isFirst: boolean,
): Promise<Opened | null> {
  if (entry.kind !== "BATCH" || entry.count === 0) return null;
  const fault = (why: string): null => {
    const range = `[${entry.from}, ${entry.to})`;
    if (isFirst) run.fault(`Entry ${entry.seq} of ${note.topic}/${note.partition} ${range}: ${why}`);
    return null;
  };
  const { records, missing } = await run.evidence.open(note, entry);
  if (missing !== null && missing !== "lost") {
    if (isFirst) run.bare(entry);
    return null;
  }
  if (typeof records === "string") return fault(records);
  const set = await run.set(entry.contractSet);
  if (set === null) return fault(`contract set ${entry.contractSet} cannot be read`);
  const again = redecide(run.store, note, entry, records, set);
  if (again.kind === "fault") return fault(again.message);
  const { batch, collection } = again;
  const rows = batch.rows();
  batch.facts.release();
  batch.failed.release();
  const subject = set.byTopic.get(note.topic)?.contract.subject ?? "";
  return { note, entry, collection, subject, rows };
}
