import type { CompiledContractSet } from "../core/compiled.ts";
import { openEntryRecords, type EntryRecords } from "../gateway/entry-records.ts";
import type { Operator } from "../gateway/operate.ts";
import { storedContractSet } from "../gateway/stored-set.ts";
import type { Redecided } from "../gateway/decided.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { followFloors, type FloorBook } from "../operator/floors.ts";
import type { Store } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { createVolumeBooks, type VolumeBooks } from "./volume.ts";

export type RepairOptions = {
  /** The operator at whose request changed documents are replaced, with the reason; null: they are reported and stay. */
  readonly replace: Operator | null;
  /** Reports what would be done, and writes nothing. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: (records: number) => void;
};

/** A document that differs from the one that the ledger requires. */
export type Changed = {
  readonly kind: "validated" | "failed" | "receipt";
  readonly stream: string;
  readonly seq: number;
  readonly offset: bigint;
  /** Names fields, never values. */
  readonly message: string;
};

export type RepairReport = {
  readonly records: number;
  /** Number of missing documents that were restored; with `dryRun`, that would be. */
  readonly restored: { readonly validated: number; readonly failed: number; readonly receipts: number };
  readonly changed: readonly Changed[];
  /** Number of changed documents that were replaced. */
  readonly replaced: number;
  /** Number of records whose evidence is not kept or was taken by retention: nothing of them can be restored. */
  readonly withoutEvidence: number;
  /** Number of facts that were not found by their ids, because the index of ids was wrong; it was made anew, or would be. */
  readonly indexed: number;
  /** Ledger entries that are damaged or lack their evidence, a sentence each. Nothing can be restored from them. */
  readonly faults: readonly string[];
};

/** The most changed documents that the report lists. */
const CHANGED_MAX = 1_000;

/** An entry, decided again. */
export type Opened = {
  readonly note: StreamNote;
  readonly entry: LedgerEntry;
  readonly collection: string;
  /** The contract of its topic. */
  readonly subject: string;
  readonly rows: readonly Redecided[];
};

/** The state of one repair: its store, its options and its counts. */
export type RepairRun = {
  readonly store: Store;
  readonly evidence: EntryRecords;
  /** What retention took when the repair began; with "read again", what it took up to now. */
  readonly floors: (when?: "read again") => Promise<FloorBook>;
  readonly options: RepairOptions;
  readonly restored: { validated: number; failed: number; receipts: number };
  readonly fault: (sentence: string) => void;
  readonly changed: (one: Changed) => void;
  readonly replaced: (count: number) => void;
  readonly indexed: (count: number) => void;
  readonly count: (entry: LedgerEntry) => void;
  /** Takes an entry whose evidence is gone. */
  readonly bare: (entry: LedgerEntry) => void;
  readonly volume: VolumeBooks;
  /** Returns a compiled contract set of the store; null when it cannot be read. */
  readonly set: (digest: string) => Promise<CompiledContractSet | null>;
  readonly report: () => RepairReport;
};

export function newRun(store: Store, options: RepairOptions): RepairRun {
  const restored = { validated: 0, failed: 0, receipts: 0 };
  const changed: Changed[] = [];
  const faults: string[] = [];
  const sets = new Map<string, CompiledContractSet | null>();
  const follow = followFloors(store.reads);
  let first: Promise<FloorBook> | null = null;
  let replaced = 0;
  let indexed = 0;
  let records = 0;
  let withoutEvidence = 0;
  return {
    store,
    evidence: openEntryRecords(store.reads),
    floors: async (when) => {
      if (when !== undefined) return follow();
      first ??= follow();
      return first;
    },
    options,
    restored,
    volume: createVolumeBooks(),
    fault: (sentence: string): void => void faults.push(sentence),
    changed: (one: Changed): void => {
      if (changed.length < CHANGED_MAX) changed.push(one);
    },
    replaced: (count: number): void => {
      replaced += count;
    },
    indexed: (count: number): void => {
      indexed += count;
    },
    count: ({ count }: LedgerEntry): void => {
      records += count;
      options.onProgress?.(records);
    },
    bare: ({ count }: LedgerEntry): void => {
      withoutEvidence += count;
    },
    set: async (digest: string): Promise<CompiledContractSet | null> => {
      const known = sets.get(digest);
      if (known !== undefined) return known;
      const made = await storedContractSet(store, digest);
      sets.set(digest, made);
      return made;
    },
    report: (): RepairReport => ({ records, restored, changed, replaced, withoutEvidence, indexed, faults }),
  };
}
