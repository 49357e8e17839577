import type { CompiledContractSet } from "../core/compiled.ts";
import { ENGINE } from "../core/decide.ts";
import { isErased, type KeptRecord } from "../ledger/tombstone.ts";
import type { DecidedBatch } from "../gateway/decide-batch.ts";
import { groupsOf } from "../gateway/group-tally.ts";
import { redecide } from "../gateway/redecide.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { RetainedDocuments, RetainedKind, Standing } from "../operator/floors.ts";
import { resolvedOf, type Resolved } from "../gateway/resolution.ts";
import type { Cell, TakenRecord } from "../gateway/volume-tally.ts";
import type { Difference, StoreReads, Tally } from "../store/store.ts";
import type { GroupTally } from "../store/groups.ts";
import type { VolumeTally } from "../store/volume.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { claimsOf, type Claims } from "./claims.ts";
import type { Finding, FindingCode } from "./finding.ts";
import type { Retainable } from "./retention.ts";
import { compareOutdated, compareTakeable, leftOf } from "./takeable.ts";

/** The data needed to check one entry. */
export type EntryEvidence = {
  readonly entry: LedgerEntry;
  readonly stream: StreamNote;
  /** The records of its evidence. */
  readonly records: readonly KeptRecord[];
  readonly set: CompiledContractSet;
  /**
   * Whether documents may be missing: in a store without transactions the last entry of a running stream may still be
   * written.
   */
  readonly mayBeIncomplete: boolean;
  /** Whether retention took the documents or facts of an entry, or is taking them. */
  readonly standing: (kind: RetainedKind, collection: string) => Standing;
};

/** Numbers of failures and receipts. */
type TakenCounts = Pick<Tally, RetainedDocuments>;

export type EntryVerdict = {
  readonly findings: readonly Finding[];
  readonly counts: Tally;
  /** How many of the documents retention took, and how many it is taking that were there still. */
  readonly gone: TakenCounts;
  readonly leaving: TakenCounts;
  /** What retention may take; null when it is not known. */
  readonly retainable: Retainable | null;
  /** What the next entry must record about this one; null when that is unknown. */
  readonly resolved: Resolved | null;
  /** What its records come to; null where they cannot all be told: producers of erased ones, versions of another engine. */
  readonly volume: readonly VolumeTally[] | null;
  /** Its failures by group; null where this build cannot tell. */
  readonly groups: readonly GroupTally[] | null;
};

const NOTHING: Omit<EntryVerdict, "findings" | "resolved"> = {
  counts: { validated: 0, failed: 0, receipts: 0 },
  gone: { failed: 0, receipts: 0 },
  leaving: { failed: 0, receipts: 0 },
  retainable: null,
  volume: null,
  groups: null,
};

const NOUN = { failed: "failure", receipts: "receipt" } as const;

/** Decides an entry's evidence again, and compares every document that follows from it with the stored one. */
export async function checkEntry(reads: StoreReads, given: EntryEvidence): Promise<EntryVerdict> {
  const { entry, stream, records, set } = given;
  const findings: Finding[] = [];
  const found = findingsAt(entry, findings);
  const again = redecide(reads, stream, entry, records, set);
  if (again.kind === "fault") {
    found(again.code === "EVIDENCE_DAMAGED" ? "EVIDENCE" : "ROOT", null, again.message);
    return { ...NOTHING, findings, resolved: null };
  }
  const { batch, collection, pinned } = again;
  // This build can compare only decisions of its own engine.
  if (entry.engine === ENGINE)
    for (const offset of pinned) found("OUTCOME", offset, "deciding its evidence again gives the other outcome");
  const facts = await reads.compareFacts(collection, batch.facts);
  const taken = claimsOf(batch, facts);
  reportLaterHolders(taken, entry, found);
  const erased = new Set(records.filter(isErased).map(({ position }) => position.offset));
  const report = (offsetAt: (place: number) => bigint, differences: ReadonlyMap<number, Difference>): void => {
    for (const [place, one] of differences) {
      const offset = offsetAt(place);
      // A failure document of another engine may differ; a tombstone is the same for every engine.
      const isOwn = entry.engine === ENGINE || erased.has(offset);
      reportDifference(one, offset, isOwn, given, found);
    }
  };
  const factAt = (place: number): bigint => batch.facts.at(place).position.offset;
  report(factAt, await factDifferences(reads, given, batch, collection, facts, found));
  const compared = await compareTakeable(reads, collection, batch, taken);
  const gone = { failed: 0, receipts: 0 };
  const leaving = { failed: 0, receipts: 0 };
  for (const kind of ["failed", "receipts"] as const) {
    const standing = given.standing(kind, kind === "failed" ? collection : "");
    if (standing === "kept") {
      report(compared[kind].offsetAt, compared[kind].differences);
      continue;
    }
    const { left, ...counts } = leftOf(compared[kind], standing);
    [gone[kind], leaving[kind]] = [counts.gone, counts.leaving];
    for (const offset of left) found("RETENTION_LEFT", offset, `retention took its ${NOUN[kind]}, which is there`);
  }
  const validated = batch.facts.size() + batch.repeats.length - taken.resolutions.length;
  const [failed, receipts] = [compared.failed.count, compared.receipts.count];
  const groups = [...batch.groups, ...groupsOf(taken.conflicts)];
  return {
    findings,
    counts: { validated, failed, receipts },
    gone,
    leaving,
    retainable: {
      collection,
      // Another engine may have given other fingerprints.
      groups: entry.engine === ENGINE ? new Map(groups.map(([fingerprint, { count }]) => [fingerprint, count])) : null,
      facts: validated,
      failed,
      receipts,
    },
    resolved: resolvedOf(entry, taken.resolutions),
    volume: entry.engine === ENGINE && erased.size === 0 ? volumeOf(batch, taken) : null,
    groups: entry.engine === ENGINE ? groups.map(([, group]) => group) : null,
  };
}

/**
 * How the stored facts differ from what they have to be: whole, or a tombstone where retention took them. One that is on its way out
 * may be either.
 * @param facts how they differ from whole ones.
 */
async function factDifferences(
  reads: StoreReads,
  { standing }: EntryEvidence,
  batch: DecidedBatch,
  collection: string,
  facts: ReadonlyMap<number, Difference>,
  found: Found,
): Promise<ReadonlyMap<number, Difference>> {
  const is = standing("facts", collection);
  if (is === "kept") return facts;
  const old = await compareOutdated(reads, collection, batch);
  const isWhole = (place: number, { kind }: Difference): boolean => kind === "differs" && !facts.has(place);
  if (is === "gone")
    for (const [place, one] of old)
      if (isWhole(place, one))
        found("RETENTION_LEFT", batch.facts.at(place).position.offset, "retention took its fact, which is whole");
  return new Map([...old].filter(([place, one]) => !isWhole(place, one)));
}

function volumeOf({ facts, repeats, volume }: DecidedBatch, { kinds }: Claims): readonly VolumeTally[] {
  const taken: TakenRecord[] = [];
  const see = (offset: bigint, cell: Cell): void => {
    const kind = kinds.get(offset);
    if (kind !== undefined) taken.push({ cell, kind });
  };
  if (kinds.size > 0) {
    for (let place = 0; place < facts.size(); place += 1) see(facts.at(place).position.offset, volume.cellOf(place));
    for (const { position, cell } of repeats) see(position.offset, cell);
  }
  return [...volume.decided(), ...volume.taken(taken)];
}

type Found = (code: FindingCode, offset: bigint | null, message: string) => void;

function findingsAt(entry: LedgerEntry, findings: Finding[]): Found {
  return (code, offset, message) => findings.push({ code, stream: entry.stream, seq: entry.seq, offset, message });
}

function reportDifference(
  one: Difference,
  offset: bigint,
  isOwn: boolean,
  { mayBeIncomplete }: EntryEvidence,
  found: Found,
): void {
  switch (one.kind) {
    case "missing":
      if (!mayBeIncomplete) found("ROW_MISSING", offset, "it was decided, and its document is not stored");
      return;
    case "differs":
      if (isOwn) found("ROW_DIFFERS", offset, `its document is another: ${one.message}`);
      return;
    case "held":
  }
}

/** Finds facts that a later record of the same stream holds: the record with the lower offset was applied first. */
function reportLaterHolders({ resolutions }: Claims, { stream }: LedgerEntry, found: Found): void {
  for (const { offset, holder } of resolutions) {
    if (holder.stream === stream && holder.offset > offset)
      found("ROW_DIFFERS", offset, `its fact is held by offset ${holder.offset}, which came later`);
  }
}
