import { uuidText } from "../../core/uuid.ts";
import { fieldsOf, valueOf, type Field } from "./bson-reader.ts";
import { jsonTextOf } from "./payload.ts";

/** A stored document of which only the bounds of its fields are known; the values are not decoded. */
export type StoredDocument = { readonly bytes: Buffer; readonly fields: readonly Field[] };

/** Finds the fields of a document. @param bytes must not change afterwards. @throws when the bytes are no document. */
export function openStored(bytes: Buffer): StoredDocument {
  return { bytes, fields: fieldsOf(bytes) };
}

/** BSON types by their numbers on bsonspec.org. */
const DOCUMENT = 0x03;
const BINARY = 0x05;
const INT32 = 0x10;
const INT64 = 0x12;
const DATE = 0x09;

/** Size of a UUID value: length, subtype, 16 bytes. */
const UUID_VALUE = 4 + 1 + 16;
const UUID = 0x04;

/** The field with this name; null when the document has none or several, of which none can be trusted. */
export function onlyField(fields: readonly Field[], name: string): Field | null {
  const [found, ...others] = fields.filter((field) => field.name === name);
  return others.length > 0 ? null : (found ?? null);
}

/** The UUID in a field; null when it holds none. */
export function uuidOf({ bytes, fields }: StoredDocument, name: string): string | null {
  const field = onlyField(fields, name);
  return field === null ? null : uuidAt(bytes, field);
}

/** The UUID that is the value of a field; null when the value is none. */
export function uuidAt(bytes: Buffer, { type, from, to }: Field): string | null {
  if (type !== BINARY || to - from !== UUID_VALUE || bytes[from + 4] !== UUID) return null;
  return uuidText(bytes, to - 16);
}

/** The machine id of a fact; null when the document has none. */
export function factIdOf(stored: StoredDocument): string | null {
  return uuidOf(stored, "_id");
}

/** The text in a field; null when it holds none. */
export function textOf({ bytes, fields }: StoredDocument, name: string): string | null {
  const field = onlyField(fields, name);
  const value = field === null ? null : valueOf(bytes, field);
  return typeof value === "string" ? value : null;
}

/** The position in the `source` field of a fact or failure; null when it is missing or does not have the types that we write. */
export function sourceOf({
  bytes,
  fields,
}: StoredDocument): { readonly stream: number; readonly offset: bigint } | null {
  const source = onlyField(fields, "source");
  if (source === null || source.type !== DOCUMENT) return null;
  const parts = fieldsOf(bytes, source.from);
  const [stream, offset] = [onlyField(parts, "stream"), onlyField(parts, "offset")];
  if (stream === null || stream.type !== INT32 || offset === null || offset.type !== INT64) return null;
  return { stream: bytes.readInt32LE(stream.from), offset: bytes.readBigInt64LE(offset.from) };
}

/** The milliseconds of a date in a nested document; null when there is none. */
export function dateOf({ bytes, fields }: StoredDocument, outer: string, inner: string): bigint | null {
  const nested = onlyField(fields, outer);
  if (nested === null || nested.type !== DOCUMENT) return null;
  const date = onlyField(fieldsOf(bytes, nested.from), inner);
  return date === null || date.type !== DATE ? null : bytes.readBigInt64LE(date.from);
}

/** Field of an erased fact, in place of the payload: SHA-256 in hex of the RFC 8785 form of the payload that it had. */
export const ERASED = "erased";

/** The text in a nested document; null when there is none. */
export function textIn({ bytes, fields }: StoredDocument, outer: string, inner: string): string | null {
  const nested = onlyField(fields, outer);
  if (nested === null || nested.type !== DOCUMENT) return null;
  const field = onlyField(fieldsOf(bytes, nested.from), inner);
  const value = field === null ? null : valueOf(bytes, field);
  return typeof value === "string" ? value : null;
}

/** The payload as JSON text. @throws when it is missing, there twice or no JSON, because the document was changed. */
export function payloadTextOf({ bytes, fields }: StoredDocument): string {
  const payload = onlyField(fields, "payload");
  if (payload === null) throw new Error("it has no payload, or two");
  return jsonTextOf(valueOf(bytes, payload));
}
