import { hash } from "node:crypto";
import type { PayloadLimits } from "./contract-set.ts";
import type { Header } from "./record.ts";
import { structuredEvent } from "./structured-event.ts";

/**
 * The framing of Confluent's serializers. Version 0: a zero byte, the registry's schema id as a big-endian 32-bit
 * integer, the payload. Version 1: a byte 1, a GUID of 16 bytes, the payload. Newer serializers put the same prefix
 * into a header and leave the value without a prefix. No JSON text begins with either byte (RFC 8259), so a payload is
 * never mistaken for a prefix.
 */
const MAGIC_ID = 0x00;
const MAGIC_GUID = 0x01;
const ID_FRAME_BYTES = 5;
const GUID_FRAME_BYTES = 17;

/** Header that may carry the prefix instead of the value. */
export const SCHEMA_ID_HEADER = "__value_schema_id";

/** Length of a value's prefix in bytes; 0 when it has none. */
export function frameBytes(value: Uint8Array): 0 | 5 | 17 {
  const magic = value[0];
  if (magic === MAGIC_ID && value.length >= ID_FRAME_BYTES) return ID_FRAME_BYTES;
  if (magic === MAGIC_GUID && value.length >= GUID_FRAME_BYTES) return GUID_FRAME_BYTES;
  return 0;
}

/** Limits for records that were accepted before: they are not checked again. */
const UNLIMITED: PayloadLimits = { bytesMax: Number.MAX_SAFE_INTEGER - 65_536, depthMax: 1_000 };

/** The payload in a record's value: without its CloudEvent envelope and without a prefix. */
export function payloadBytes(value: Uint8Array, headers: readonly Header[]): Uint8Array {
  const event = headers.length === 0 ? null : structuredEvent(headers, value, UNLIMITED);
  const inner = event?.ok === true && event.value !== null ? event.value : value;
  const length = frameBytes(inner);
  return length === 0 ? inner : inner.subarray(length);
}

/** The schema id in a value's prefix: decimal digits, or a GUID in its usual form; null without a prefix. */
export function framedSchemaId(value: Uint8Array | null): string | null {
  if (value === null) return null;
  switch (frameBytes(value)) {
    case 0:
      return null;
    case ID_FRAME_BYTES:
      return String(Buffer.from(value.buffer, value.byteOffset, ID_FRAME_BYTES).readInt32BE(1));
    case GUID_FRAME_BYTES:
      return guidText(Buffer.from(value.buffer, value.byteOffset + 1, GUID_FRAME_BYTES - 1).toString("hex"));
  }
}

/** The schema id in a header; null when it is another header, "" when its value is not a valid prefix. */
export function headerSchemaId([name, value]: Header): string | null {
  if (name.toLowerCase() !== SCHEMA_ID_HEADER) return null;
  return value.length === frameBytes(value) ? (framedSchemaId(value) ?? "") : "";
}

/** Every schema id in a record's headers and in its value's prefix. */
export function schemaIdsOf(record: {
  readonly headers: readonly Header[];
  readonly value: Uint8Array | null;
}): readonly string[] {
  const event = record.headers.length === 0 ? null : structuredEvent(record.headers, record.value, UNLIMITED);
  const framed = framedSchemaId(event?.ok === true ? event.value : record.value);
  const ids = record.headers.map(headerSchemaId).filter((id) => id !== null && id !== "");
  return framed === null ? (ids as readonly string[]) : [...(ids as readonly string[]), framed];
}

/**
 * The ids under which this gateway's own registry serves a version. They are derived from the version's digest, so that
 * gateways with the same contracts give the same ids without coordination. `id` is 1 .. 2^31-1, as serializers expect.
 */
export function ownSchemaIds(versionDigest: string): { readonly id: number; readonly guid: string } {
  const drawn = hash("sha256", versionDigest);
  const id = 1 + (Number.parseInt(drawn.slice(0, 8), 16) % 0x7fffffff);
  // RFC 9562 version 8: the bits of version and variant are fixed, the others are free.
  const variant = ((Number.parseInt(drawn.slice(24, 25), 16) & 0x3) | 0x8).toString(16);
  return { id, guid: guidText(`${drawn.slice(8, 20)}8${drawn.slice(21, 24)}${variant}${drawn.slice(25, 40)}`) };
}

function guidText(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
