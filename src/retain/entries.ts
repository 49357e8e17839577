import { openContractSet, type ContractSet } from "../core/contract-set.ts";
import { createLookup, type Lookup } from "../gateway/lookup.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { decodeApplied } from "../ledger/proof.ts";
import type { RetainedKind } from "../operator/floors.ts";
import type { SettledRow, StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";

/** The documents of an entry that retention may take: offsets, ascending. */
export type EntryDocuments = Readonly<Record<Exclude<RetainedKind, "evidence">, readonly bigint[]>>;

/** Tells what an entry left in the store, without reading its evidence: the next entry records it. */
export type EntryDocumentsOf = (
  note: StreamNote,
  entry: LedgerEntry,
  next: LedgerEntry | null,
) => Promise<EntryDocuments | null>;

/** @returns for an entry null when the next one does not say what became of its records. */
export function openEntryDocuments(reads: StoreReads): EntryDocumentsOf {
  const lookup = createLookup(reads);
  return async (note, entry, next) => {
    if (entry.count === 0) return { failed: [], receipts: [], facts: [] };
    if (next === null) return documentsNow(lookup, note, entry);
    const applied = decodeApplied(entry.from, next.applied);
    if (applied === null || applied.to !== entry.to || applied.leaves.length !== entry.count) return null;
    const at = (letters: string): readonly bigint[] =>
      applied.leaves.filter(({ outcome }) => letters.includes(outcome)).map(({ offset }) => offset);
    return { failed: at("FC"), receipts: at("D"), facts: at("S") };
  };
}

/** What the last entry left, which no other entry records yet. */
async function documentsNow(
  lookup: Lookup,
  { stream }: StreamNote,
  { from, to, count }: LedgerEntry,
): Promise<EntryDocuments | null> {
  const rows = await lookup.rows(stream, from, to);
  if (rows.length !== count) return null;
  const at = (kind: SettledRow["kind"]): readonly bigint[] =>
    rows.filter((row) => row.kind === kind).map(({ position }) => position.offset);
  return { failed: at("failed"), receipts: at("receipt"), facts: [...at("validated"), ...at("erased")] };
}

/** The collections of the contracts that judged records. */
export type Collections = {
  /** The collection of an entry's documents; null when its contract set cannot be read. */
  readonly of: (note: StreamNote, entry: LedgerEntry) => Promise<string | null>;
  /** Every collection that a contract set of the store binds to a topic. */
  readonly ofTopic: (topic: string) => Promise<readonly string[]>;
};

export function openCollections(reads: Pick<StoreReads, "contractSet" | "contractSets">): Collections {
  const known = new Map<string, ReadonlyMap<string, string> | null>();
  const byTopic = async (digest: string): Promise<ReadonlyMap<string, string> | null> => {
    const there = known.get(digest);
    if (there !== undefined) return there;
    const text = await reads.contractSet(digest);
    const sealed = text === null ? null : openContractSet(digest, text);
    const made = sealed === null ? null : collectionsIn(sealed.set);
    known.set(digest, made);
    return made;
  };
  return {
    of: async ({ topic }, { contractSet }) => (await byTopic(contractSet))?.get(topic) ?? null,
    ofTopic: async (topic) => {
      const found = new Set<string>();
      for (const { digest, text } of await reads.contractSets()) {
        const sealed = openContractSet(digest, text);
        const collection = sealed === null ? undefined : collectionsIn(sealed.set).get(topic);
        if (collection !== undefined) found.add(collection);
      }
      return [...found];
    },
  };
}

function collectionsIn({ contracts, bindings }: ContractSet): ReadonlyMap<string, string> {
  const bySubject = new Map(contracts.map(({ subject, collection }) => [subject, collection]));
  return new Map(
    bindings.flatMap(({ topic, subject }) => {
      const collection = bySubject.get(subject);
      return collection === undefined ? [] : [[topic, collection]];
    }),
  );
}
