import type { Stream } from "../source/source.ts";
import { EVIDENCE_DROPPED, type LedgerEntry } from "../ledger/entry.ts";
import { NOTHING_APPLIED, resolvedOf } from "./resolution.ts";
import type { Store } from "../store/store.ts";
import { applyBatch, type Applied } from "./apply.ts";
import type { Halt } from "./event.ts";
import { recordsOfEntry, redecide } from "./redecide.ts";
import { storedContractSet } from "./stored-set.ts";

export type Redone =
  | Applied
  /** Another owner went on meanwhile: this entry is applied, and the last one no more. */
  | { readonly kind: "lost" }
  | { readonly kind: "halted"; readonly halt: Halt };

/**
 * P2: the last entry of a stream is the only one whose documents can be incomplete. Decides its own evidence again and applies
 * it again: nothing is fetched, so what became of the log since is no matter. The entry's own contract set decides, and the
 * outcomes it recorded stand whatever today's contracts or build would say.
 */
export async function redoTail(store: Store, stream: Stream, tail: LedgerEntry): Promise<Redone> {
  if (tail.kind !== "BATCH") return NOTHING;
  // Of holes alone the next entry says that they are holes, whoever writes it.
  if (tail.count === 0) return { ...NOTHING, resolved: resolvedOf(tail, []) };
  const packed = await store.evidenceOf(tail.stream, tail.seq);
  const records = recordsOfEntry(stream, tail, packed);
  if (typeof records === "string") {
    // Behind another one its evidence may be gone (evidence: drop), or without records that were erased.
    const isLast = (await store.tail(tail.stream))?.seq === tail.seq;
    return isLast ? halted("EVIDENCE_DAMAGED", stream, tail, records) : { kind: "lost" };
  }
  const set = await storedContractSet(store, tail.contractSet);
  if (set === null)
    return halted("CONTRACT_SET_MISSING", stream, tail, `contract set ${tail.contractSet} cannot be read`);
  const { id, topic, partition } = stream;
  const note = await store.streamNote({ stream: id, topic, partition });
  const again = redecide(store, note, tail, records, set);
  if (again.kind === "fault") return halted(again.code, stream, tail, again.message);
  // Hardly ever is a tail incomplete: what it brought is there, under ids that are its own.
  const applied = await applyBatch(store, again.collection, again.batch, "for all");
  await dropBefore(store, tail);
  return applied;
}

/** The entry before was to lose its evidence once this one is applied; whoever stopped in between did not get to it. */
async function dropBefore(store: Store, { stream, seq }: LedgerEntry): Promise<void> {
  const before = await store.ledgerEntry(stream, seq - 1);
  if (before?.note === EVIDENCE_DROPPED) await store.dropEvidence(stream, seq - 1);
}

/**
 * Completes what streams of before have decided, whose topic was made anew or whose log another one replaced: nobody takes them up
 * any more. What cannot be completed is left to the audit, which names it.
 */
export async function completeStreamsBefore(store: Store, { id, topic, partition }: Stream): Promise<void> {
  for (const before of await store.reads.streams()) {
    if (before === id || !before.endsWith(`/${partition}`)) continue;
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

/** Of an entry that brings nothing into the store. */
const NOTHING: Applied = {
  kind: "applied",
  stored: 0,
  duplicates: 0,
  conflicts: 0,
  failures: new Map(),
  resolved: NOTHING_APPLIED,
  isReplay: false,
  settledRows: () => ({ facts: [], failed: [] }),
};
