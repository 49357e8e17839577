import { Int32, Long, type Db } from "mongodb";
import { seenKey, type FailurePlace, type FailureScan, type RedrivePage } from "../redrives.ts";
import { type Document } from "./bson-reader.ts";
import { WRITE_CONCERN } from "./connect.ts";
import { bigintOf } from "./entry-document.ts";
import { documentsOf, firstOf, pagesOf, RAW } from "./read-raw.ts";
import { openStored, sourceOf } from "./stored-document.ts";
import { guarded } from "./unavailable.ts";

const PLANS = "sigma_redrives";
const PAGES = "sigma_redrive_pages";

/** Stores pages, each under an id of its own, so that a repeated write changes nothing. */
export async function putRedrivePages(db: Db, pages: readonly RedrivePage[]): Promise<void> {
  if (pages.length === 0) return;
  const writes = pages.map(({ plan, stream, from, to, count, runs }) => ({
    updateOne: {
      filter: { _id: `${plan}/${stream}@${from}` },
      update: {
        $setOnInsert: {
          plan,
          stream,
          from: Long.fromBigInt(from),
          to: Long.fromBigInt(to),
          count: new Int32(count),
          runs,
        },
      },
      upsert: true,
    },
  }));
  await db.collection<{ _id: string }>(PAGES).bulkWrite(writes, { ordered: false, writeConcern: WRITE_CONCERN });
}

export async function putRedrive(db: Db, plan: string, text: string): Promise<void> {
  const change = { $setOnInsert: { text } };
  await db
    .collection<{ _id: string }>(PLANS)
    .updateOne({ _id: plan }, change, { upsert: true, writeConcern: WRITE_CONCERN });
}

export async function noteRedriveSeen(db: Db, plan: string, at: string): Promise<void> {
  await db
    .collection<{ _id: string; text: string }>(PLANS)
    .updateOne({ _id: seenKey(plan) }, { $set: { text: at } }, { upsert: true, writeConcern: WRITE_CONCERN });
}

export async function readRedrive(db: Db, plan: string): Promise<string | null> {
  const found = await firstOf(db.collection<Document>(PLANS).find({ _id: plan }, RAW));
  return found === null ? null : String(found["text"]);
}

export async function readRedrivePage(
  db: Db,
  plan: string,
  stream: string,
  offset: bigint,
): Promise<RedrivePage | null> {
  const where = { plan: { $eq: plan }, stream: { $eq: stream }, from: { $lte: Long.fromBigInt(offset) } };
  const [found] = await documentsOf(db.collection(PAGES).find(where, RAW).sort({ from: -1 }).limit(1));
  if (found === undefined) return null;
  const page = {
    plan,
    stream,
    from: bigintOf(found["from"]),
    to: bigintOf(found["to"]),
    count: Number(found["count"]),
    runs: String(found["runs"]),
  };
  return offset < page.to ? page : null;
}

/** Failures in a reply of the server. */
const SCAN_PAGE = 5_000;

export async function* failurePlaces(
  db: Db,
  collection: string,
  { fingerprint, code, streams, from, to, fromMs, toMs }: FailureScan,
): AsyncGenerator<readonly FailurePlace[]> {
  const offset = { ...(from === null ? {} : { $gte: from }), ...(to === null ? {} : { $lt: to }) };
  const at = {
    ...(fromMs === null ? {} : { $gte: new Date(fromMs) }),
    ...(toMs === null ? {} : { $lt: new Date(toMs) }),
  };
  const where = {
    ...(fingerprint === null ? {} : { fingerprint: { $eq: fingerprint } }),
    ...(code === null ? {} : { code: { $eq: code } }),
    ...(streams === null ? {} : { "source.stream": { $in: [...streams] } }),
    ...(from === null && to === null ? {} : { "source.offset": offset }),
    ...(fromMs === null && toMs === null ? {} : { "source.at": at }),
  };
  const options = { ...RAW, projection: { source: 1 }, batchSize: SCAN_PAGE } as const;
  const pages = pagesOf(db.collection(`failed_${collection}`).find(where, options));
  try {
    for (;;) {
      const next = await guarded(async () => pages.next());
      if (next.done === true) return;
      yield next.value.flatMap((bytes): readonly FailurePlace[] => {
        const source = sourceOf(openStored(bytes));
        return source === null ? [] : [{ stream: source.stream, offset: source.offset }];
      });
    }
  } finally {
    await pages.return(undefined);
  }
}
