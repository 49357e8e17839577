import type { Db, Document as BsonDocument } from "mongodb";
import type { StoredRow, StoreReads, Tally, ValidatedRow } from "../store.ts";
import { bigintOf, readEntry, readRow } from "./documents.ts";
import { createEvidence } from "./evidence.ts";
import { readFacts } from "./facts.ts";
import { findLayoutFaults, layoutOf } from "./layout.ts";
import { readLogEnds } from "./log-ends.ts";
import { readActions, readHalts } from "./operator.ts";
import { readTraffic } from "./traffic.ts";
import { withLongBytes } from "./long-bytes.ts";
import { readPacked } from "./packed-evidence.ts";
import { documentsOf, firstOf, RAW, WITHOUT_EVIDENCE } from "./read-raw.ts";
import { guarded } from "./unavailable.ts";

export type ObjectCollection = { readonly name: string; readonly kind: "validated" | "failed" | "receipt" };

/** Reads with read concern majority: they see what no failover takes back. */
export function createReads(db: Db): StoreReads {
  const collections = async (): Promise<readonly ObjectCollection[]> => objectCollections(db);
  return {
    streams: async () => guarded(async () => distinctStreams(db, "sigma_ledger")),
    ledger: async (stream, fromSeq, limit) =>
      guarded(async () => {
        const from = { stream: { $eq: stream }, seq: { $gte: BigInt(fromSeq) } };
        const found = await documentsOf(
          db.collection("sigma_ledger").find(from, WITHOUT_EVIDENCE).sort({ seq: 1 }).limit(limit),
        );
        return found.map(readEntry);
      }),
    evidenceAt: async (stream, seq) => guarded(async () => readPacked(db, stream, seq)),
    ...createEvidence(db, collections),
    rows: async (stream, from, to) => guarded(async () => rowsOf(db, await collections(), stream, from, to)),
    rowsIn: async (collection, stream, from, to) =>
      guarded(async () => rowsOf(db, collectionsOf(collection), stream, from, to)),
    streamsOfRows: async () =>
      guarded(async () => {
        const found = await Promise.all((await collections()).map(async ({ name }) => distinctStreams(db, name)));
        return [...new Set(found.flat())].toSorted();
      }),
    extent: async (stream) => guarded(async () => extentOf(db, await collections(), stream)),
    validatedById: async (collection, ids) =>
      guarded(async () => {
        const rows = await readFacts(db, collection, ids);
        return new Map(
          rows.flatMap((row): [string, ValidatedRow][] => (row.kind === "validated" ? [[row.id, row]] : [])),
        );
      }),
    tally: async () => guarded(async () => tallyOf(db, await collections())),
    failureCounts: async () => guarded(async () => failureCountsOf(db, await collections())),
    contractSets: async () =>
      guarded(async () => {
        const found = await documentsOf(db.collection("sigma_contract_sets").find({}, RAW).sort({ _id: 1 }));
        return found.map((one) => ({ digest: one._id, text: String(one["text"]) }));
      }),
    operatorLog: async (fromSeq, limit) => guarded(async () => readActions(db, fromSeq, limit)),
    traffic: async (subject) => guarded(async () => readTraffic(db, subject)),
    logEnds: async () => guarded(async () => readLogEnds(db)),
    halts: async () => guarded(async () => readHalts(db)),
    integrity: async () =>
      guarded(async () => {
        const names = (await collections()).map(({ name }) => name.replace(/^(?:validated|failed)_/, ""));
        const known = [...new Set(names.filter((name) => name !== "sigma_receipts"))];
        return findLayoutFaults(db, layoutOf(known));
      }),
  };
}

/** Where the objects of one contract are; a collection that is not there yet holds none. */
function collectionsOf(collection: string): readonly ObjectCollection[] {
  return [
    { name: `failed_${collection}`, kind: "failed" },
    { name: "sigma_receipts", kind: "receipt" },
    { name: `validated_${collection}`, kind: "validated" },
  ];
}

/** Every collection of stored objects: of the contracts configured now and of any from before. */
async function objectCollections(db: Db): Promise<readonly ObjectCollection[]> {
  const found = await db.listCollections({ type: "collection" }, { nameOnly: true }).toArray();
  return found
    .map(({ name }) => name)
    .toSorted()
    .flatMap((name): readonly ObjectCollection[] => {
      if (name === "sigma_receipts") return [{ name, kind: "receipt" }];
      const [, kind] = /^(validated|failed)_[a-z][a-z0-9_]{0,62}$/.exec(name) ?? [];
      return kind === "validated" || kind === "failed" ? [{ name, kind }] : [];
    });
}

async function distinctStreams(db: Db, name: string): Promise<readonly string[]> {
  const groups = await db
    .collection(name)
    .aggregate([{ $group: { _id: "$stream" } }])
    .toArray();
  return groups.map((group) => String(group["_id"])).toSorted();
}

async function rowsOf(
  db: Db,
  collections: readonly ObjectCollection[],
  stream: string,
  from: bigint,
  to: bigint,
): Promise<readonly StoredRow[]> {
  // The last offset, not the one after it: 2^63 is no 64-bit integer.
  const filter = { stream: { $eq: stream }, offset: { $gte: from, $lte: to - 1n } };
  const found = await Promise.all(
    collections.map(async ({ name, kind }) => {
      const whole = await withLongBytes(db, await documentsOf(db.collection(name).find(filter, RAW)));
      return whole.map((document) => readRow(kind, document));
    }),
  );
  return found.flat().toSorted(byOffset);
}

function byOffset(a: StoredRow, b: StoredRow): number {
  return a.position.offset < b.position.offset ? -1 : a.position.offset > b.position.offset ? 1 : 0;
}

async function extentOf(
  db: Db,
  collections: readonly ObjectCollection[],
  stream: string,
): Promise<{ first: bigint; last: bigint } | null> {
  const edge = async (name: string, order: 1 | -1): Promise<bigint | null> => {
    const options = { ...RAW, projection: { offset: 1 }, sort: { offset: order } } as const;
    const found = await firstOf(db.collection(name).find({ stream: { $eq: stream } }, options));
    return found === null ? null : bigintOf(found["offset"]);
  };
  const edges = await Promise.all(collections.flatMap(({ name }) => [edge(name, 1), edge(name, -1)]));
  const [some, ...others] = edges.filter((one) => one !== null);
  if (some === undefined) return null;
  return {
    first: others.reduce((least, one) => (one < least ? one : least), some),
    last: others.reduce((most, one) => (one > most ? one : most), some),
  };
}

/** Counted, not estimated: the estimate is wrong after a crash. */
async function tallyOf(db: Db, collections: readonly ObjectCollection[]): Promise<Tally> {
  const total = { validated: 0, failed: 0, receipt: 0 };
  for (const { name, kind } of collections) total[kind] += await db.collection(name).countDocuments({});
  return { validated: total.validated, failed: total.failed, receipts: total.receipt };
}

async function failureCountsOf(
  db: Db,
  collections: readonly ObjectCollection[],
): Promise<readonly { code: string; count: number }[]> {
  const counts = new Map<string, number>();
  for (const { name, kind } of collections) {
    if (kind !== "failed") continue;
    const groups: BsonDocument[] = await db
      .collection(name)
      .aggregate([{ $group: { _id: "$code", count: { $sum: 1 } } }])
      .toArray();
    for (const group of groups) {
      const code = String(group["_id"]);
      counts.set(code, (counts.get(code) ?? 0) + Number(group["count"]));
    }
  }
  return [...counts]
    .map(([code, count]) => ({ code, count }))
    .toSorted((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1));
}
