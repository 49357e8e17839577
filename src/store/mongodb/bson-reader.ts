/** A decoded document. 64-bit integers are `bigint`, other numbers `number`, binary data `Buffer`. */
export type Document = { _id: string; [field: string]: unknown };

/** Stands for a value of a type that is not decoded, such as a date or ObjectId. It equals nothing and is no number, text or bytes. */
const FOREIGN: unknown = Object.freeze(Object.create({ toString: () => "a value of another type" }));

/** A read position in the bytes. */
type Cursor = { readonly bytes: Buffer; at: number };

/**
 * Decodes one BSON document (bsonspec.org, version 1.1) without interpreting names. The driver's decoder turns members called
 * `$ref` and `$id` into a reference and drops them. It also turns a 64-bit integer into a double, unless `useBigInt64` is set;
 * that option also changes what the driver reads for itself, and its monitor then crashes.
 *
 * @param bytes must not change afterwards: binary data is a view of them.
 * @throws when the bytes are no document.
 */
export function readDocument(bytes: Uint8Array): Document {
  const cursor = { bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), at: 0 };
  return readMembers(cursor) as Document;
}

/** A field of a document, with the bounds of its value, which is not decoded. */
export type Field = {
  readonly name: string;
  /** The type by its number on bsonspec.org. */
  readonly type: number;
  /** First byte of the value, and the byte after its last. */
  readonly from: number;
  readonly to: number;
};

/**
 * Lists the fields of a document in order. A name that is there twice is listed twice.
 * @param at the byte at which the document begins.
 * @throws when the bytes are no document.
 */
export function fieldsOf(bytes: Buffer, at = 0): readonly Field[] {
  const cursor = { bytes, at };
  const fields: Field[] = [];
  for (let type = open(cursor); type !== 0; type = next(cursor)) {
    const name = readName(cursor);
    const from = cursor.at;
    skipValue(cursor, type);
    fields.push({ name, type, from, to: cursor.at });
  }
  return fields;
}

/** Returns the byte after a field. @param at the byte at which the field begins, that of its type. @throws when the bytes are no field. */
export function endOfField(bytes: Buffer, at: number): number {
  const cursor = { bytes, at: at + 1 };
  const end = bytes.indexOf(0, cursor.at);
  if (end === -1) throw new Error("Cannot read BSON: a name has no end");
  cursor.at = end + 1;
  skipValue(cursor, bytes.readUInt8(at));
  return cursor.at;
}

/** Decodes the value of a field as {@link readDocument} does. */
export function valueOf(bytes: Buffer, { type, from }: Field): unknown {
  return readValue({ bytes, at: from }, type);
}

function readMembers(cursor: Cursor): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  for (let type = open(cursor); type !== 0; type = next(cursor)) {
    const name = readName(cursor);
    const value = readValue(cursor, type);
    if (name === "__proto__")
      Object.defineProperty(members, name, { value, writable: true, enumerable: true, configurable: true });
    else members[name] = value;
  }
  return members;
}

/** Reads the items of an array. Their names are indexes in order, and are skipped. */
function readItems(cursor: Cursor): unknown[] {
  const items: unknown[] = [];
  for (let type = open(cursor); type !== 0; type = next(cursor)) {
    readName(cursor);
    items.push(readValue(cursor, type));
  }
  return items;
}

/** Skips the length of a document. @returns the type of its first member; 0 when there is none. */
function open(cursor: Cursor): number {
  cursor.at += 4;
  return next(cursor);
}

function next(cursor: Cursor): number {
  const type = cursor.bytes.readUInt8(cursor.at);
  cursor.at += 1;
  return type;
}

function readName(cursor: Cursor): string {
  const { bytes, at } = cursor;
  const end = bytes.indexOf(0, at);
  if (end === -1) throw new Error("Cannot read BSON: a name has no end");
  cursor.at = end + 1;
  return bytes.toString("utf8", at, end);
}

function readValue(cursor: Cursor, type: number): unknown {
  const { bytes, at } = cursor;
  switch (type) {
    case 0x01:
      cursor.at += 8;
      return bytes.readDoubleLE(at);
    case 0x02: {
      const size = skip(cursor, 4, 0);
      return bytes.toString("utf8", at + 4, at + 4 + size - 1);
    }
    case 0x03:
      return readMembers(cursor);
    case 0x04:
      return readItems(cursor);
    case 0x05: {
      const size = skip(cursor, 5, 0);
      // Only generic bytes (subtype 0) are returned; another subtype gives them a special meaning.
      return bytes.readUInt8(at + 4) === 0 ? bytes.subarray(at + 5, at + 5 + size) : FOREIGN;
    }
    case 0x08:
      cursor.at += 1;
      return bytes.readUInt8(at) === 1;
    case 0x0a:
      return null;
    case 0x10:
      cursor.at += 4;
      return bytes.readInt32LE(at);
    case 0x12:
      cursor.at += 8;
      return bytes.readBigInt64LE(at);
    default:
      skipValue(cursor, type);
      return FOREIGN;
  }
}

/** Size in bytes of the values whose type has a fixed size. */
const FIXED: Readonly<Record<number, number>> = {
  0x01: 8,
  0x06: 0,
  0x07: 12,
  0x08: 1,
  0x09: 8,
  0x0a: 0,
  0x10: 4,
  0x11: 8,
  0x12: 8,
  0x13: 16,
  0x7f: 0,
  0xff: 0,
};

function skipValue(cursor: Cursor, type: number): void {
  const fixed = FIXED[type];
  if (fixed !== undefined) cursor.at += fixed;
  else if (type === 0x0b) {
    readName(cursor);
    readName(cursor);
  } else if (type === 0x0c) skip(cursor, 4, 12);
  else if (type === 0x05) skip(cursor, 5, 0);
  else if (type === 0x02 || type === 0x0d || type === 0x0e) skip(cursor, 4, 0);
  // Documents, arrays and code with scope begin with a length that includes itself.
  else if (type === 0x03 || type === 0x04 || type === 0x0f) skip(cursor, 0, 0);
  else throw new Error(`Cannot read BSON: there is no type ${type}`);
}

/** Skips a value that begins with its size; `before` and `after` are the bytes that the size does not count. @returns the size. */
function skip(cursor: Cursor, before: number, after: number): number {
  const size = cursor.bytes.readInt32LE(cursor.at);
  if (size < 0) throw new Error("Cannot read BSON: a size is below zero");
  cursor.at += before + size + after;
  return size;
}
