import { ENGINE } from "../core/decide.ts";
import type { Stream } from "../source/source.ts";
import { EVIDENCE_DROPPED, type LedgerEntry } from "../ledger/entry.ts";
import { isRedrive } from "../ledger/redrive-stream.ts";
import { NOTHING_APPLIED, resolvedOf } from "./resolution.ts";
import type { Store, StoredFailure } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { applyBatch, type Applied } from "./apply.ts";
import type { DecidedBatch } from "./decide-batch.ts";
import type { Halt } from "./event.ts";
import { recordsOfEntry, redecide, type RedecidedBatch } from "./redecide.ts";
import { recountFailures } from "./recount.ts";
import { storedContractSet } from "./stored-set.ts";

export type Redone =
  | Applied
  /** Another owner inserted a later entry meanwhile: this entry is applied, and is no longer the tail. */
  | { readonly kind: "lost" }
  | { readonly kind: "halted"; readonly halt: Halt };

/**
 * P2: redoes the tail, the only entry of a stream whose documents can be incomplete. It decides the entry's evidence again and
 * applies it again. Nothing is fetched, so changes of the log do not matter. The entry's own contract set decides, and the
 * recorded outcomes hold, also where today's contracts or this build would decide otherwise.
 */
export async function redoTail(store: Store, stream: Stream, tail: LedgerEntry): Promise<Redone> {
  if (tail.kind !== "BATCH") return NOTHING;
  // An entry of holes alone has no evidence and no documents; the next entry still records its outcomes.
  if (tail.count === 0) return { ...NOTHING, resolved: resolvedOf(tail, []) };
  const packed = await store.evidenceOf(tail.stream, tail.seq);
  const records = recordsOfEntry(stream, tail, packed);
  if (typeof records === "string") {
    // If a later entry exists by now, this evidence may be dropped (evidence: drop) or lack erased records: that is no damage.
    const isLast = (await store.tail(tail.stream))?.seq === tail.seq;
    return isLast ? halted("EVIDENCE_DAMAGED", stream, tail, records) : { kind: "lost" };
  }
  const set = await storedContractSet(store, tail.contractSet);
  if (set === null)
    return halted("CONTRACT_SET_MISSING", stream, tail, `contract set ${tail.contractSet} cannot be read`);
  const { id, topic, partition } = stream;
  const note = await store.streamNote({ stream: id, topic, partition });
  const first = redecide(store, note, tail, records, set);
  const stored = tail.engine === ENGINE || first.kind === "fault" ? null : await storedFailures(store, note, first);
  // Another engine may have given other fingerprints, which its counters have: what it stored holds.
  const again = stored === null ? first : redecide(store, note, tail, records, set, stored);
  if (again.kind === "fault") return halted(again.code, stream, tail, again.message);
  // The holders are read before inserting, because most tails are complete: their ids are taken, by their own records.
  const batch = (await isCounted(store, note, tail)) ? withoutVolume(again.batch) : again.batch;
  const applied = await applyBatch(store, again.collection, tail.seq, batch, "for all");
  // The other engine may have counted failures under its fingerprints before it had stored them all.
  if (stored !== null && stored.size < batch.failed.size()) await recountFailures(store, note, tail);
  await dropBefore(store, tail);
  return applied;
}

/**
 * Whether another engine counted the volume of the tail, maybe of other versions than this engine would: then this engine counts
 * nothing of it. Its own counters refuse by themselves to count the tail twice.
 */
async function isCounted({ reads }: Store, { number }: StreamNote, tail: LedgerEntry): Promise<boolean> {
  if (tail.engine === ENGINE) return false;
  return (await reads.volumeCounters(number)).some(({ seq }) => seq >= tail.seq);
}

function withoutVolume(batch: DecidedBatch): DecidedBatch {
  return { ...batch, volume: { ...batch.volume, decided: () => [], taken: () => [] } };
}

/** The failures of a batch that are stored already, by offset. */
async function storedFailures(
  { reads }: Store,
  note: StreamNote,
  { batch, collection }: Extract<RedecidedBatch, { readonly kind: "decided" }>,
): Promise<ReadonlyMap<bigint, StoredFailure>> {
  const found = new Map<bigint, StoredFailure>();
  for (const { kind, position } of batch.rows()) {
    const stored = kind === "failed" ? await reads.failureAt(collection, note, position.offset) : null;
    if (stored !== null) found.set(position.offset, stored);
  }
  return found;
}

/** Drops the evidence of the previous entry where that is due: an owner that crashed after applying the tail may not have done it. */
async function dropBefore(store: Store, { stream, seq }: LedgerEntry): Promise<void> {
  const before = await store.ledgerEntry(stream, seq - 1);
  if (before?.note === EVIDENCE_DROPPED) await store.dropEvidence(stream, seq - 1);
}

/**
 * Redoes the tails of earlier streams of the same topic and partition, whose topic was recreated or whose log was replaced: no
 * owner acquires them any more. A tail that cannot be redone stays incomplete, and the audit reports it.
 */
export async function completeStreamsBefore(store: Store, { id, topic, partition }: Stream): Promise<void> {
  for (const before of await store.reads.streams()) {
    if (before === id || isRedrive(before) || !before.endsWith(`/${partition}`)) continue;
    const tail = await store.tail(before);
    if (tail !== null) await redoTail(store, { id: before, topic, partition }, tail);
  }
}

function halted(code: Halt["code"], stream: Stream, tail: LedgerEntry, state: string): Redone {
  const message = `Cannot redo entry ${tail.seq} of ${stream.topic}/${stream.partition} [${tail.from}, ${tail.to}): ${state}`;
  return {
    kind: "halted",
    halt: { code, message, remedy: "run `sigma audit`, then restore the store from a backup" },
  };
}

/** The result of an entry that writes no documents. */
const NOTHING: Applied = {
  kind: "applied",
  stored: 0,
  duplicates: 0,
  conflicts: 0,
  conflictRows: [],
  failures: new Map(),
  resolutions: [],
  groups: [],
  newGroups: [],
  volume: [],
  resolved: NOTHING_APPLIED,
  takenShare: 0,
  settledRows: () => ({ facts: [], failed: [] }),
};
