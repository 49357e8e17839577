import { logIdOf, type Source, type Stream } from "../source/source.ts";
import { standingOf } from "../operator/known-logs.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { recordedLosses, type Loss } from "../operator/losses.ts";
import { isRedrive } from "../ledger/redrive-stream.ts";
import { outcomeAt } from "../ledger/proof.ts";
import { followFloors } from "../operator/floors.ts";
import type { Store, SettledRow, StoreReads } from "../store/store.ts";
import { evidenceGone, type EvidenceGone } from "./entry-records.ts";
import type { Gateway } from "./gateway.ts";

/** What is known about one position (stream and offset): the answer for people who ask for it. */
export type Fate =
  | { readonly kind: "row"; readonly row: SettledRow }
  /** The log has the offset; it is not decided, or its document is not stored yet. */
  | { readonly kind: "pending" }
  /** The offset is settled and has no record: the log delivered none for it and never will. */
  | { readonly kind: "hole" }
  /** The offset is below `first`, where the stream's ledger begins. */
  | { readonly kind: "before"; readonly first: bigint }
  /** An operator recorded the offset as lost; `note` is the reason that the operator gave. */
  | { readonly kind: "lost"; readonly note: string }
  /** The offset is not decided, and lies outside `[start, end)`, the offsets that the log has now. */
  | { readonly kind: "outside"; readonly start: bigint; readonly end: bigint }
  /**
   * The topic no longer has this stream, and the offset was not decided: `end` is the first undecided offset. `final` is
   * true when the stream cannot come back.
   */
  | { readonly kind: "ended"; readonly end: bigint; readonly final: boolean }
  /** The record was decided, and its evidence is not kept or was taken by retention; only PASSED or FAILED is known. */
  | { readonly kind: "dropped"; readonly passed: boolean; readonly by: EvidenceGone }
  /** The ledger says that the record was decided, and the store lacks its document. */
  | { readonly kind: "document-missing" }
  /** There is no such stream. */
  | { readonly kind: "unknown" };

type Deps = {
  /** The streams that the log has now for the topic. */
  readonly streamsNow: () => Promise<readonly Stream[]>;
  readonly source: Pick<Source, "bounds">;
  readonly gateway: Pick<Gateway, "streams">;
  readonly tail: Store["tail"];
  readonly reads: Pick<StoreReads, "ledger" | "entryAt" | "streams" | "logEnds" | "operatorLog">;
  /** The settled row of the position, decided again from its evidence; null when it cannot be. */
  readonly rowAt: () => Promise<SettledRow | null>;
};

/**
 * Tells from ledger, log and operator log what is known about a position for which the lookup found no row. Below the settled
 * position the answer is final.
 */
export async function fateOf(deps: Deps, stream: Stream, offset: bigint): Promise<Fate> {
  // A person typed this stream id, and it belongs to another partition than the one asked for: the bounds of either say nothing about the other.
  if (!isRedrive(stream.id) && !stream.id.endsWith(`/${stream.partition}`)) return { kind: "unknown" };
  const tail = await deps.tail(stream.id);
  if (tail !== null && offset < tail.to) return decidedFate(deps, stream, tail, offset);
  // No log has a redrive's stream: what its plan did not come to is not there.
  if (isRedrive(stream.id)) return { kind: "unknown" };
  const lost = await lossAt(deps, stream, offset);
  // A loss is taken back when an operator accepts the log of the stream again: the offset may then still be decided.
  if (lost !== null && !lost.takenBack) return { kind: "lost", note: lost.note };
  const current = await deps.streamsNow();
  if (!current.some(({ id }) => id === stream.id)) {
    if (tail === null) return { kind: "unknown" };
    return { kind: "ended", end: tail.to, final: await isOver(deps, stream, current) };
  }
  const { start, end } = await deps.source.bounds(stream);
  return offset >= start && offset < end ? { kind: "pending" } : { kind: "outside", start, end };
}

/**
 * Whether a stream that its topic lacks now is gone for good: its topic was recreated, or an operator accepted another log in
 * its place. A log that is only absent may be put back, and its stream then continues.
 */
async function isOver({ reads }: Deps, { id }: Stream, current: readonly Stream[]): Promise<boolean> {
  if (current.some((one) => logIdOf(one.id) === logIdOf(id))) return true;
  return (await standingOf(reads, logIdOf(id))).kind === "superseded";
}

async function decidedFate(deps: Deps, stream: Stream, tail: LedgerEntry, offset: bigint): Promise<Fate> {
  const entry = offset >= tail.from ? tail : await deps.reads.entryAt(tail.stream, offset);
  if (entry === null) return { kind: "before", first: await firstOf(deps.reads, tail) };
  if (entry.kind === "GAP") return { kind: "lost", note: entry.note };
  const outcome = outcomeAt(entry.from, entry.outcomes, offset);
  if (outcome === null) {
    const lost = await lossAt(deps, stream, offset);
    return lost === null ? { kind: "hole" } : { kind: "lost", note: lost.note };
  }
  // The document may have been written since the first lookup; a document of the last entry may be written yet.
  const row = await deps.rowAt();
  if (row !== null) return { kind: "row", row };
  const gone = entry.seq < tail.seq ? await goneEvidence(deps.reads, entry) : null;
  if (gone !== null) return { kind: "dropped", passed: outcome === "P", by: gone };
  const applied = deps.gateway
    .streams()
    .some(({ stream: { id }, settledTo }) => id === stream.id && (settledTo ?? 0n) >= entry.to);
  return entry.seq === tail.seq && !applied ? { kind: "pending" } : { kind: "document-missing" };
}

/** Whether a decided record belongs to an entry whose evidence is not kept, so that its row cannot be shown. */
export async function isDropped(
  { reads, tail }: { readonly reads: Pick<StoreReads, "entryAt" | "operatorLog">; readonly tail: Store["tail"] },
  stream: string,
  offset: bigint,
): Promise<boolean> {
  const entry = await reads.entryAt(stream, offset);
  if (entry === null || entry.seq >= ((await tail(stream))?.seq ?? 0)) return false;
  return (await goneEvidence(reads, entry)) !== null;
}

async function goneEvidence(reads: Pick<StoreReads, "operatorLog">, entry: LedgerEntry): Promise<EvidenceGone | null> {
  return evidenceGone(await followFloors(reads)(), entry);
}

/** The last loss in the operator log that covers the offset; null when none does. */
async function lossAt({ reads }: Deps, { id }: Stream, offset: bigint): Promise<Loss | null> {
  const losses = await recordedLosses(reads);
  return losses.findLast(({ stream, from, to }) => stream === id && from <= offset && offset < to) ?? null;
}

async function firstOf(reads: Deps["reads"], tail: LedgerEntry): Promise<bigint> {
  const [first] = await reads.ledger(tail.stream, 0, 1);
  return first?.from ?? tail.from;
}
