import type { Store, StoreWrites } from "../../src/store/store.ts";
import {
  differencesOf,
  failedRow,
  LAW_COLLECTION,
  ledgerEntry,
  NOTE,
  receiptRow,
  STREAM,
  validatedRow,
  insertFacts,
  insertFailed,
} from "./rows.ts";

/** One of everything, as the protocol writes it. */
export async function writeUnit(writes: StoreWrites): Promise<void> {
  await writes.insertLedger(ledgerEntry(1), null);
  await insertFacts(writes, LAW_COLLECTION, [validatedRow("a", 1n)]);
  await insertFailed(writes, LAW_COLLECTION, [failedRow(2n)]);
  await writes.insertReceipts(NOTE, [receiptRow(3n)]);
}

/** Its documents. */
const UNIT = { facts: [validatedRow("a", 1n)], failed: [failedRow(2n)], receipts: [receiptRow(3n)] } as const;

/** The same writes, of which only the first few succeed. */
export function failingAfter(steps: number, writes: StoreWrites): StoreWrites {
  let left = steps;
  const counted = <Given extends readonly unknown[], T>(write: (...given: Given) => Promise<T>) => {
    return async (...given: Given): Promise<T> => {
      if (left === 0) throw new Error("cut off");
      left -= 1;
      return write(...given);
    };
  };
  return {
    ...writes,
    insertLedger: counted(writes.insertLedger),
    insertFacts: counted(writes.insertFacts),
    insertFailed: counted(writes.insertFailed),
    insertReceipts: counted(writes.insertReceipts),
  };
}

export async function contents({ reads }: Store): Promise<unknown> {
  return {
    entries: await reads.ledger(STREAM, 0, 100),
    documents: await differencesOf(reads, UNIT),
    tally: await reads.tally(),
    sets: await reads.contractSets(),
  };
}
