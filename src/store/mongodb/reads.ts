import type { Db } from "mongodb";
import type { StoreReads, Tally } from "../store.ts";
import { adviceReadsOf } from "./advice.ts";
import { compareFacts, compareFailed } from "./compare.ts";
import { readEntry, readPacked } from "./entry-document.ts";
import { failureAt, failureCountsOf } from "./failures.ts";
import { failureReadsOf } from "./failure-reads.ts";
import { groupReadsOf } from "./groups.ts";
import { readHolders } from "./holders.ts";
import { findReadFaults, layoutOf } from "./layout.ts";
import { readObjectiveBegan, readObjectiveCounts } from "./objectives.ts";
import { readLogEnds } from "./log-ends.ts";
import { readActions, readHalts } from "./operator.ts";
import { failedCollections, objectCollections, placesOf, type ObjectCollection } from "./places.ts";
import { readTraffic } from "./traffic.ts";
import type { Document } from "./bson-reader.ts";
import { documentsOf, firstOf, RAW, WITHOUT_EVIDENCE } from "./read-raw.ts";
import { countById } from "./id-pages.ts";
import { compareReceipts, countReceipts } from "./receipt-reads.ts";
import { RECEIPTS } from "./receipts.ts";
import { seenKey } from "../redrives.ts";
import { failurePlaces, readRedrive, readRedrivePage } from "./redrives.ts";
import { refusalOf } from "./refusal.ts";
import { stagedOf } from "./staged-documents.ts";
import { foreignDocuments } from "./shapes.ts";
import type { Streams } from "./streams.ts";
import { guarded } from "./unavailable.ts";
import { volumeReadsOf } from "./volume.ts";
import type { Staging } from "./writes.ts";

/** Creates the reads of the store port. They use read concern majority, so no failover rolls back what they see. */
export function createReads(db: Db, streams: Streams, staging: Staging): StoreReads {
  const collections = async (): Promise<readonly ObjectCollection[]> => objectCollections(db);
  return {
    streams: async () => guarded(async () => distinctStreams(db)),
    ledger: async (stream, fromSeq, limit) =>
      guarded(async () => {
        const from = { stream: { $eq: stream }, seq: { $gte: BigInt(fromSeq) } };
        const found = await documentsOf(
          db.collection("sigma_ledger").find(from, WITHOUT_EVIDENCE).sort({ seq: 1 }).limit(limit),
        );
        return found.map(readEntry);
      }),
    evidenceAt: async (stream, seq) => guarded(async () => readPacked(db, stream, seq)),
    evidenceOfNoEntry: async (limit) =>
      guarded(async () => {
        const found = db.collection("sigma_ledger").find({ count: 0, packed: { $exists: true } }, WITHOUT_EVIDENCE);
        return (await documentsOf(found.limit(limit))).map(readEntry).map(({ stream, seq }) => ({ stream, seq }));
      }),
    entryAt: async (stream, offset) => guarded(async () => entryAt(db, stream, offset)),
    streamNotes: async () => guarded(streams.all),
    holders: async (collection, ids) => guarded(async () => readHolders(db, streams, collection, ids)),
    stageFacts: staging.stageFacts,
    stageFailed: staging.stageFailed,
    compareFacts: async (collection, facts) =>
      guarded(async () => compareFacts(db, streams, collection, stagedOf(facts))),
    compareFailed: async (collection, failed) => guarded(async () => compareFailed(db, collection, stagedOf(failed))),
    compareReceipts: async (...given) => guarded(async () => compareReceipts(db, ...given)),
    failureAt: async (collection, stream, offset) => guarded(async () => failureAt(db, collection, stream, offset)),
    documentPlaces: () => everyPlace(db, collections, streams),
    ...failureReadsOf(db, streams),
    ...groupReadsOf(db, async () => failedCollections(db)),
    ...volumeReadsOf(db),
    tally: async () => guarded(async () => tallyOf(db, await collections())),
    failureCounts: async () => guarded(async () => failureCountsOf(db, await collections())),
    contractSet: async (digest) => guarded(async () => readContractSet(db, digest)),
    contractSets: async () =>
      guarded(async () => {
        const found = await documentsOf(db.collection("sigma_contract_sets").find({}, RAW).sort({ _id: 1 }));
        return found.map((one) => ({ digest: one._id, text: String(one["text"]) }));
      }),
    operatorLog: async (fromSeq, limit) => guarded(async () => readActions(db, fromSeq, limit)),
    traffic: async (subject) => guarded(async () => readTraffic(db, subject)),
    logEnds: async () => guarded(async () => readLogEnds(db)),
    objectiveCounts: async (...given) => guarded(async () => readObjectiveCounts(db, ...given)),
    objectiveBegan: async (indicator) => guarded(async () => readObjectiveBegan(db, indicator)),
    halts: async () => guarded(async () => readHalts(db)),
    refusalOf,
    redrive: async (plan) => guarded(async () => readRedrive(db, plan)),
    redriveSeen: async (plan) => guarded(async () => readRedrive(db, seenKey(plan))),
    redrivePage: async (plan, stream, offset) => guarded(async () => readRedrivePage(db, plan, stream, offset)),
    failurePlaces: (collection, scan) => failurePlaces(db, collection, scan),
    ...adviceReadsOf(db),
    integrity: async () =>
      guarded(async () => {
        const names = (await collections()).map(({ name }) => name.replace(/^(?:validated|failed)_/, ""));
        const known = [...new Set(names.filter((name) => name !== RECEIPTS))];
        return [...(await findReadFaults(db, layoutOf(known))), ...(await foreignDocuments(db))];
      }),
  };
}

/** How many entries to read for an offset: the last that begins at or before it, and empty ones, such as INIT, that begin there too. */
const CANDIDATES = 3;

/**
 * Finds the entry that covers an offset. The query compares `from` only: with a condition on `to`, the server would scan the whole
 * chain for an offset beyond its end.
 */
async function entryAt(db: Db, stream: string, offset: bigint) {
  const from = { stream: { $eq: stream }, from: { $lte: offset } };
  const found = db.collection("sigma_ledger").find(from, WITHOUT_EVIDENCE).sort({ from: -1 }).limit(CANDIDATES);
  const entries = (await documentsOf(found)).map(readEntry).filter(({ to }) => offset < to);
  return entries.toSorted((a, b) => b.seq - a.seq)[0] ?? null;
}

async function* everyPlace(
  db: Db,
  collections: () => Promise<readonly ObjectCollection[]>,
  streams: Streams,
): ReturnType<typeof placesOf> {
  yield* placesOf(db, await guarded(collections), streams);
}

async function distinctStreams(db: Db): Promise<readonly string[]> {
  const groups = await db
    .collection("sigma_ledger")
    .aggregate([{ $group: { _id: "$stream" } }])
    .toArray();
  return groups.map((group) => String(group["_id"])).toSorted();
}

/** Counts every document. */
async function tallyOf(db: Db, collections: readonly ObjectCollection[]): Promise<Tally> {
  const total = { validated: 0, failed: 0, receipt: 0 };
  for (const { name, kind } of collections)
    total[kind] += kind === "receipt" ? await countReceipts(db) : await countById(db.collection(name));
  return { validated: total.validated, failed: total.failed, receipts: total.receipt };
}

/** The text of a contract set; null when the store does not have it. */
export async function readContractSet(db: Db, digest: string): Promise<string | null> {
  const found = await firstOf(db.collection<Document>("sigma_contract_sets").find({ _id: digest }, RAW));
  return found === null ? null : String(found["text"]);
}
