import { Binary } from "mongodb";
import { UUID_BYTES } from "../../core/uuid.ts";

/** Byte at which the value of `_id`, the first field, begins: after the document's length, the type, and the name with its NUL. */
const ID_AT = 4 + 1 + 4;
/** Bytes before the content of a value: length and subtype for a UUID, length for a text (which ends with NUL). */
const UUID_HEAD = 5;
const TEXT_HEAD = 4;

/** The encoded value of a document's `_id`, read without the other fields. A view. */
export function idOf(bytes: Buffer): Buffer {
  const head = bytes[4] === 0x05 ? UUID_HEAD : TEXT_HEAD;
  return bytes.subarray(ID_AT, ID_AT + head + bytes.readInt32LE(ID_AT));
}

/** Converts the encoded id of a fact for a query. */
export function uuidIn(id: Uint8Array): Binary {
  return uuidAt(id, UUID_HEAD);
}

/** The id of a fact for a query. @param from where its 16 bytes begin. */
export function uuidAt(bytes: Uint8Array, from: number): Binary {
  return new Binary(bytes.subarray(from, from + UUID_BYTES), Binary.SUBTYPE_UUID);
}

/** Converts the encoded id of a failure for a query. */
export function textIn(id: Buffer): string {
  return id.toString("utf8", TEXT_HEAD, id.length - 1);
}
