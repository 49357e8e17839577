import type { CompiledContractSet } from "../core/compiled.ts";
import { ENGINE, type Decision, type Failed } from "../core/decide.ts";
import { fingerprint } from "../core/fingerprint.ts";
import { resolveIntegers } from "../core/long-integers.ts";
import { parseValue } from "../core/payload.ts";
import type { SourceRecord } from "../core/record.ts";
import { resolveVersion } from "../core/resolve.ts";
import { framedSchemaId } from "../core/wire-format.ts";
import { readEvidence } from "../ledger/evidence.ts";
import { evidenceDigest, EVIDENCE_BYTES_MAX, unpackEvidence } from "../ledger/packed.ts";
import { isErased, type KeptRecord } from "../ledger/tombstone.ts";
import { decidedAs, decideRecords, erasedAs, outcomeOf, type Decided, type Redecided } from "./decided.ts";
import type { LedgerEntry, Outcome } from "../ledger/entry.ts";
import { decodeOutcomes } from "../ledger/proof.ts";
import type { RefusalOf, StoredFailure, StoreWrites } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { redecideBatch, type DecidedBatch } from "./decide-batch.ts";

/** The result of deciding the evidence of an entry again. */
export type RedecidedBatch =
  | {
      readonly kind: "decided";
      readonly batch: DecidedBatch;
      readonly collection: string;
      /** Offsets whose recorded outcome differs from the one that this build gives. The recorded outcome holds. */
      readonly pinned: ReadonlySet<bigint>;
    }
  | { readonly kind: "fault"; readonly code: "EVIDENCE_DAMAGED" | "DECISION_DIVERGED"; readonly message: string };

/**
 * Decides the records of an entry again with the entry's own contract set. The outcomes that the entry recorded hold, also
 * where this build would decide otherwise.
 * @param records the records in its evidence ({@link recordsOfEntry}).
 * @param stored failures that are stored already, by offset: their reasons and fingerprints hold.
 */
export function redecide(
  stage: Pick<StoreWrites, "stageFacts" | "stageFailed"> & { readonly refusalOf: RefusalOf },
  stream: StreamNote,
  entry: LedgerEntry,
  records: readonly KeptRecord[],
  set: CompiledContractSet,
  stored: ReadonlyMap<bigint, StoredFailure> = new Map(),
): RedecidedBatch {
  const recorded = outcomesOf(entry, records);
  if (recorded === null) return fault("EVIDENCE_DAMAGED", "its evidence is of other offsets");
  const bound = set.byTopic.get(stream.topic);
  if (bound === undefined) return fault("DECISION_DIVERGED", "its contract set does not bind its topic");
  const pinned = new Set<bigint>();
  const decide = (group: readonly KeptRecord[], first: number): readonly Redecided[] =>
    decideAgain(group, (index) => recorded[first + index] ?? "F", entry, set, stage.refusalOf).map((again) => {
      const { offset } = again.row.position;
      if (again.isPinned) pinned.add(offset);
      const known = again.row.kind === "failed" ? stored.get(offset) : undefined;
      return known === undefined ? again.row : { ...again.row, ...known };
    });
  const { collection, subject } = bound.contract;
  const batch = redecideBatch(stage, { stream, subject, from: entry.from, to: entry.to, records }, decide);
  if (batch.proof.root !== entry.root)
    return fault("DECISION_DIVERGED", "deciding the same records again gave other identities");
  return { kind: "decided", batch, collection, pinned };
}

function fault(code: "EVIDENCE_DAMAGED" | "DECISION_DIVERGED", message: string): RedecidedBatch {
  return { kind: "fault", code, message };
}

/**
 * Unpacks the evidence of an entry and checks that it belongs to the entry.
 * @param isItsOwn whether the evidence may have this digest. By default only the digest in the entry is valid; after an
 * erasure another one is.
 * @returns the records, or a sentence that says what is wrong with the evidence.
 */
export function recordsOfEntry(
  { topic, partition }: Pick<StreamNote, "topic" | "partition">,
  entry: LedgerEntry,
  packed: Uint8Array | null,
  isItsOwn: (digest: string) => boolean = (digest) => digest === entry.evidence,
): readonly KeptRecord[] | string {
  if (entry.count === 0) return [];
  if (packed === null) return "its evidence is missing";
  const bytes = unpackEvidence(packed, EVIDENCE_BYTES_MAX);
  if (bytes === null || !isItsOwn(evidenceDigest(bytes))) return "its evidence does not have the digest it carries";
  const evidence = readEvidence(bytes, entry.stream);
  if (typeof evidence === "string") return evidence;
  if (evidence.from !== entry.from) return "its evidence is of another range";
  return evidence.topic === topic && evidence.partition === partition
    ? evidence.records
    : `its evidence is of ${evidence.topic}/${evidence.partition}`;
}

/** The recorded outcome of each record; null when the records have other offsets than the entry recorded. */
function outcomesOf(entry: LedgerEntry, records: readonly KeptRecord[]): readonly Outcome[] | null {
  const recorded = decodeOutcomes(entry.from, entry.outcomes);
  if (recorded === null || recorded.to !== entry.to || recorded.leaves.length !== records.length) return null;
  const same = recorded.leaves.every(({ offset }, index) => records[index]?.position.offset === offset);
  return same ? recorded.leaves.map(({ outcome }) => outcome) : null;
}

/** A record decided again. `isPinned` is true when the entry's outcome overrides the one that this build gives. */
type Again = { readonly row: Redecided; readonly isPinned: boolean };

/** Decides records of an entry again. @param outcomeAt the entry's outcome of the record at this index. */
export function decideAgain(
  records: readonly KeptRecord[],
  outcomeAt: (index: number) => Outcome,
  entry: LedgerEntry,
  set: CompiledContractSet,
  refusalOf: RefusalOf,
): readonly Again[] {
  const rows = decideRecords(records.filter(isWhole), set, refusalOf);
  let next = 0;
  return records.map((record, index) => {
    if (isErased(record)) return { row: erasedAs(record), isPinned: false };
    const row = rows[next] as Decided;
    next += 1;
    const outcome = outcomeAt(index);
    if (outcomeOf(row) === outcome) return { row, isPinned: false };
    const then = outcome === "F" ? unexplained(entry) : passedThen(record, set);
    return { row: then === null ? row : decidedAs(record, then), isPinned: true };
  });
}

function isWhole(record: KeptRecord): record is SourceRecord {
  return !isErased(record);
}

function unexplained(entry: LedgerEntry): Failed {
  const message = `Decided FAILED by engine ${entry.engine}; engine ${ENGINE} cannot say why`;
  const reason = { kind: "unexplained", engine: entry.engine, message } as const;
  const by = { contract: null, declaredBy: null, parsed: null };
  return { status: "FAILED", reason, ...by, fingerprint: fingerprint(reason, null) };
}

/**
 * The PASSED decision of a record that the ledger records as PASSED and this build would fail. Only version and identity
 * are computed; schema and rules are not evaluated. Null when not even these can be computed.
 */
function passedThen(record: SourceRecord, set: CompiledContractSet): Decision | null {
  const bound = set.byTopic.get(record.position.topic);
  const parsed = parseValue(record.value, set.limits);
  if (bound === undefined || !parsed.ok) return null;
  const resolved = resolveVersion(bound, record.headers, framedSchemaId(record.value), parsed.payload);
  if (!resolved.ok) return null;
  const { ref, identity, idRecipe, numbers } = resolved.version;
  const settled = resolveIntegers(parsed, numbers);
  if (!settled.ok) return null;
  const { payload } = settled;
  const fields = identity(payload);
  if ("missing" in fields) return null;
  const id = idRecipe.idOf(fields);
  const { declaredBy } = resolved;
  return { status: "PASSED", id, contract: ref, declaredBy, payload, numbers };
}
