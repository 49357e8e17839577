import type { PayloadLimits } from "./contract-set.ts";
import type { Malformed } from "./failure.ts";
import type { Header } from "./record.ts";
import { ENVELOPE_BYTES_MAX, readEnvelope, type CloudEvent } from "./cloudevent.ts";
import { findSyntaxFault } from "../json/json-scan.ts";
import { firstInvalidByte } from "../json/utf8.ts";

/** Header that says what a value is (Kafka binding of CloudEvents 1.0, 3.1). */
const CONTENT_TYPE = "content-type";
/** Values of it that begin so are events of the structured mode (3.3). */
const EVENT_TYPE = "application/cloudevents";
/** The one format of them that is read. */
const JSON_EVENT_TYPE = "application/cloudevents+json";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export type StructuredEvent =
  | {
      readonly ok: true;
      /** The data as it stands; null when there is none. */
      readonly value: Uint8Array | null;
      /** What the record declares: its own headers and the event's `dataschema`. */
      readonly headers: readonly Header[];
      /** Where in the record's value the data begins; null when it was decoded. */
      readonly byteOffset: number | null;
    }
  | { readonly ok: false; readonly reason: Malformed };

/**
 * The event that a record holds in structured mode; null when it holds none, as its `content-type` says. What is judged is its
 * data, as over HTTP: the same bytes have one verdict whichever way they come.
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

/** Where a text stops being JSON; null when it is. */
export function syntaxFault(text: string): ReturnType<typeof findSyntaxFault> | null {
  try {
    JSON.parse(text);
    return null;
  } catch {
    // Its message quotes the text: only our own scanner's words go on.
    return findSyntaxFault(text);
  }
}

/** Index of a text in the bytes of its UTF-8 form. */
export function byteOffsetOf(text: string, index: number): number {
  return Buffer.byteLength(text.slice(0, index), "utf8");
}

/** The media type of an event in structured mode, without parameters; null when the record is something else. */
function eventTypeOf(headers: readonly Header[]): string | null {
  for (const [name, value] of headers) {
    // By its length first: it is looked at for each header of each record.
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
