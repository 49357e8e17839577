import { MongoServerError, type Db } from "mongodb";
import { Unavailable } from "../../core/unavailable.ts";
import type { Occurrence } from "../store.ts";
import { createBsonWriter, type BsonWriter } from "./bson-writer.ts";
import { WRITE_CONCERN } from "./connect.ts";
import { beginSequence, endSequence, sequenceBytes } from "./document-sequence.ts";
import { insertLongBytes } from "./long-bytes.ts";
import { DUPLICATE_KEY } from "./unavailable.ts";
import type { WriteRow } from "./write-documents.ts";

/** A command is sent when its documents are larger than this; with the last of them it stays under the 48,000,000 of a message. */
const COMMAND_BYTES = 14_000_000;
/** Of documents, in one command (maxWriteBatchSize). */
const COMMAND_DOCUMENTS = 100_000;
const BUFFER_BYTES = 262_144;
/** Buffers that wait for the next insert; a larger one is let go. */
const BUFFERS_KEPT = 8;
const BUFFER_BYTES_KEPT = 4_194_304;

/**
 * Inserts all it can, unordered, after what is too long for its document. Not retried by the driver: the protocol repeats the whole batch anyway.
 *
 * A duplicate key is an answer only when the same reply carries no write concern error, which the driver throws: without
 * the wait, the document that holds the key may be rolled back (mutant "E11000 without wait": data lost in 74 of 20,000
 * simulated histories).
 * @returns the places of the documents whose id is taken.
 * @throws `Unavailable` with code STORE_REFUSED when another index refused a document: none of ours could.
 */
export type InsertAll = <Row extends Occurrence>(
  collection: string,
  rows: readonly Row[],
  write: WriteRow<Row>,
) => Promise<ReadonlySet<number>>;

/**
 * With the plain command and documents that are written here. The driver's bulk interface costs twice the time of its plain
 * command; with the driver's serializer the process needs 28 us of CPU a record instead of 18 to 21 (measured, 7.9).
 */
export function createInsertAll(db: Db): InsertAll {
  const writers: BsonWriter[] = [];
  return async (collection, rows, write) => {
    await insertLongBytes(db, rows);
    const taken = new Set<number>();
    for (let from = 0; from < rows.length;) {
      // One that is in flight when an error comes is not used again: nobody knows whether its bytes are still being sent.
      const writer = writers.pop() ?? createBsonWriter(BUFFER_BYTES);
      beginSequence(writer);
      let to = from;
      while (to < rows.length && to - from < COMMAND_DOCUMENTS && sequenceBytes(writer) < COMMAND_BYTES) {
        write(writer, rows[to] as (typeof rows)[number]);
        to += 1;
      }
      const answer = await db.command({
        insert: collection,
        documents: endSequence(writer),
        ordered: false,
        writeConcern: WRITE_CONCERN,
      });
      if (writers.length < BUFFERS_KEPT && writer.bytes.length <= BUFFER_BYTES_KEPT) writers.push(writer);
      for (const { index, code, errmsg, keyPattern } of (answer["writeErrors"] ?? []) as readonly WriteError[]) {
        if (code !== DUPLICATE_KEY) throw new MongoServerError({ code, message: errmsg });
        if (!Object.hasOwn(keyPattern, "_id")) throw refusedByIndex(collection, keyPattern);
        taken.add(from + index);
      }
      from = to;
    }
    return taken;
  };
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
