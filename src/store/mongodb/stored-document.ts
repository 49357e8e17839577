import { uuidText } from "../../core/uuid.ts";
import { fieldsOf, valueOf, type Field } from "./bson-reader.ts";
import { jsonTextOf } from "./payload.ts";

/** A document as it is stored, read no further than to its fields. */
export type StoredDocument = { readonly bytes: Buffer; readonly fields: readonly Field[] };

/** @param bytes that nobody changes afterwards. */
export function openStored(bytes: Buffer): StoredDocument {
  return { bytes, fields: fieldsOf(bytes) };
}

/** Types of fields, as bsonspec.org numbers them. */
const DOCUMENT = 0x03;
const BINARY = 0x05;
const INT32 = 0x10;
const INT64 = 0x12;

/** Length of the bytes, subtype, and the bytes of a UUID. */
const UUID_VALUE = 4 + 1 + 16;
const UUID = 0x04;

/** A field that is there once; of one that is there twice nobody can say which is meant. */
export function onlyField(fields: readonly Field[], name: string): Field | null {
  const [found, ...others] = fields.filter((field) => field.name === name);
  return others.length > 0 ? null : (found ?? null);
}

/** The UUID in a field; null when it holds none. */
export function uuidOf({ bytes, fields }: StoredDocument, name: string): string | null {
  const field = onlyField(fields, name);
  if (field === null || field.type !== BINARY || field.to - field.from !== UUID_VALUE) return null;
  if (bytes[field.from + 4] !== UUID) return null;
  return uuidText(bytes.subarray(field.to - 16, field.to));
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

/** Which record a fact or a failure says that it is of; null when it does not say, or not as it is written. */
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

/** Field of a fact whose record was erased: SHA-256 of the RFC 8785 form of the payload that it had, hex. It then has no payload. */
export const ERASED = "erased";

/** The payload as JSON text. @throws when it is no JSON: somebody changed it. */
export function payloadTextOf({ bytes, fields }: StoredDocument): string {
  const payload = onlyField(fields, "payload");
  if (payload === null) throw new Error("it has no payload, or two");
  return jsonTextOf(valueOf(bytes, payload));
}
