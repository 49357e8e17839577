import type { Binary, Db, Long } from "mongodb";
import { READ_CONCERN } from "./connect.ts";
import { idOf, textIn } from "./document-id.ts";
import { bytesOf } from "./read-raw.ts";

/** The most ids in one query. With 9,000 the server needs 2.7 us of CPU an id, with 3,000 3.1 (measured). */
const IDS_MAX = 10_000;

type Id = Binary | string;

/**
 * Reads documents by id as undecoded bytes, in pages of as many as one reply of the server holds. The driver's cursor makes several
 * promises and decodes each document itself: 14 us of CPU a document instead of 4 (measured, 7.9).
 */
export async function* findByIds(
  db: Db,
  collection: string,
  ids: readonly Id[],
): AsyncGenerator<readonly Buffer[], void> {
  for (let from = 0; from < ids.length; from += IDS_MAX)
    yield* inMessages(db, collection, ids.slice(from, from + IDS_MAX));
}

/** Reads which of these ids are taken. The ids are those of failures, which are texts. */
export async function whichAreThere(db: Db, collection: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const there = new Set<string>();
  for (let from = 0; from < ids.length; from += IDS_MAX) {
    // Only the ids are read, so one reply always holds all of them.
    const { firstBatch } = await find(db, collection, ids.slice(from, from + IDS_MAX), { _id: 1 });
    for (const found of firstBatch) there.add(textIn(idOf(bytesOf(found))));
  }
  return there;
}

async function* inMessages(db: Db, collection: string, ids: readonly Id[]): AsyncGenerator<readonly Buffer[], void> {
  const { id, firstBatch } = await find(db, collection, ids);
  if (id.isZero()) {
    yield firstBatch.map(bytesOf);
    return;
  }
  // The documents exceed one reply of 16 MiB, so each half of the ids is asked for alone. One document always fits.
  await db.command({ killCursors: collection, cursors: [id] });
  const half = Math.ceil(ids.length / 2);
  yield* inMessages(db, collection, ids.slice(0, half));
  yield* inMessages(db, collection, ids.slice(half));
}

type Answer = { readonly id: Long; readonly firstBatch: readonly unknown[] };

/**
 * Only the documents in the reply stay undecoded. With the whole reply undecoded the driver could not read an error in it, and its
 * monitor would crash (test/store/mongodb/step-downs.test.ts).
 */
const DOCUMENTS_RAW = { fieldsAsRaw: { firstBatch: true }, promoteLongs: false };

async function find(
  db: Db,
  collection: string,
  ids: readonly Id[],
  projection: Readonly<Record<string, 1>> = {},
): Promise<Answer> {
  const filter = { _id: { $in: ids } };
  // With room for one document more than asked for, the server closes the cursor in the first reply.
  const batchSize = ids.length + 1;
  const query = { find: collection, filter, projection, batchSize, readConcern: READ_CONCERN };
  const answer = await db.command(query, DOCUMENTS_RAW);
  return answer["cursor"] as Answer;
}
