import { putUuid } from "../../core/uuid.ts";
import type { ErasedFact, StreamNote, ValidatedRow } from "../store.ts";
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
} from "./bson-writer.ts";
import { writePayload } from "./payload.ts";
import { ERASED } from "./stored-document.ts";
import { contractText, writeSource, type WriteRow } from "./write-documents.ts";

/** Everything behind the payload, and where in it the values of one record stand. */
type Tail = Pick<ValidatedRow, "contract" | "declaredBy"> & {
  readonly stream: StreamNote;
  readonly bytes: Uint8Array;
  readonly offsetAt: number;
  readonly timeAt: number;
};

/** What stands in the place of an id until a record's own does. */
const NO_ID = "00000000-0000-0000-0000-000000000000";

/**
 * Writes facts: what is the same in the facts of a stream under one version is copied, and the values of a record are put in
 * their places.
 */
export function createFactWriter(): WriteRow<ValidatedRow> {
  const own = createBsonWriter(512);
  const head = headBytes(own);
  let tail: Tail | null = null;
  return (writer, stream, row) => {
    const { id, position, timestampMs, contract, declaredBy, payload, numbers } = row;
    if (tail === null || tail.contract !== contract || tail.declaredBy !== declaredBy || tail.stream !== stream)
      tail = tailOf(own, stream, row);
    const opened = writer.size;
    writeFields(writer, head);
    putUuid(writer.bytes, writer.size - 16, id);
    writePayload(writer, "payload", payload, numbers);
    const after = writer.size;
    writeFields(writer, tail.bytes);
    putInt64(writer, after + tail.offsetAt, position.offset);
    putInt64(writer, after + tail.timeAt, timestampMs);
    closeDocument(writer, opened);
  };
}

/** Writes what is left of a fact that was erased. */
export function writeErased(writer: BsonWriter, stream: StreamNote, row: ErasedFact): void {
  const { id, position, timestampMs, contract, declaredBy, content } = row;
  const opened = openDocument(writer);
  writeUuid(writer, "_id", id);
  writeText(writer, ERASED, content);
  writeText(writer, "contract", contractText(contract));
  if (declaredBy !== "default") writeText(writer, "declared", declaredBy);
  writeSource(writer, stream, position.offset, timestampMs);
  closeDocument(writer, opened);
}

/** The length of a document, and its id. */
function headBytes(own: BsonWriter): Uint8Array {
  own.size = 0;
  openDocument(own);
  writeUuid(own, "_id", NO_ID);
  return Buffer.from(writtenBytes(own));
}

function tailOf(own: BsonWriter, stream: StreamNote, { contract, declaredBy }: ValidatedRow): Tail {
  own.size = 0;
  writeText(own, "contract", contractText(contract));
  if (declaredBy !== "default") writeText(own, "declared", declaredBy);
  writeSource(own, stream, 0, 0);
  // The time is the last of it, but for the end of the source; before it are its type and the name `at`.
  const timeAt = own.size - 9;
  return { contract, declaredBy, stream, bytes: Buffer.from(writtenBytes(own)), offsetAt: timeAt - 12, timeAt };
}
