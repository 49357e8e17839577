import { ENGINE } from "../core/decide.ts";
import { redoTail } from "../gateway/redo.ts";
import { entryFor } from "../gateway/decided.ts";
import { proofOfNothing } from "../ledger/proof.ts";
import type { Store, StreamNote } from "../store/store.ts";

/** How often another process may be first. */
const TRIES_MAX = 20;

/**
 * Makes sure that an entry is not the last of its stream: the last one is redone from its evidence, which must then be whole. What it
 * did is applied, and an entry of no records is put behind it. A gateway that decides the stream meanwhile takes it up again.
 * @returns a sentence when it cannot be done.
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
