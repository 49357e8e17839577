import { readEvidence } from "../../ledger/evidence.ts";
import { EVIDENCE_BYTES_MAX, unpackEvidence } from "../../ledger/packed.ts";
import { isErased } from "../../ledger/tombstone.ts";
import { producerOf } from "../../traffic/producer.ts";

/** The producers in packed evidence by offset. An erased record has none, and damaged evidence has no records. */
export function producersIn(packed: Uint8Array | null, stream: string): ReadonlyMap<bigint, string> {
  const found = new Map<bigint, string>();
  const bytes = packed === null ? null : unpackEvidence(packed, EVIDENCE_BYTES_MAX);
  const evidence = bytes === null ? "" : readEvidence(bytes, stream);
  if (typeof evidence === "string") return found;
  for (const record of evidence.records) {
    const producer = isErased(record) ? null : producerOf(record);
    if (producer !== null) found.set(record.position.offset, producer);
  }
  return found;
}
