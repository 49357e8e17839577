import { isObject } from "../../json/json.ts";
import type { Position } from "../../core/record.ts";
import type { NewValidated } from "../store.ts";
import {
  DOCUMENT,
  closeDocument,
  createBsonWriter,
  openDocument,
  openNested,
  putInt64,
  writeBinary,
  writeFields,
  writeInt64,
  writeText,
  writtenBytes,
  type BsonWriter,
} from "./bson-writer.ts";
import { INLINE_MAX } from "./long-bytes.ts";
import { writeMembers } from "./payload.ts";
import type { JudgedBy, WriteRow } from "./write-documents.ts";

/** Digits and hyphens of a machine id, and digits of a hash: what stands in their places until a record's own do. */
const ID = "0".repeat(36);
const HASH = "0".repeat(64);

/** Everything before the bytes of a record without key and headers, and where in it the values of one record stand. */
type Head = {
  readonly position: Position;
  readonly bytes: Uint8Array;
  readonly idAt: number;
  readonly offsetAt: number;
  readonly timeAt: number;
  readonly lengthAt: number;
};

/** Everything between those bytes and the members of the payload. */
type Middle = JudgedBy & { readonly bytes: Uint8Array; readonly hashAt: number; readonly payloadAt: number };

/**
 * Writes facts as `whole` does, in half the time (measured, Node 24): what is the same in the facts of a stream under one version is
 * copied, and the values of a record are put in their places. A record that has more than that, as a key, is left to `whole`.
 */
export function createFactWriter(
  whole: WriteRow<NewValidated>,
  writePlace: WriteRow<Position>,
  writeJudgedBy: WriteRow<JudgedBy>,
): WriteRow<NewValidated> {
  const own = createBsonWriter(512);
  let head: Head | null = null;
  let middle: Middle | null = null;
  return (writer, row) => {
    const { id, position, raw, rawHash, payload, key, headers } = row;
    const plain = key === null && headers.length === 0 && raw !== null && raw.length <= INLINE_MAX;
    if (!plain || rawHash.length !== HASH.length || id.length !== ID.length || !isObject(payload))
      return whole(writer, row);
    if (head === null || !isSamePlace(head.position, position)) head = headOf(own, position, writePlace);
    if (middle === null || middle.contract !== row.contract || middle.declaredBy !== row.declaredBy)
      middle = middleOf(own, row, writeJudgedBy);
    const opened = writer.size;
    writeFields(writer, head.bytes);
    // An id that is more than ASCII has more bytes than there is room for.
    if (writer.bytes.write(id, opened + head.idAt, "utf8") !== ID.length) {
      writer.size = opened;
      return whole(writer, row);
    }
    putInt64(writer, opened + head.offsetAt, position.offset);
    putInt64(writer, opened + head.timeAt, row.timestampMs);
    writer.view.setInt32(opened + head.lengthAt, raw.length, true);
    writeFields(writer, raw);
    const after = writer.size;
    writeFields(writer, middle.bytes);
    writer.bytes.write(rawHash, after + middle.hashAt, "latin1");
    writeMembers(writer, payload, row.numbers);
    closeDocument(writer, after + middle.payloadAt);
    closeDocument(writer, opened);
  };
}

function isSamePlace(a: Position, b: Position): boolean {
  return a.stream === b.stream && a.topic === b.topic && a.partition === b.partition;
}

function headOf(own: BsonWriter, position: Position, writePlace: WriteRow<Position>): Head {
  own.size = 0;
  openDocument(own);
  writeText(own, "_id", ID);
  const idAt = own.size - ID.length - 1;
  writePlace(own, position);
  writeInt64(own, "offset", 0);
  const offsetAt = own.size - 8;
  writeInt64(own, "timestampMs", 0);
  const timeAt = own.size - 8;
  writeBinary(own, "raw", new Uint8Array(0));
  // Length, then the subtype.
  const lengthAt = own.size - 5;
  return { position, bytes: Buffer.from(writtenBytes(own)), idAt, offsetAt, timeAt, lengthAt };
}

function middleOf(own: BsonWriter, { contract, declaredBy }: NewValidated, writeJudgedBy: WriteRow<JudgedBy>): Middle {
  own.size = 0;
  writeText(own, "rawHash", HASH);
  const hashAt = own.size - HASH.length - 1;
  writeJudgedBy(own, { contract, declaredBy });
  const payloadAt = openNested(own, "payload", DOCUMENT);
  return { contract, declaredBy, bytes: Buffer.from(writtenBytes(own)), hashAt, payloadAt };
}
