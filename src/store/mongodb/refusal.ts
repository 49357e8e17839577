import type { SourceRecord } from "../../core/record.ts";
import type { JsonValue } from "../../json/json.ts";
import { NOTHING_DECLARED } from "../../schema/number-types.ts";
import { closeDocument, createBsonWriter, openDocument } from "./bson-writer.ts";
import { createFactWriter } from "./fact-document.ts";
import { DEPTH_MAX, isTooDeep, writePayload } from "./payload.ts";

/** The server's limit for one document (BSONObjMaxUserSize). */
const DOCUMENT_BYTES_MAX = 16_777_216;
/** No JSON is more than nine times as large in BSON ("[1,1" is the worst: 17 bytes for two). */
const BSON_PER_JSON = 9;
/** Each level of JSON is a byte that opens it and one that closes it. */
const BYTES_PER_LEVEL = 2;

/**
 * Why MongoDB could never keep a record that passed: as a document it would be too large, or too deep. A name with NUL, which it
 * could not keep either, never passes.
 * Numbers are counted as doubles, the largest they can be, and the contract has the longest name, so that a contract changes no
 * answer.
 */
export function refusalOf({ position: { topic }, value }: SourceRecord, payload: JsonValue): string | null {
  const raw = value?.length ?? 0;
  if (raw > DEPTH_MAX * BYTES_PER_LEVEL && isTooDeep(payload))
    return "It is nested deeper than MongoDB keeps documents";
  if (raw * BSON_PER_JSON + AROUND_MAX <= DOCUMENT_BYTES_MAX) return null;
  const writer = createBsonWriter(raw);
  const opened = openDocument(writer);
  writePayload(writer, "payload", payload, NOTHING_DECLARED);
  closeDocument(writer, opened);
  const size = writer.size - EMPTY + numbersIn(payload) * 4 + aroundOf(topic);
  if (size <= DOCUMENT_BYTES_MAX) return null;
  return `As a MongoDB document it would have ${size} bytes, more than ${DOCUMENT_BYTES_MAX}`;
}

/** Bytes of a document without fields. */
const EMPTY = 5;
/** As Kafka and the names of contracts have it. */
const NAME_MAX = 249;
const VERSION_MAX = 999_999_999;

/** Bytes of a fact around its payload, at most. */
function aroundOf(topic: string): number {
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
    headers: [],
    raw: null,
    contract,
    declaredBy: "wire-format",
    payload: null,
    numbers: NOTHING_DECLARED,
  });
  // Type and name of a payload that is null, which are counted with the payload itself.
  return writer.size - "?payload?".length;
}

/** A topic of a log of our own may have any name; this is more than a file system lets it have. */
const AROUND_MAX = 16_384;

/** Numbers in a payload: each may take four bytes more as a double than as a 32-bit integer. */
function numbersIn(payload: JsonValue): number {
  if (typeof payload === "number") return 1;
  if (payload === null || typeof payload !== "object") return 0;
  return Object.values(payload).reduce((sum: number, part: JsonValue) => sum + numbersIn(part), 0);
}
