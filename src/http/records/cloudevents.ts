import type { IncomingMessage } from "node:http";
import { findFault, readEnvelope, type Attributes, type CloudEventFault } from "../../core/cloudevent.ts";
import type { Header } from "../../core/record.ts";
import { byteOffsetOf, syntaxFault } from "../../core/structured-event.ts";
import { partsOf } from "../../json/parts.ts";
import type { NewRecord } from "../../source/source.ts";
import { badRequest, type ProblemError } from "../problems/problem.ts";

/** The extension that names the partition key. */
const PARTITION_KEY = "partitionkey";
/** A value in quotation marks (RFC 9110, 5.6.4): older producers write them (HTTP binding 1.0.2, 3.1.3.2). */
const QUOTED = /^"((?:[^"\\]|\\.)*)"$/s;
const CE = "ce-";

/** Reads an event in binary mode: attributes are `ce-` headers, and the body is the data. @throws ProblemError 400 */
export function fromBinary(
  { headers, rawHeaders }: Pick<IncomingMessage, "headers" | "rawHeaders">,
  body: Buffer,
): NewRecord {
  const attributes = new Map<string, string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? "";
    if (!name.startsWith(CE)) continue;
    const attribute = name.slice(CE.length);
    if (attributes.has(attribute)) throw badEvent("A ce- header stands twice");
    attributes.set(attribute, decodeHeader(rawHeaders[index + 1] ?? ""));
  }
  const fault = findFault(attributes, "");
  if (fault !== null) throw refused("", fault);
  return toRecord(attributes, body, headers["content-type"] ?? null);
}

/**
 * Reads an event in structured mode: one JSON object. The value of the record is exactly the bytes of its member `data`.
 * @throws ProblemError 400
 */
export function fromStructured(body: Buffer): NewRecord {
  return fromEnvelope(parseText(body), 0, "");
}

/** Reads events in batch mode: a JSON array of structured events. @throws ProblemError 400 */
export function fromBatch(body: Buffer): readonly NewRecord[] {
  const text = parseText(body);
  const parts = partsOf(text);
  if (parts.kind !== "array") throw badEvent("A batch of CloudEvents is a JSON array");
  return parts.items.map(({ from }, index) => fromEnvelope(text, from, `/${index}`));
}

function fromEnvelope(text: string, from: number, pointer: string): NewRecord {
  const read = readEnvelope(text, from, pointer);
  if (!read.ok) throw refused(text, read.fault);
  const { attributes, contentType, data } = read.event;
  return toRecord(attributes, data, contentType);
}

function toRecord(attributes: Attributes, value: Uint8Array | null, contentType: string | null): NewRecord {
  const headers: Header[] = [...attributes]
    .filter(([name]) => name !== "datacontenttype")
    .map(([name, content]) => [`ce_${name}`, Buffer.from(content)] as const);
  // In a log this content type would say that the value is a whole event.
  if (contentType !== null && !contentType.trim().toLowerCase().startsWith("application/cloudevents")) {
    headers.push(["content-type", Buffer.from(contentType)]);
  }
  const key = attributes.get(PARTITION_KEY);
  return { key: key === undefined ? null : Buffer.from(key), headers, value, partition: null };
}

function parseText(body: Buffer): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw badEvent("The envelope of the CloudEvent is not UTF-8");
  }
  const fault = syntaxFault(text);
  if (fault === null) return text;
  throw badEvent(`The envelope of the CloudEvent is not JSON: ${fault.message}`, {
    byteOffset: byteOffsetOf(text, fault.index),
  });
}

/** Decodes a header: takes quotation marks away, then percent-decodes once, then reads UTF-8 (HTTP binding 1.0.2, 3.1.3.2). */
function decodeHeader(value: string): string {
  const quoted = QUOTED.exec(value.trim());
  const text = quoted === null ? value : (quoted[1] ?? "").replaceAll(/\\(.)/gs, "$1");
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) throw badEvent("A ce- header holds a % that begins no encoded byte");
  // Node gives headers as Latin-1, one character for each byte.
  const bytes = Buffer.from(
    text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16))),
    "latin1",
  );
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw badEvent("A ce- header does not decode to UTF-8");
  }
}

function refused(text: string, { message, pointer, index, missing }: CloudEventFault): ProblemError {
  const where = index === null ? {} : { byteOffset: byteOffsetOf(text, index) };
  return badEvent(message, { pointer, missing, ...where });
}

function badEvent(detail: string, extra?: Readonly<Record<string, unknown>>): ProblemError {
  return badRequest("bad-cloudevent", detail, extra);
}
