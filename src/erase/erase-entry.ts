import { ENGINE } from "../core/decide.ts";
import { failureCode } from "../core/failure.ts";
import { recordWhen, type Operator } from "../gateway/operate.ts";
import { evidenceOf } from "../ledger/evidence.ts";
import { evidenceDigest, EVIDENCE_BYTES_MAX, packEvidence, recordDigest, unpackEvidence } from "../ledger/packed.ts";
import { isErased, type ErasedRecord, type KeptRecord, type Tombstone } from "../ledger/tombstone.ts";
import { erasedAs, payloadDigest, type Redecided } from "../gateway/decided.ts";
import { erasedConflict } from "../gateway/duplicate.ts";
import { erasureDetail, followErasures, isWithin, rangesOf } from "../operator/erasures.ts";
import { createFloorBook, followFloors } from "../operator/floors.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { decodeApplied } from "../ledger/proof.ts";
import type { ErasedFact, FailedRow, Store } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import type { EntryReader, OpenedEntry } from "./opened.ts";
import type { PlannedEntry } from "./select.ts";

/** The result for one entry: how many records were newly erased, or a sentence that says why none could be. */
export type EntryErased = { readonly records: number } | { readonly fault: string };

/** How many times to try again when another process changes the evidence meanwhile. */
const TRIES_MAX = 20;

/**
 * Erases records of an entry that is not the tail of its stream. It first announces the erasure in the operator log, then replaces the
 * evidence of the entry, then replaces the documents by tombstones. After an interruption the announcement remains, and running it
 * again completes the erasure. Two processes that run it at the same time write the same.
 * @param who the operator and reason of a new announcement. An erasure that is already announced is not announced again.
 */
export async function eraseEntry(
  store: Store,
  reader: EntryReader,
  { note, seq, ranges }: PlannedEntry,
  who: Operator,
): Promise<EntryErased> {
  const entry = await store.ledgerEntry(note.stream, seq);
  const next = await store.ledgerEntry(note.stream, seq + 1);
  if (entry === null || next === null) return { fault: `Entry ${seq} of ${note.topic}/${note.partition} is not there` };
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const packed = await store.evidenceOf(note.stream, seq);
    const opened = await reader.open(note, entry);
    if ("fault" in opened) return { fault: opened.fault };
    const isWanted = ({ position }: KeptRecord): boolean => isWithin(ranges, position.offset);
    const made = await tombstonesFor(store, note, entry, opened, isWanted);
    const before = packed === null ? null : unpackEvidence(packed, EVIDENCE_BYTES_MAX);
    const { topic, partition } = note;
    const read = evidenceOf({ topic, partition, from: entry.from }, opened.records);
    // Another process replaced the evidence between the two reads: try again.
    if (packed === null || before?.equals(read) !== true) continue;
    if (made.whole === 0) {
      const refused = await announceCurrent(store, entry, evidenceDigest(before), ranges, who);
      if (refused !== null) return { fault: `Entry ${seq} of ${note.topic}/${note.partition}: ${refused}` };
    } else {
      const after = evidenceOf({ topic, partition, from: entry.from }, made.records);
      const change = { before: evidenceDigest(before), after: evidenceDigest(after) };
      const refused = await announce(store, entry, { ...change, ranges: made.ranges }, who);
      if (refused !== null) return { fault: `Entry ${seq} of ${note.topic}/${note.partition}: ${refused}` };
      const replaced = await store.replaceEvidence(note.stream, seq, packed, packEvidence(after));
      // Another process replaced the evidence first: try again with the evidence that it wrote.
      if (replaced === "other") continue;
    }
    await store.forgetReplaced(note.stream, seq);
    const erased = made.records.filter(isErased).filter(isWanted);
    const fault = await replaceDocuments(store, { note, entry, next, collection: opened.collection }, erased);
    return fault === null ? { records: made.whole } : { fault };
  }
  return { fault: `Entry ${seq} of ${note.topic}/${note.partition}: other processes change its evidence all the time` };
}

type Made = {
  /** Every record of the entry, with tombstones for the wanted ones. */
  readonly records: readonly KeptRecord[];
  /** How many of the wanted records were not erased before; `ranges` are their offsets. */
  readonly whole: number;
  readonly ranges: ReturnType<typeof rangesOf>;
};

async function tombstonesFor(
  store: Store,
  note: StreamNote,
  entry: LedgerEntry,
  { records, rows, collection }: OpenedEntry,
  isWanted: (record: KeptRecord) => boolean,
): Promise<Made> {
  const offsets: bigint[] = [];
  const after: KeptRecord[] = [];
  for (const [at, record] of records.entries()) {
    const row = rows[at];
    if (isErased(record) || row === undefined || row.kind === "erased" || !isWanted(record)) {
      after.push(record);
      continue;
    }
    const { position, timestampMs } = record;
    offsets.push(position.offset);
    // Another engine decided the record, so the reason is known from the stored document only.
    const { offset } = position;
    const isOther = row.kind === "failed" && entry.engine !== ENGINE;
    const stored = isOther ? await store.reads.failureAt(collection, note, offset) : null;
    const asStored = stored === null || row.kind !== "failed" ? row : { ...row, ...stored };
    const erased = tombstoneOf(recordDigest(record), asStored);
    after.push({ position, timestampMs, erased });
  }
  return { records: after, whole: offsets.length, ranges: rangesOf(offsets) };
}

function tombstoneOf(record: string, row: Exclude<Redecided, ErasedFact>): Tombstone {
  if (row.kind === "failed") {
    const { reason, fingerprint, contract, declaredBy } = row;
    return { outcome: "F", record, code: failureCode(reason), fingerprint, contract, declaredBy };
  }
  const { id, contract, declaredBy, payload } = row;
  return { outcome: "P", record, id, contract, declaredBy, content: payloadDigest(payload) };
}

type Change = Parameters<typeof erasureDetail>[0];

/**
 * Announces a change of evidence in the operator log before it is made, unless the same change is announced and not done yet.
 * @returns null; a sentence when nothing is announced, because retention takes the evidence.
 */
async function announce(
  store: Store,
  { stream, seq }: LedgerEntry,
  change: Omit<Change, "seq">,
  who: Operator,
): Promise<string | null> {
  const book = await followErasures(store.reads)();
  const last = book.of({ stream, seq }).at(-1);
  if (last?.before === change.before && last.after === change.after && book.pending().includes(last)) return null;
  const record = { ...who, action: "erase", target: stream, detail: erasureDetail({ seq, ...change }) } as const;
  // Retention, in turn, announces nothing above an erasure that is not complete.
  const floors = createFloorBook();
  return recordWhen(store, floors.see, () =>
    floors.standing({ stream, seq, kind: "evidence", collection: "" }) === "kept"
      ? { record }
      : { refused: "retention takes its evidence" },
  );
}

/**
 * Announces the evidence that is in the store, unless the last announcement names it. When several processes erase records of one
 * entry at the same time, the last announcement may name evidence that was never written.
 */
async function announceCurrent(
  store: Store,
  entry: LedgerEntry,
  digest: string,
  ranges: Change["ranges"],
  who: Operator,
): Promise<string | null> {
  const last = (await followErasures(store.reads)()).of(entry).at(-1);
  if (last === undefined || last.after === digest) return null;
  return announce(store, entry, { before: digest, after: digest, ranges }, who);
}

type Decided = {
  readonly note: StreamNote;
  readonly entry: LedgerEntry;
  readonly next: LedgerEntry;
  readonly collection: string;
};

/**
 * Replaces facts and failures of erased records by tombstones. Receipts hold nothing of their records and stay.
 * @returns a sentence when it cannot be done; null otherwise.
 */
async function replaceDocuments(
  store: Store,
  { note, entry, next, collection }: Decided,
  erased: readonly ErasedRecord[],
): Promise<string | null> {
  const letters = new Map(
    decodeApplied(entry.from, next.applied)?.leaves.map(({ offset, outcome }) => [offset, outcome]),
  );
  const facts: ErasedFact[] = [];
  const failed: FailedRow[] = [];
  for (const row of erased.map(erasedAs)) {
    const letter = letters.get(row.position.offset);
    if (row.kind === "failed") failed.push(row);
    else if (row.kind === "erased" && letter === "S") facts.push(row);
    else if (row.kind === "erased" && letter === "C") failed.push(erasedConflict(row));
  }
  if (facts.length > 0) {
    const staged = store.stageFacts(note);
    facts.forEach(staged.add);
    const differences = await store.reads.compareFacts(collection, staged);
    if ([...differences.values()].some(({ kind }) => kind === "held"))
      return `Entry ${entry.seq} of ${note.topic}/${note.partition}: its facts are held by other records; run sigma audit`;
    await store.replaceFacts(collection, staged);
    staged.release();
  }
  const floors = followFloors(store.reads);
  const isTaken = async (): Promise<boolean> =>
    (await floors()).standing({ stream: entry.stream, seq: entry.seq, kind: "failed", collection }) !== "kept";
  if (failed.length > 0 && !(await isTaken())) {
    const staged = store.stageFailed(note);
    failed.forEach(staged.add);
    await store.replaceFailed(collection, staged);
    staged.release();
    // Retention may have taken the failures while they were replaced: then their tombstones go too.
    const keys = failed.map(({ position }) => ({ id: "", offset: position.offset }));
    if (await isTaken()) await store.removeDocuments(collection, note, "failed", keys);
  }
  return null;
}
