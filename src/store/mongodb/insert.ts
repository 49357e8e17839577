import { MongoServerError, type Db } from "mongodb";
import type { FailureReason } from "../../core/failure.ts";
import type { Inserted, Occurrence } from "../store.ts";
import { WRITE_CONCERN } from "./connect.ts";
import type { Document } from "./documents.ts";
import { inlineSize } from "./long-bytes.ts";
import { DUPLICATE_KEY } from "./unavailable.ts";

/** A command is one BSON document: 16 MiB, and some room. */
const COMMAND_BYTES_MAX = 14_000_000;
/** What a document has besides its record's bytes and its reason, and how much larger a payload can be in BSON than in JSON ("[1,1"). */
const DOCUMENT_BYTES = 1_024;
const BSON_PER_JSON = 9;

/**
 * Inserts all it can, unordered, with the plain command: the driver's bulk interface measures and copies each document and
 * costs twice the time (measured, 7.9). Not retried by the driver: the protocol repeats the whole batch anyway.
 *
 * A duplicate key is an answer only when the same reply carries no write concern error, which the driver throws: without
 * the wait, the document that holds the key may be rolled back (mutant "E11000 without wait": data lost in 74 of 20,000
 * simulated histories).
 * @returns what refused a document, by its place.
 */
export async function insertAll<Row extends Occurrence>(
  db: Db,
  collection: string,
  rows: readonly Row[],
  documentOf: (row: Row) => Document,
): Promise<ReadonlyMap<number, Inserted>> {
  const taken = new Map<number, Inserted>();
  for (let from = 0; from < rows.length;) {
    const to = endOfCommand(rows, from);
    const answer = await db.command({
      insert: collection,
      documents: rows.slice(from, to).map(documentOf),
      ordered: false,
      writeConcern: WRITE_CONCERN,
    });
    for (const { index, code, errmsg, keyPattern } of (answer["writeErrors"] ?? []) as readonly WriteError[]) {
      if (code !== DUPLICATE_KEY) throw new MongoServerError({ code, message: errmsg });
      taken.set(from + index, Object.hasOwn(keyPattern, "_id") ? "id-exists" : "position-exists");
    }
    from = to;
  }
  return taken;
}

type WriteError = {
  readonly index: number;
  readonly code: number;
  readonly errmsg: string;
  readonly keyPattern: Readonly<Record<string, unknown>>;
};

function endOfCommand(rows: readonly Occurrence[], from: number): number {
  let bytes = 0;
  let to = from;
  for (; to < rows.length; to += 1) {
    const row = rows[to] as Occurrence & { readonly reason?: FailureReason };
    bytes += DOCUMENT_BYTES + inlineSize(row.raw, row);
    // A failure has a reason, any other document its payload or what names one.
    bytes += row.reason === undefined ? (row.raw?.length ?? 0) * BSON_PER_JSON : reasonBytes(row.reason);
    if (bytes > COMMAND_BYTES_MAX && to > from) break;
  }
  return to;
}

/** At most: a UTF-16 unit takes three bytes, a violation's names and lengths less than 128. */
function reasonBytes(reason: FailureReason): number {
  if (reason.kind !== "schema" && reason.kind !== "rule") return 3 * JSON.stringify(reason).length;
  let bytes = 0;
  for (const violation of reason.violations) {
    bytes += 128 + 3 * violation.message.length;
    bytes +=
      3 * ("pointer" in violation ? violation.pointer.length + violation.schemaPath.length : violation.id.length);
  }
  return bytes;
}
