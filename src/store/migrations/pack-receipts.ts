import type { Db, Document } from "mongodb";
import { Unavailable } from "../../core/unavailable.ts";
import type { MongoTarget } from "./mongodb-target.ts";

const RECEIPTS = "sigma_receipts";
/** The names under which receipts of one document each are kept until they are packed. */
const ASIDE = /^sigma_receipts_3(?:_\d+)?$/;
/** How many offsets of a stream share one document of layout 4. */
const OFFSETS_A_BLOCK = 256;

/** What packing needs of the database. */
type Packing = Pick<MongoTarget, "db" | "make" | "pages">;

/**
 * How many receipts the server looks at, or packs, in one request: less than a second's work, so that requests stay far below their
 * time limit however many receipts there are, and one that a killed migration leaves behind ends at once.
 */
const PAGE = 20_000;
/** How many documents of 256 receipts it counts in one request. */
const PAGE_OF_BLOCKS = 1_000;
/** How many receipts are packed between two lines about them. */
const TOLD_EVERY = 200_000;

/** Counts the receipts to be packed. @throws `Unavailable` when some are not as a gateway of layout 3 writes them. */
export async function countUnpacked({ db, pages }: Pick<Packing, "db" | "pages">): Promise<number> {
  let count = 0;
  for (const name of [...(await setAside(db)), ...((await isPacked(db)) ? [] : [RECEIPTS])]) {
    let changed = 0;
    for await (const filter of pages(name, PAGE)) {
      const stages = [{ $match: filter }, { $group: { _id: null, count: { $sum: 1 }, changed: { $sum: IS_CHANGED } } }];
      const [found] = await db.collection(name).aggregate(stages).toArray();
      count += Number(found?.["count"] ?? 0);
      changed += Number(found?.["changed"] ?? 0);
    }
    if (changed > 0) throw changedReceipts(changed, name);
  }
  return count;
}

const IS_RECEIPT: Document[] = [
  { $eq: [{ $type: "$_id" }, "string"] },
  { $regexMatch: { input: "$_id", regex: /^.*@\d{1,19}#\d{1,10}$/ } },
  { $eq: [{ $type: "$of" }, "binData"] },
  { $eq: [{ $size: { $objectToArray: "$$ROOT" } }, 2] },
];
const IS_CHANGED: Document = { $cond: [{ $and: IS_RECEIPT }, 0, 1] };

/**
 * Packs receipts, which had a document each, into documents of 256 offsets. What is there goes aside first, so that a gateway of before
 * writes into nothing that is packed already; then the server packs it, page by page. Each step can be repeated.
 */
export async function packReceipts(packing: Packing, tell: (step: string) => void): Promise<void> {
  const { db, make, pages } = packing;
  // False where somebody made it with another layout meanwhile.
  for (let tries = 0; !(await isPacked(db)) && !(await make(RECEIPTS)); tries += 1) {
    if (tries === TRIES) throw writtenMeanwhile();
    await db.renameCollection(RECEIPTS, await freeName(db));
  }
  const aside = await setAside(db);
  const count = await countAside(packing, aside);
  let done = 0;
  for (const name of aside)
    for await (const filter of pages(name, PAGE)) {
      await db
        .collection(name)
        .aggregate([{ $match: filter }, ...PACK], { allowDiskUse: true, writeConcern: WRITE_CONCERN })
        .toArray();
      done = Math.min(count, done + PAGE);
      if (done < count && done % TOLD_EVERY === 0) tell(`packed ${done} of ${count} receipts`);
    }
  const packed = await countPacked(packing);
  if (packed < count) throw new Error(`Cannot pack ${count} receipts: ${packed} arrived`);
  for (const name of aside) await db.collection(name).drop();
}

/** How often a gateway of before may make the collection again: each time it would have to write in the moment in which there is none. */
const TRIES = 10;

const WRITE_CONCERN = { w: "majority", j: true } as const;

const PACK: Document[] = [
  { $set: { id: { $regexFind: { input: "$_id", regex: /^(.*@)(\d+)(#\d+)$/ } } } },
  { $set: { offset: { $toLong: { $arrayElemAt: ["$id.captures", 1] } } } },
  {
    $set: {
      block: {
        $concat: [
          { $arrayElemAt: ["$id.captures", 0] },
          { $toString: { $subtract: ["$offset", { $mod: ["$offset", OFFSETS_A_BLOCK] }] } },
          { $arrayElemAt: ["$id.captures", 2] },
        ],
      },
    },
  },
  { $sort: { block: 1, offset: 1 } },
  { $group: { _id: "$block", ids: { $push: { k: { $toString: "$offset" }, v: "$of" } } } },
  { $project: { of: { $arrayToObject: "$ids" } } },
  {
    $merge: {
      into: RECEIPTS,
      whenMatched: [{ $set: { of: { $mergeObjects: ["$of", "$$new.of"] } } }],
      whenNotMatched: "insert",
    },
  },
];

/** Each receipt counts once: a gateway of before that redid its tail wrote some again. */
async function countAside({ db, pages }: Packing, aside: readonly string[]): Promise<number> {
  let count = 0;
  for (const [index, name] of aside.entries()) {
    const counted = aside
      .slice(0, index)
      .flatMap((from) => [
        { $lookup: { from, localField: "_id", foreignField: "_id", as: "again" } },
        { $match: { again: [] } },
      ]);
    for await (const filter of pages(name, PAGE)) {
      const stages = [{ $match: filter }, ...counted, { $count: "count" }];
      const [found] = await db.collection(name).aggregate(stages).toArray();
      count += Number(found?.["count"] ?? 0);
    }
  }
  return count;
}

async function countPacked({ db, pages }: Packing): Promise<number> {
  let count = 0;
  for await (const filter of pages(RECEIPTS, PAGE_OF_BLOCKS)) {
    const stages = [{ $match: filter }, { $group: { _id: null, sum: { $sum: { $size: { $objectToArray: "$of" } } } } }];
    const [found] = await db.collection(RECEIPTS).aggregate(stages).toArray();
    count += Number(found?.["sum"] ?? 0);
  }
  return count;
}

/** Whether the collection demands what a packed receipt is. */
async function isPacked(db: Db): Promise<boolean> {
  const [found] = await db.listCollections({ name: RECEIPTS }, { nameOnly: false }).toArray();
  const { validator } = (found as { readonly options?: { readonly validator?: unknown } } | undefined)?.options ?? {};
  return JSON.stringify(validator) === JSON.stringify({ of: { $type: "object" } });
}

async function setAside(db: Db): Promise<readonly string[]> {
  const found = await db.listCollections({ type: "collection" }, { nameOnly: true }).toArray();
  return found
    .map(({ name }) => name)
    .filter((name) => ASIDE.test(name))
    .toSorted();
}

async function freeName(db: Db): Promise<string> {
  const taken = await setAside(db);
  return taken.length === 0 ? `${RECEIPTS}_3` : `${RECEIPTS}_3_${taken.length + 1}`;
}

function writtenMeanwhile(): Unavailable {
  const message = `Cannot migrate the store: a gateway of another build keeps making ${RECEIPTS} again`;
  return new Unavailable("STORE_LOCKED", message, "end that gateway, then run this again: it goes on");
}

function changedReceipts(count: number, name: string): Unavailable {
  const message = `Cannot migrate the store: ${name} holds documents (${count}) that no gateway of its layout writes`;
  const remedy =
    "run `sigma audit` with the build that wrote the store, then `sigma store repair --replace`; nothing was changed";
  return new Unavailable("STORE_CORRUPT", message, remedy);
}
