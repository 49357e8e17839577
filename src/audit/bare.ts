import type { CompiledContractSet } from "../core/compiled.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { decodeApplied, decodeOutcomes, type AppliedLetter } from "../ledger/proof.ts";
import type { RetainedDocuments, Standing } from "../operator/floors.ts";
import type { StoreReads, Tally } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import type { Finding, FindingCode } from "./finding.ts";
import type { Retainable } from "./retention.ts";

/** An entry whose evidence is gone, and the one that follows it. */
export type BareEntry = {
  readonly note: StreamNote;
  readonly entry: LedgerEntry;
  /** Null when it cannot be read. */
  readonly next: LedgerEntry | null;
  /** Null when it cannot be read. */
  readonly set: CompiledContractSet | null;
  readonly standing: (kind: RetainedDocuments, collection: string) => Standing;
};

type TakenCounts = Pick<Tally, RetainedDocuments>;

/** What the ledger alone says of an entry; `retainable` is null when it says nothing. */
export type BareVerdict = {
  readonly findings: readonly Finding[];
  readonly counts: Tally;
  /** How many of the documents retention took, and how many it is taking, which may be there or not. */
  readonly gone: TakenCounts;
  readonly leaving: TakenCounts;
  readonly retainable: Retainable | null;
};

const NONE: TakenCounts = { failed: 0, receipts: 0 };

/**
 * Checks an entry whose evidence is not kept any more. What became of its records is recorded by the next entry: so their documents
 * are counted, and failures are looked for by their places; what the documents say cannot be proved.
 */
export async function checkBare(reads: Pick<StoreReads, "groupsAt">, given: BareEntry): Promise<BareVerdict> {
  const { note, entry, next, set, standing } = given;
  const findings: Finding[] = [];
  const found = (code: FindingCode, message: string): void =>
    void findings.push({ code, stream: entry.stream, seq: entry.seq, offset: null, message });
  const letters = next === null ? null : lettersOf(entry, next);
  if (letters === null) {
    if (next !== null) found("APPLIED", `entry ${next.seq} does not say what became of its records`);
    return { findings, counts: { validated: 0, ...NONE }, gone: NONE, leaving: NONE, retainable: null };
  }
  const count = (wanted: string): number => letters.filter(({ outcome }) => wanted.includes(outcome)).length;
  const counts = { validated: count("S"), failed: count("FC"), receipts: count("D") };
  const collection = set?.byTopic.get(note.topic)?.contract.collection ?? null;
  const [gone, leaving] = [{ ...NONE }, { ...NONE }];
  for (const kind of ["failed", "receipts"] as const) {
    const is = standing(kind, kind === "failed" ? (collection ?? "") : "");
    if (is === "gone") gone[kind] = counts[kind];
    if (is === "leaving") leaving[kind] = counts[kind];
    if (kind !== "failed" || is !== "kept" || collection === null || counts.failed === 0) continue;
    const offsets = letters.filter(({ outcome }) => "FC".includes(outcome)).map(({ offset }) => offset);
    const stored = [...(await reads.groupsAt(collection, note, offsets)).values()].reduce((sum, one) => sum + one, 0);
    const lacking = counts.failed - stored;
    if (lacking > 0) found("ROW_MISSING", `${lacking} of its ${counts.failed} failures are not stored`);
  }
  const { validated: facts, ...others } = counts;
  const retainable = collection === null ? null : { collection, facts, ...others, groups: null };
  return { findings, counts, gone, leaving, retainable };
}

type Letters = readonly { readonly offset: bigint; readonly outcome: AppliedLetter }[];

/** What became of each record; null where that is not said, or is not what the entry decided. */
function lettersOf({ from, to, outcomes, count }: LedgerEntry, { applied }: LedgerEntry): Letters | null {
  const decided = decodeOutcomes(from, outcomes)?.leaves ?? [];
  const letters = decodeApplied(from, applied);
  if (letters === null || letters.to !== to || letters.leaves.length !== count) return null;
  const fits = letters.leaves.every(({ offset, outcome }, at) => {
    const own = decided[at];
    return own?.offset === offset && (own.outcome === "F") === (outcome === "F");
  });
  return fits ? letters.leaves : null;
}
