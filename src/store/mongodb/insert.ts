import { MongoServerError, type Db } from "mongodb";
import { Unavailable } from "../../core/unavailable.ts";
import type { Occurrence } from "../store.ts";
import { WRITE_CONCERN } from "./connect.ts";
import { endSequence } from "./document-sequence.ts";
import { insertLongBytes } from "./long-bytes.ts";
import { stageDocuments, type Buffers, type StagedDocuments } from "./staged-documents.ts";
import { DUPLICATE_KEY } from "./unavailable.ts";
import type { WriteRow } from "./write-documents.ts";

/**
 * Inserts all it can, unordered, after what is too long for its document. Not retried by the driver: the protocol repeats the whole batch anyway.
 *
 * A duplicate key is an answer only when the same reply carries no write concern error, which the driver throws: without
 * the wait, the document that holds the key may be rolled back (mutant "E11000 without wait": data lost in 74 of 20,000
 * simulated histories).
 *
 * With the plain command and documents that are written here. The driver's bulk interface costs twice the time of its plain
 * command; with the driver's serializer the process needs 28 us of CPU a record instead of 18 to 21 (measured, 7.9).
 * @returns the places of the documents whose id is taken.
 * @throws `Unavailable` with code STORE_REFUSED when another index refused a document: none of ours could.
 */
export async function insertStaged<Row>(
  db: Db,
  collection: string,
  { commands, long }: StagedDocuments<Row>,
): Promise<ReadonlySet<number>> {
  await insertLongBytes(db, long);
  const taken = new Set<number>();
  let before = 0;
  for (const { writer, starts } of commands) {
    const answer = await db.command({
      insert: collection,
      documents: endSequence(writer),
      ordered: false,
      writeConcern: WRITE_CONCERN,
    });
    for (const { index, code, errmsg, keyPattern } of (answer["writeErrors"] ?? []) as readonly WriteError[]) {
      if (code !== DUPLICATE_KEY) throw new MongoServerError({ code, message: errmsg });
      if (!Object.hasOwn(keyPattern, "_id")) throw refusedByIndex(collection, keyPattern);
      taken.add(before + index);
    }
    before += starts.length;
  }
  return taken;
}

/** The same for rows under their position: one that is there is our own, from before. */
export async function insertOwn<Row extends Occurrence>(
  db: Db,
  collection: string,
  rows: readonly Row[],
  buffers: Buffers,
  write: WriteRow<Row>,
): Promise<void> {
  const staged = stageDocuments(buffers, write);
  rows.forEach(staged.add);
  await insertStaged(db, collection, staged);
  staged.release();
}

type WriteError = {
  readonly index: number;
  readonly code: number;
  readonly errmsg: string;
  readonly keyPattern: Readonly<Record<string, unknown>>;
};

/** Names the fields of the key and never its values. */
function refusedByIndex(collection: string, keyPattern: WriteError["keyPattern"]): Unavailable {
  const message = `Cannot store a document in ${collection}: a unique index on ${Object.keys(keyPattern).join(", ")} refuses it`;
  return new Unavailable("STORE_REFUSED", message, "drop that index: it is not the gateway's; `sigma doctor` names it");
}
