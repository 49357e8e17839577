import { Binary } from "mongodb";

/** Behind the length of a document stand type and name of its first field, which is its id. */
const ID_AT = 4 + 1 + 4;
/** Before the bytes of a UUID, and those of a text, which end with NUL: their length, and a subtype. */
const UUID_HEAD = 5;
const TEXT_HEAD = 4;

/** The value of the id of a document, whose other fields need not be read for it. A view. */
export function idOf(bytes: Buffer): Buffer {
  const head = bytes[4] === 0x05 ? UUID_HEAD : TEXT_HEAD;
  return bytes.subarray(ID_AT, ID_AT + head + bytes.readInt32LE(ID_AT));
}

/** What {@link idOf} gave of a fact, to ask for it. */
export function uuidIn(id: Uint8Array): Binary {
  return new Binary(id.subarray(UUID_HEAD), Binary.SUBTYPE_UUID);
}

/** The same of what is stored under a position. */
export function textIn(id: Buffer): string {
  return id.toString("utf8", TEXT_HEAD, id.length - 1);
}
