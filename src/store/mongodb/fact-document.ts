import { contractText } from "../contract-text.ts";
import { originText } from "../../core/origin.ts";
import { putUuid } from "../../core/uuid.ts";
import type { ErasedFact, ValidatedRow } from "../store.ts";
import type { StreamNote } from "../stream-note.ts";
import { redriveOf } from "../../ledger/redrive-stream.ts";
import {
  closeDocument,
  createBsonWriter,
  openDocument,
  putInt64,
  writeFields,
  writeText,
  writeUuid,
  writtenBytes,
  type BsonWriter,
  DOCUMENT,
  openNested,
  writeDate,
  writeInt32,
  writeInt64,
} from "./bson-writer.ts";
import { writePayload } from "./payload.ts";
import { ERASED } from "./stored-document.ts";

/** The encoded fields after the payload, and the positions in them of the offset and the time, which differ by record. */
type Tail = Pick<ValidatedRow, "contract" | "declaredBy"> & {
  readonly stream: StreamNote;
  readonly bytes: Uint8Array;
  readonly offsetAt: number;
  readonly timeAt: number;
};

/** Placeholder that each record's id overwrites. */
const NO_ID = "00000000-0000-0000-0000-000000000000";

/**
 * Creates an encoder of facts. It copies the bytes that all facts of one stream and contract version share, and overwrites the
 * values that differ by record: id, payload, offset and time.
 */
export function createFactWriter(): WriteRow<ValidatedRow> {
  const own = createBsonWriter(512);
  const head = headBytes(own);
  let tail: Tail | null = null;
  return (writer, stream, row) => {
    const { id, position, timestampMs, contract, declaredBy, payload, numbers } = row;
    const origin = originText(row.headers);
    if (tail === null || tail.contract !== contract || tail.declaredBy !== declaredBy || tail.stream !== stream)
      tail = tailOf(own, stream, row);
    const opened = writer.size;
    writeFields(writer, head);
    putUuid(writer.bytes, writer.size - 16, id);
    writePayload(writer, "payload", payload, numbers);
    const after = writer.size;
    if (origin === null) {
      writeFields(writer, tail.bytes);
      putInt64(writer, after + tail.offsetAt, position.offset);
      putInt64(writer, after + tail.timeAt, timestampMs);
    } else writeTail(writer, stream, row, origin);
    closeDocument(writer, opened);
  };
}

/** Encodes the document of an erased fact. */
export function writeErased(writer: BsonWriter, stream: StreamNote, row: ErasedFact): void {
  const { id, position, timestampMs, contract, declaredBy, content } = row;
  const opened = openDocument(writer);
  writeUuid(writer, "_id", id);
  writeText(writer, ERASED, content);
  writeText(writer, "contract", contractText(contract));
  if (declaredBy !== "default") writeText(writer, "declared", declaredBy);
  // Its headers are gone with its bytes.
  writeSource(writer, stream, position.offset, timestampMs, null);
  closeDocument(writer, opened);
}

/** The first bytes of every fact: the document's length and the `_id` field, both to be overwritten. */
function headBytes(own: BsonWriter): Uint8Array {
  own.size = 0;
  openDocument(own);
  writeUuid(own, "_id", NO_ID);
  return Buffer.from(writtenBytes(own));
}

function tailOf(own: BsonWriter, stream: StreamNote, row: ValidatedRow): Tail {
  const { contract, declaredBy } = row;
  own.size = 0;
  writeTail(own, stream, row, null);
  // The bytes end with: offset (8 bytes), type and name of `at` (4), time (8), end of `source` (1).
  const timeAt = own.size - 9;
  return { contract, declaredBy, stream, bytes: Buffer.from(writtenBytes(own)), offsetAt: timeAt - 12, timeAt };
}

/** Writes the fields of a fact behind the payload. @param origin where the record arrived before a router moved it; null: here. */
function writeTail(writer: BsonWriter, stream: StreamNote, row: ValidatedRow, origin: string | null): void {
  const { contract, declaredBy, position, timestampMs } = row;
  writeText(writer, "contract", contractText(contract));
  if (declaredBy !== "default") writeText(writer, "declared", declaredBy);
  writeSource(writer, stream, position.offset, timestampMs, origin);
}

/**
 * Writes the `source` field of facts and failures: the position and timestamp of the record. Of a redriven record it also has the id
 * of the plan as `redrive`; the record failed first at the same topic, partition and offset. Of a record that a router moved it also
 * has `origin`, the position at which it arrived.
 */
export function writeSource(
  writer: BsonWriter,
  { number, stream, topic, partition }: StreamNote,
  offset: bigint | number,
  at: bigint | number,
  origin: string | null,
): void {
  const opened = openNested(writer, "source", DOCUMENT);
  writeInt32(writer, "stream", number);
  writeText(writer, "topic", topic);
  writeInt32(writer, "partition", partition);
  const redrive = redriveOf(stream);
  if (redrive !== null) writeText(writer, "redrive", redrive.plan);
  if (origin !== null) writeText(writer, "origin", origin);
  // The last two, at fixed places from the end: src/store/mongodb/fact-reader.ts.
  writeInt64(writer, "offset", offset);
  writeDate(writer, "at", at);
  closeDocument(writer, opened);
}

/** Encodes one row of a stream as one document. */
export type WriteRow<Row> = (writer: BsonWriter, stream: StreamNote, row: Row) => void;
