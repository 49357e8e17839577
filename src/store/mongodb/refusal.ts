import type { JsonValue } from "../../json/json.ts";
import { NOTHING_DECLARED } from "../../schema/number-types.ts";
import type { SourceRecord } from "../../core/record.ts";
import { closeDocument, createBsonWriter, openDocument } from "./bson-writer.ts";
import { writePayload } from "./payload.ts";
import { inlineSize } from "./long-bytes.ts";

/** The server's limit for one document, without room for the fields around payload, bytes, key and headers. */
const DOCUMENT_BYTES_MAX = 16_777_216 - 65_536;
/** No JSON is more than nine times as large in BSON ("[1,1" is the worst: 17 bytes for two). */
const BSON_PER_JSON = 9;

/**
 * Why MongoDB could never keep a record that passed: with its payload beside its bytes the document would be too large.
 * Numbers are counted as doubles, the largest they can be, so that the contract's types change no answer.
 */
export function refusalOf({ key, headers, value }: SourceRecord, payload: JsonValue): string | null {
  const raw = value?.length ?? 0;
  const inline = inlineSize(value, { key, headers });
  if (raw * BSON_PER_JSON + inline <= DOCUMENT_BYTES_MAX) return null;
  const writer = createBsonWriter(raw);
  const opened = openDocument(writer);
  writePayload(writer, "payload", payload, NOTHING_DECLARED);
  closeDocument(writer, opened);
  const doubled = writer.size + numbersIn(payload) * 4;
  if (doubled + inline <= DOCUMENT_BYTES_MAX) return null;
  return `As a MongoDB document it would have ${doubled + inline} bytes, more than ${DOCUMENT_BYTES_MAX}`;
}

/** Numbers in a payload: each may take four bytes more as a double than as a 32-bit integer. */
function numbersIn(payload: JsonValue): number {
  if (typeof payload === "number") return 1;
  if (payload === null || typeof payload !== "object") return 0;
  return Object.values(payload).reduce((sum: number, part: JsonValue) => sum + numbersIn(part), 0);
}
