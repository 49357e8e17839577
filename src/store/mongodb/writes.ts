import { MongoServerError, type Collection, type Db } from "mongodb";
import type { LedgerEntry } from "../ledger.ts";
import type { StoreWrites, ValidatedRow } from "../store.ts";
import { WRITE_CONCERN } from "./connect.ts";
import type { Document } from "./bson-reader.ts";
import { entryDocument, readEntry, readFailed, readValidated } from "./documents.ts";
import { insertOwn, insertStaged } from "./insert.ts";
import { readFacts } from "./facts.ts";
import { putPacked, type PackedFields } from "./packed-evidence.ts";
import { firstOf, WITHOUT_EVIDENCE } from "./read-raw.ts";
import { createBuffers } from "./staged-documents.ts";
import { documentsOf, stageRows } from "./staged-rows.ts";
import { noteTraffic } from "./traffic.ts";
import { DUPLICATE_KEY, guarded } from "./unavailable.ts";
import { Unavailable } from "../../core/unavailable.ts";
import { createRowWriters } from "./write-documents.ts";

/**
 * The port's writes. Each is acknowledged by majority and journal, and idempotent; two of them are never one: the
 * protocol needs no transaction, so a standalone server will do.
 */
export function createWrites(db: Db): StoreWrites {
  const ledger = db.collection<Document>("sigma_ledger");
  // Each with buffers of its own: those of facts grow several times as large.
  const buffersOfFacts = createBuffers();
  const buffersOfFailures = createBuffers();
  const buffersOfReceipts = createBuffers();
  const write = createRowWriters();
  return {
    insertLedger: async (entry, packed) =>
      guarded(async () => insertLedger(ledger, entry, await putPacked(db, packed))),
    ledgerEntry: async (stream, seq) =>
      guarded(async () => {
        const found = await firstOf(ledger.find({ _id: `${stream}|${seq}` }, WITHOUT_EVIDENCE));
        return found === null ? null : readEntry(found);
      }),
    stageFacts: (passedRaw) => stageRows(buffersOfFacts, write.validated, readValidated, passedRaw),
    insertFacts: async (collection, facts) =>
      guarded(async () => insertStaged(db, `validated_${collection}`, documentsOf(facts))),
    validatedById: async (collection, ids) => guarded(async () => findHolders(db, collection, ids)),
    stageFailed: () => stageRows(buffersOfFailures, write.failed, readFailed, "keep"),
    insertFailed: async (collection, failed) =>
      guarded(async () => void (await insertStaged(db, `failed_${collection}`, documentsOf(failed)))),
    insertReceipts: async (rows) =>
      guarded(async () => insertOwn(db, "sigma_receipts", rows, buffersOfReceipts, write.receipt)),
    noteTraffic: async (notes) => guarded(async () => noteTraffic(db, notes)),
  };
}

async function insertLedger(
  ledger: Collection<Document>,
  entry: LedgerEntry,
  packed: PackedFields,
): Promise<"inserted" | "exists"> {
  try {
    await ledger.insertOne(entryDocument(entry, packed), { writeConcern: WRITE_CONCERN });
    return "inserted";
  } catch (error) {
    if (error instanceof MongoServerError && error.code === DUPLICATE_KEY) return "exists";
    throw error;
  }
}

async function findHolders(
  db: Db,
  collection: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ValidatedRow>> {
  const rows = await readFacts(db, collection, ids);
  return new Map(
    rows.map((row) => {
      if (row.kind !== "validated") throw unreadableHolder(row.id);
      return [row.id, row];
    }),
  );
}

/** Whether a record is a duplicate of a document that says nothing cannot be told: no decision until a person has looked. */
function unreadableHolder(id: string): Unavailable {
  const message = `Cannot read "${id}": the document was changed`;
  return new Unavailable("STORE_CORRUPT", message, "run `sigma audit`, then restore the document from a backup");
}
