import { ENGINE } from "../core/decide.ts";
import { redoTail } from "./redo.ts";
import { entryFor } from "./decided.ts";
import { proofOfNothing } from "../ledger/proof.ts";
import type { Store } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";

/** How many times to try again when another process writes to the ledger of the stream meanwhile. */
const TRIES_MAX = 20;

/**
 * Ensures that an entry is not the tail of its stream, whose evidence must stay whole for a redo. It redoes the tail and inserts an
 * entry without records after it. A gateway that ingests the stream meanwhile loses its compare-and-swap and acquires it again.
 * @returns a sentence when it cannot be done; null otherwise.
 */
export async function sealBehind(store: Store, note: StreamNote, seq: number): Promise<string | null> {
  const { stream: id, topic, partition } = note;
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const tail = await store.tail(id);
    if (tail === null || tail.seq > seq) return null;
    if (Number(tail.engine) > Number(ENGINE))
      return `Cannot go on behind entry ${seq} of ${topic}/${partition}: a newer program decided it`;
    const redone = await redoTail(store, { id, topic, partition }, tail);
    if (redone.kind === "halted") return redone.halt.message;
    if (redone.kind === "lost") continue;
    const { contractSet } = tail;
    const proof = proofOfNothing();
    const range = { from: tail.to, to: tail.to };
    const entry = entryFor(tail, range, proof, { contractSet, resolved: redone.resolved, evidence: "keep" });
    await store.insertLedger(entry, null);
  }
  return `Cannot go on behind entry ${seq} of ${topic}/${partition}: other processes write its ledger all the time`;
}
