import { logIdOf, type Source, type Stream } from "../source/source.ts";
import { standingOf } from "../operator/known-logs.ts";
import { EVIDENCE_DROPPED, type LedgerEntry } from "../ledger/entry.ts";
import { recordedLosses, type Loss } from "../operator/losses.ts";
import { outcomeAt } from "../ledger/proof.ts";
import type { Store, SettledRow, StoreReads } from "../store/store.ts";
import type { Gateway } from "./gateway.ts";

/** What became of a position of a stream. */
export type Fate =
  | { readonly kind: "row"; readonly row: SettledRow }
  /** In the log, and not decided yet. */
  | { readonly kind: "pending" }
  /** Settled, and no record: the log gave none for the offset, and never will. */
  | { readonly kind: "hole" }
  /** Before the first offset that was ever read. */
  | { readonly kind: "before"; readonly first: bigint }
  /** An operator recorded that it is lost. */
  | { readonly kind: "lost"; readonly note: string }
  /** Not in the log now. */
  | { readonly kind: "outside"; readonly start: bigint; readonly end: bigint }
  /** Of a stream that the topic has not now, at or behind the last decided offset; `final`: and never will again. */
  | { readonly kind: "ended"; readonly end: bigint; readonly final: boolean }
  /** It was decided, and what it was is not kept (`evidence: drop`). */
  | { readonly kind: "dropped"; readonly passed: boolean }
  /** The ledger says that it was decided, and the store has no object for it. */
  | { readonly kind: "document-missing" }
  /** No such stream. */
  | { readonly kind: "unknown" };

type Deps = {
  /** The streams of the topic as the log has them. */
  readonly streamsNow: () => Promise<readonly Stream[]>;
  readonly source: Pick<Source, "bounds">;
  readonly gateway: Pick<Gateway, "streams">;
  readonly tail: Store["tail"];
  readonly reads: Pick<StoreReads, "ledger" | "entryAt" | "streams" | "logEnds" | "operatorLog">;
  /** What became of the position, where its evidence is kept. */
  readonly rowAt: () => Promise<SettledRow | null>;
};

/**
 * What the ledger says of a position for which no object was found. Below the settled position the answer is for good.
 */
export async function fateOf(deps: Deps, stream: Stream, offset: bigint): Promise<Fate> {
  // One that was named by hand: the bounds of another partition say nothing of it.
  if (!stream.id.endsWith(`/${stream.partition}`)) return { kind: "unknown" };
  const tail = await deps.tail(stream.id);
  if (tail !== null && offset < tail.to) return decidedFate(deps, stream, tail, offset);
  const lost = await lossAt(deps, stream, offset);
  // Where its log is accepted again it may be decided after all.
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
 * Whether a stream that its topic has not now is gone for good: its topic was made anew, or another log took its place, by an
 * operator's word. A log that is only not there now may be put back, and is then decided on.
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
  // Its object may have come since it was looked for; that of the last entry may still be on its way.
  const row = await deps.rowAt();
  if (row !== null) return { kind: "row", row };
  if (entry.note === EVIDENCE_DROPPED && entry.seq < tail.seq) return { kind: "dropped", passed: outcome === "P" };
  const applied = deps.gateway
    .streams()
    .some(({ stream: { id }, settledTo }) => id === stream.id && (settledTo ?? 0n) >= entry.to);
  return entry.seq === tail.seq && !applied ? { kind: "pending" } : { kind: "document-missing" };
}

/** Whether a decided record is of an entry whose evidence went with the next one (`evidence: drop`): it is told no more. */
export async function isDropped(
  { reads, tail }: { readonly reads: Pick<StoreReads, "entryAt">; readonly tail: Store["tail"] },
  stream: string,
  offset: bigint,
): Promise<boolean> {
  const entry = await reads.entryAt(stream, offset);
  return entry?.note === EVIDENCE_DROPPED && entry.seq < ((await tail(stream))?.seq ?? 0);
}

/** What an operator recorded last of the loss of an offset. */
async function lossAt({ reads }: Deps, { id }: Stream, offset: bigint): Promise<Loss | null> {
  const losses = await recordedLosses(reads);
  return losses.findLast(({ stream, from, to }) => stream === id && from <= offset && offset < to) ?? null;
}

async function firstOf(reads: Deps["reads"], tail: LedgerEntry): Promise<bigint> {
  const [first] = await reads.ledger(tail.stream, 0, 1);
  return first?.from ?? tail.from;
}
