import type { Header, SourceRecord } from "../../core/record.ts";
import type { JsonValue } from "../../json/json.ts";
import { NOTHING_DECLARED } from "../../schema/number-types.ts";
import { closeDocument, createBsonWriter, openDocument } from "./bson-writer.ts";
import { createFactWriter } from "./fact-document.ts";
import { DEPTH_MAX, isTooDeep, writePayload } from "./payload.ts";

/** The server's limit for one document (BSONObjMaxUserSize). */
const DOCUMENT_BYTES_MAX = 16_777_216;
/** BSON is at most nine times as large as its JSON ("[1,1" is the worst: 17 bytes for two). */
const BSON_PER_JSON = 9;
/** Each level of nesting takes an opening and a closing byte in JSON. */
const BYTES_PER_LEVEL = 2;

/**
 * Why MongoDB can never store a passed record: its document would be too large or nested too deep; null when it can. (A member
 * name with NUL could not be stored either, but such a record never passes.)
 * Every number is counted with the size of a double, the largest, and the contract name with its largest length, so that the
 * answer does not depend on the contract.
 */
export function refusalOf({ position: { topic }, value, headers }: SourceRecord, payload: JsonValue): string | null {
  const raw = value?.length ?? 0;
  if (raw > DEPTH_MAX * BYTES_PER_LEVEL && isTooDeep(payload))
    return "It is nested deeper than MongoDB keeps documents";
  if (raw * BSON_PER_JSON + AROUND_MAX <= DOCUMENT_BYTES_MAX) return null;
  const writer = createBsonWriter(raw);
  const opened = openDocument(writer);
  writePayload(writer, "payload", payload, NOTHING_DECLARED);
  closeDocument(writer, opened);
  const size = writer.size - EMPTY + numbersIn(payload) * 4 + aroundOf(topic, headers);
  if (size <= DOCUMENT_BYTES_MAX) return null;
  return `As a MongoDB document it would have ${size} bytes, more than ${DOCUMENT_BYTES_MAX}`;
}

/** Size of a document without fields, in bytes. */
const EMPTY = 5;
/** The longest name that Kafka gives a topic, and a contract may have. */
const NAME_MAX = 249;
const VERSION_MAX = 999_999_999;

/** The largest size of a fact's fields other than the payload, in bytes. */
function aroundOf(topic: string, headers: readonly Header[]): number {
  const writer = createBsonWriter(1_024);
  const stream = { number: 1, stream: "", topic, partition: 0 };
  const position = { stream: "", topic, partition: 0, offset: 0n };
  const contract = { subject: "s".repeat(NAME_MAX), version: VERSION_MAX, digest: "" };
  createFactWriter()(writer, stream, {
    kind: "validated",
    id: "00000000-0000-0000-0000-000000000000",
    position,
    timestampMs: 0,
    key: null,
    headers,
    raw: null,
    contract,
    declaredBy: "wire-format",
    payload: null,
    numbers: NOTHING_DECLARED,
  });
  // The type and name of the null payload are subtracted, because they are counted with the real payload.
  return writer.size - "?payload?".length;
}

/** More than `aroundOf` can return: a topic of the embedded log may have any name, but a file system limits its length. */
const AROUND_MAX = 16_384;

/** How many numbers a payload has. Each may take four bytes more as a double than as a 32-bit integer. */
function numbersIn(payload: JsonValue): number {
  if (typeof payload === "number") return 1;
  if (payload === null || typeof payload !== "object") return 0;
  return Object.values(payload).reduce((sum: number, part: JsonValue) => sum + numbersIn(part), 0);
}
