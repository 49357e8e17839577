import type { PayloadLimits } from "./contract-set.ts";
import type { Malformed } from "./failure.ts";
import type { Header } from "./record.ts";
import { ENVELOPE_BYTES_MAX, readEnvelope, type CloudEvent } from "./cloudevent.ts";
import { findSyntaxFault } from "../json/json-scan.ts";
import { firstInvalidByte } from "../json/utf8.ts";

/** Header with the media type of a value (Kafka binding of CloudEvents 1.0, 3.1). */
const CONTENT_TYPE = "content-type";
/** A media type with this prefix means an event in structured mode (3.3). */
const EVENT_TYPE = "application/cloudevents";
/** The only event format that is supported. */
const JSON_EVENT_TYPE = "application/cloudevents+json";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export type StructuredEvent =
  | {
      readonly ok: true;
      /** The event's data; null when there is none. */
      readonly value: Uint8Array | null;
      /** The record's own headers, and the event's `dataschema` as a header. */
      readonly headers: readonly Header[];
      /** Byte of the record's value at which the data begins; null when the data was decoded. */
      readonly byteOffset: number | null;
    }
  | { readonly ok: false; readonly reason: Malformed };

/**
 * Reads the event in structured mode that a record's `content-type` announces; null when it announces none. Only the
 * event's data is judged, as over HTTP: the same bytes get the same decision whichever way they arrive.
 */
export function structuredEvent(
  headers: readonly Header[],
  value: Uint8Array | null,
  limits: PayloadLimits,
): StructuredEvent | null {
  const mediaType = eventTypeOf(headers);
  if (mediaType === null || value === null || value.length === 0) return null;
  if (mediaType !== JSON_EVENT_TYPE) {
    return malformed("not-cloudevent", `The content type names a format of CloudEvents that is not read`);
  }
  const bytesMax = limits.bytesMax + ENVELOPE_BYTES_MAX;
  if (value.length > bytesMax) return malformed("too-large", `${value.length} bytes; the limit is ${bytesMax}`);
  const read = readJsonEvent(value);
  if (!read.ok) return read;
  const { attributes, data, byteOffset } = read.event;
  const dataschema = attributes.get("dataschema");
  const declared: readonly Header[] =
    dataschema === undefined ? headers : [...headers, ["ce_dataschema", Buffer.from(dataschema)]];
  return { ok: true, value: data, headers: declared, byteOffset };
}

type ReadJsonEvent =
  | { readonly ok: true; readonly event: CloudEvent & { readonly byteOffset: number | null } }
  | { readonly ok: false; readonly reason: Malformed };

function readJsonEvent(value: Uint8Array): ReadJsonEvent {
  let text: string;
  try {
    text = UTF8.decode(value);
  } catch {
    return malformed("not-utf8", "Not UTF-8", firstInvalidByte(value));
  }
  const syntax = syntaxFault(text);
  if (syntax !== null) {
    return malformed("not-json", `Not JSON: ${syntax.message}`, byteOffsetOf(text, syntax.index));
  }
  const read = readEnvelope(text);
  if (!read.ok) {
    const { message, pointer, index } = read.fault;
    return malformed("not-cloudevent", message, index === null ? null : byteOffsetOf(text, index), pointer);
  }
  const { index } = read.event;
  return { ok: true, event: { ...read.event, byteOffset: index === null ? null : byteOffsetOf(text, index) } };
}

/** Finds the syntax fault of a text; null when it is JSON. */
export function syntaxFault(text: string): ReturnType<typeof findSyntaxFault> | null {
  try {
    JSON.parse(text);
    return null;
  } catch {
    // The message of JSON.parse quotes the text, so our own scanner's message is used.
    return findSyntaxFault(text);
  }
}

/** Converts an index of a text to an offset in its UTF-8 bytes. */
export function byteOffsetOf(text: string, index: number): number {
  return Buffer.byteLength(text.slice(0, index), "utf8");
}

/** The media type of an event in structured mode, without parameters; null when the record is something else. */
function eventTypeOf(headers: readonly Header[]): string | null {
  for (const [name, value] of headers) {
    // The length is compared first, since this runs for each header of each record.
    if (name.length !== CONTENT_TYPE.length || name.toLowerCase() !== CONTENT_TYPE) continue;
    const text = Buffer.from(value.buffer, value.byteOffset, Math.min(value.length, 256)).toString("latin1");
    const essence = text.split(";", 1)[0]?.trim().toLowerCase() ?? "";
    return essence.startsWith(EVENT_TYPE) ? essence : null;
  }
  return null;
}

function malformed(
  code: Malformed["code"],
  message: string,
  byteOffset: number | null = null,
  pointer: string | null = null,
): { readonly ok: false; readonly reason: Malformed } {
  return { ok: false, reason: { kind: "malformed", code, message, byteOffset, pointer } };
}
