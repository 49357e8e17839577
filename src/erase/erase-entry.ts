import { ENGINE } from "../core/decide.ts";
import { failureCode } from "../core/failure.ts";
import { recordAction, type Operator } from "../gateway/operate.ts";
import { evidenceOf } from "../ledger/evidence.ts";
import { evidenceDigest, EVIDENCE_BYTES_MAX, packEvidence, recordDigest, unpackEvidence } from "../ledger/packed.ts";
import { isErased, type ErasedRecord, type KeptRecord, type Tombstone } from "../ledger/tombstone.ts";
import { erasedAs, payloadDigest, type Redecided } from "../gateway/decided.ts";
import { erasedConflict } from "../gateway/duplicate.ts";
import { erasureDetail, followErasures, isWithin, rangesOf } from "../operator/erasures.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { decodeApplied } from "../ledger/proof.ts";
import type { ErasedFact, FailedRow, Store, StreamNote } from "../store/store.ts";
import type { EntryReader, OpenedEntry } from "./opened.ts";
import type { PlannedEntry } from "./select.ts";

/** What became of one entry: how many records are erased now that were not, or why it cannot be done. */
export type EntryErased = { readonly records: number } | { readonly fault: string };

/** How often another process may be first. */
const TRIES_MAX = 20;

/**
 * Erases records of an entry that is not the last of its stream: first it is announced, then other evidence takes the place of the
 * entry's, then tombstones that of its documents. Whoever stops in between leaves what was announced, and doing it again completes it;
 * two who do it at the same time do the same.
 * @param who in whose name, or why, other evidence is announced; nothing is announced twice.
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
    // What was opened is not what is there now.
    if (packed === null || before?.equals(read) !== true) continue;
    if (made.whole === 0) await announceWhatIs(store, entry, evidenceDigest(before), ranges, who);
    else {
      const after = evidenceOf({ topic, partition, from: entry.from }, made.records);
      const change = { before: evidenceDigest(before), after: evidenceDigest(after) };
      await announce(store, entry, { ...change, ranges: made.ranges }, who);
      const replaced = await store.replaceEvidence(note.stream, seq, packed, packEvidence(after));
      // Another process was first: what it left is looked at again.
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
  /** Every record of the entry, the wanted ones erased. */
  readonly records: readonly KeptRecord[];
  /** How many of the wanted ones were not erased before, and where they are. */
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
    // Another engine decided it: only the document says why.
    const { offset } = position;
    const isOther = row.kind === "failed" && entry.engine !== ENGINE;
    const stored = isOther ? await store.reads.failureAt(collection, note, offset) : null;
    const told = stored === null || row.kind !== "failed" ? row : { ...row, ...stored };
    const erased = tombstoneOf(recordDigest(record), told);
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

/** Says what is to be done before it is done. Nothing where the very same was said, and is not done yet. */
async function announce(
  store: Store,
  { stream, seq }: LedgerEntry,
  change: Omit<Change, "seq">,
  who: Operator,
): Promise<void> {
  const book = await followErasures(store.reads)();
  const last = book.of({ stream, seq }).at(-1);
  if (last?.before === change.before && last.after === change.after && book.pending().includes(last)) return;
  await recordAction(store, { ...who, action: "erase", target: stream, detail: erasureDetail({ seq, ...change }) });
}

/**
 * What others announced last may be no longer what comes, where several erase of an entry at the same time: then what is there is
 * said once more.
 */
async function announceWhatIs(
  store: Store,
  entry: LedgerEntry,
  digest: string,
  ranges: Change["ranges"],
  who: Operator,
): Promise<void> {
  const last = (await followErasures(store.reads)()).of(entry).at(-1);
  if (last === undefined || last.after === digest) return;
  await announce(store, entry, { before: digest, after: digest, ranges }, who);
}

type Decided = {
  readonly note: StreamNote;
  readonly entry: LedgerEntry;
  readonly next: LedgerEntry;
  readonly collection: string;
};

/** Facts and failures; receipts hold nothing of their records. @returns a sentence when it cannot be done. */
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
  if (failed.length > 0) {
    const staged = store.stageFailed(note);
    failed.forEach(staged.add);
    await store.replaceFailed(collection, staged);
    staged.release();
  }
  return null;
}
