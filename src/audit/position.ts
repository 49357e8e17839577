import { storedContractSet } from "../gateway/stored-set.ts";
import { EVIDENCE_DROPPED, type LedgerEntry } from "../ledger/entry.ts";
import { outcomeAt } from "../ledger/proof.ts";
import { followErasures, type FollowedErasures } from "../operator/erasures.ts";
import { followFloors } from "../operator/floors.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import type { Finding, FindingCode } from "./finding.ts";
import { judgeEntry, type EntryCase, type Judged } from "./judge-entry.ts";
import { checkApplied, checkLink } from "./links.ts";

/** What is looked at for one position. */
export type ProofStep =
  /** The entry has the hash it carries, follows the one before, and the one behind follows it. */
  | "chain"
  /** The records are kept as they were fetched: they have the digest that the entry holds. */
  | "evidence"
  /** The records, decided again by the entry's contract set, give the entry's root. */
  | "decision"
  /** The documents in the store are those that follow from the decisions. */
  | "documents"
  /** The entry behind says the same of what became of them. */
  | "sealed";

/** What was found. `skipped`: it cannot be looked at, and `says` why. */
export type ProofCheck = {
  readonly step: ProofStep;
  readonly result: "ok" | "wrong" | "skipped";
  readonly says: string;
};

export type PositionProof = {
  readonly entry: LedgerEntry;
  readonly before: LedgerEntry | null;
  readonly behind: LedgerEntry | null;
  /** What the entry says of the offset; null: a hole, or an accepted gap. */
  readonly outcome: "PASSED" | "FAILED" | null;
  readonly checks: readonly ProofCheck[];
  /** Each of the whole entry: an entry is proved or not, never a single record of it. */
  readonly findings: readonly Finding[];
};

/** What operators announced, as far as it was read. */
type Followed = { readonly erasures: FollowedErasures; readonly floors: ReturnType<typeof followFloors> };

/**
 * Proves what the ledger says of an offset; null when no entry covers it.
 * @param mayBeIncomplete whether the documents of the last entry may be on their way.
 */
export type ProvePosition = (
  note: StreamNote,
  offset: bigint,
  mayBeIncomplete: boolean,
) => Promise<PositionProof | null>;

/**
 * Proves positions by the code of the audit: the entry that covers one, its neighbours, its evidence and its documents are read, and
 * everything is decided again. It says nothing about the rest of the chain, which the audit walks.
 */
export function openProofs(reads: StoreReads): ProvePosition {
  const followed = { erasures: followErasures(reads), floors: followFloors(reads) };
  return async (note, offset, mayBeIncomplete) => prove(reads, followed, note, offset, mayBeIncomplete);
}

async function prove(
  reads: StoreReads,
  followed: Followed,
  note: StreamNote,
  offset: bigint,
  mayBeIncomplete: boolean,
): Promise<PositionProof | null> {
  const entry = await reads.entryAt(note.stream, offset);
  if (entry === null) return null;
  const from = Math.max(0, entry.seq - 1);
  const around = await reads.ledger(note.stream, from, 3);
  const before = around.find(({ seq }) => seq === entry.seq - 1) ?? null;
  const behind = around.find(({ seq }) => seq === entry.seq + 1) ?? null;
  const set = await storedContractSet(reads, entry.contractSet);
  const links = [
    ...checkLink(note.stream, before, entry, () => set !== null),
    ...(behind === null ? [] : checkLink(note.stream, entry, behind, () => true)),
  ];
  const isDropped = entry.note === EVIDENCE_DROPPED && behind !== null;
  const judged =
    entry.count === 0 || isDropped
      ? null
      : await judge(reads, followed, note, entry, set, behind === null && mayBeIncomplete);
  const sealed = judged === null || behind === null ? [] : checkApplied(behind, judged.verdict?.resolved ?? null);
  const findings = [...links, ...(judged?.findings ?? []), ...sealed];
  const letter = entry.kind === "BATCH" ? outcomeAt(entry.from, entry.outcomes, offset) : null;
  return {
    entry,
    before,
    behind,
    outcome: letter === null ? null : letter === "P" ? "PASSED" : "FAILED",
    checks: checksOf(entry, behind, findings, judged, isDropped),
    findings,
  };
}

async function judge(
  reads: StoreReads,
  { erasures, floors }: Followed,
  note: StreamNote,
  entry: LedgerEntry,
  set: Awaited<ReturnType<typeof storedContractSet>>,
  mayBeIncomplete: boolean,
): Promise<Judged> {
  const { stream, seq } = entry;
  const book = await floors();
  const standing: EntryCase["standing"] = (kind, collection) => book.standing({ stream, seq, kind, collection });
  const packed = await reads.evidenceAt(stream, seq);
  return judgeEntry(reads, { note, entry, packed, set, erasures: await erasures(), mayBeIncomplete, standing });
}

const OF_CHAIN: readonly FindingCode[] = [
  "LEDGER_GAP",
  "LEDGER_HASH",
  "LEDGER_LINK",
  "LEDGER_RANGE",
  "LEDGER_OUTCOMES",
  "CONTRACT_SET",
  "ENGINE_ORDER",
];
const OF_EVIDENCE: readonly FindingCode[] = ["EVIDENCE", "ERASURE", "ERASURE_INCOMPLETE"];

/** The step that a finding is of. */
function stepOf(code: FindingCode): ProofStep {
  if (OF_CHAIN.includes(code)) return "chain";
  if (OF_EVIDENCE.includes(code)) return "evidence";
  if (code === "APPLIED") return "sealed";
  return code === "ROOT" || code === "OUTCOME" ? "decision" : "documents";
}

const GOOD: Readonly<Record<ProofStep, string>> = {
  chain: "its hash is that of its content, and the chain goes on before and behind it",
  evidence: "the records are kept as they were fetched",
  decision: "the same records, decided again by the same contracts, give the same",
  documents: "the store holds the documents that follow from it",
  sealed: "the entry behind it holds what became of its records",
};

function checksOf(
  entry: LedgerEntry,
  behind: LedgerEntry | null,
  findings: readonly Finding[],
  judged: Judged | null,
  isDropped: boolean,
): readonly ProofCheck[] {
  const wrong = (step: ProofStep): Finding | undefined => findings.find(({ code }) => stepOf(code) === step);
  const skipped = (step: ProofStep): string | null => {
    if (step === "chain") return null;
    if (entry.count === 0) return "the entry has no records";
    if (isDropped) return "its evidence is not kept, as the settings say (evidence: drop)";
    if (step === "sealed" && behind === null)
      return "it is the last entry: the next one seals what became of its records";
    if (step === "evidence") return null;
    return judged?.verdict === null ? "the records cannot be decided again" : null;
  };
  return (["chain", "evidence", "decision", "documents", "sealed"] as const).map((step): ProofCheck => {
    const found = wrong(step);
    if (found !== undefined) return { step, result: "wrong", says: found.message };
    const why = skipped(step);
    return why === null ? { step, result: "ok", says: GOOD[step] } : { step, result: "skipped", says: why };
  });
}
