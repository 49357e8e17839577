import type { CompiledContractSet } from "../core/compiled.ts";
import { openEntryRecords, type EntryRecords } from "../gateway/entry-records.ts";
import type { Operator } from "../gateway/operate.ts";
import { storedContractSet } from "../gateway/stored-set.ts";
import type { Redecided } from "../gateway/decided.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { Store, StreamNote } from "../store/store.ts";

export type RepairOptions = {
  /** Who writes changed documents again, and why; null: they are named and stay. */
  readonly replace: Operator | null;
  /** Only tells what would be done. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: (records: number) => void;
};

/** A document that is not what the ledger says. */
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
  /** Documents that were missing and are there again; with `dryRun` those that would be. */
  readonly restored: { readonly validated: number; readonly failed: number; readonly receipts: number };
  readonly changed: readonly Changed[];
  /** How many of the changed ones were written again. */
  readonly replaced: number;
  /** What of the ledger itself is damaged, or lacks its evidence, a sentence each: nothing can be restored from it. */
  readonly faults: readonly string[];
};

/** Changed documents that are listed; all of them are counted by `replaced`. */
const CHANGED_MAX = 1_000;

/** An entry, decided again. */
export type Opened = {
  readonly note: StreamNote;
  readonly entry: LedgerEntry;
  readonly collection: string;
  readonly rows: readonly Redecided[];
};

/** One repair: what it is done to, and what it comes to. */
export type RepairRun = {
  readonly store: Store;
  readonly evidence: EntryRecords;
  readonly options: RepairOptions;
  readonly restored: { validated: number; failed: number; receipts: number };
  readonly fault: (sentence: string) => void;
  readonly changed: (one: Changed) => void;
  readonly replaced: (count: number) => void;
  readonly count: (entry: LedgerEntry) => void;
  /** A contract set, compiled; null when it cannot be read. */
  readonly set: (digest: string) => Promise<CompiledContractSet | null>;
  readonly report: () => RepairReport;
};

export function newRun(store: Store, options: RepairOptions): RepairRun {
  const restored = { validated: 0, failed: 0, receipts: 0 };
  const changed: Changed[] = [];
  const faults: string[] = [];
  const sets = new Map<string, CompiledContractSet | null>();
  let replaced = 0;
  let records = 0;
  return {
    store,
    evidence: openEntryRecords(store.reads),
    options,
    restored,
    fault: (sentence: string): void => void faults.push(sentence),
    changed: (one: Changed): void => {
      if (changed.length < CHANGED_MAX) changed.push(one);
    },
    replaced: (count: number): void => {
      replaced += count;
    },
    count: ({ count }: LedgerEntry): void => {
      records += count;
      options.onProgress?.(records);
    },
    set: async (digest: string): Promise<CompiledContractSet | null> => {
      const known = sets.get(digest);
      if (known !== undefined) return known;
      const made = await storedContractSet(store, digest);
      sets.set(digest, made);
      return made;
    },
    report: (): RepairReport => ({ records, restored, changed, replaced, faults }),
  };
}
