import { failureCode } from "../../core/failure.ts";
import type { JsonValue } from "../../json/json.ts";
import { NOTHING_DECLARED } from "../../schema/number-types.ts";
import type { FailedRow, Receipt, StreamNote } from "../store.ts";
import {
  DOCUMENT,
  closeDocument,
  openDocument,
  openNested,
  writeBinary,
  writeDate,
  writeInt32,
  writeInt64,
  writeNull,
  writeText,
  writeUuid,
  type BsonWriter,
} from "./bson-writer.ts";
import { isTooDeep, writePayload } from "./payload.ts";

/** Writes one row of a stream as one document. */
export type WriteRow<Row> = (writer: BsonWriter, stream: StreamNote, row: Row) => void;

/** A failure keeps its bytes, and what they say, up to here; of longer ones the evidence has them. */
const INLINE_MAX = 65_536;

export function writeFailed(writer: BsonWriter, stream: StreamNote, row: FailedRow): void {
  const { position, timestampMs, reason, fingerprint, contract, declaredBy, machineId, parsed, raw } = row;
  const isShort = raw === null || raw.length <= INLINE_MAX;
  const opened = openDocument(writer);
  writeText(writer, "_id", placeId(stream, position.offset));
  writeText(writer, "code", failureCode(reason));
  writePayload(writer, "reason", reason satisfies JsonValue, NOTHING_DECLARED);
  writeText(writer, "fingerprint", fingerprint);
  writeTextOrNull(writer, "contract", contract === null ? null : contractText(contract));
  writeTextOrNull(writer, "declared", declaredBy);
  if (machineId !== null) writeUuid(writer, "identity", machineId);
  // So few bytes are never too many in BSON; a name with NUL is no payload to begin with.
  if (parsed !== null && isShort && !isTooDeep(parsed.payload))
    writePayload(writer, "payload", parsed.payload, parsed.numbers);
  if (raw === null) writeNull(writer, "raw");
  else if (isShort) writeBinary(writer, "raw", raw);
  writeSource(writer, stream, position.offset, timestampMs);
  closeDocument(writer, opened);
}

export function writeReceipt(writer: BsonWriter, stream: StreamNote, { position, of }: Receipt): void {
  const opened = openDocument(writer);
  writeText(writer, "_id", placeId(stream, position.offset));
  writeUuid(writer, "of", of);
  closeDocument(writer, opened);
}

/** Where a record comes from, as facts and failures say it. */
export function writeSource(
  writer: BsonWriter,
  { number, topic, partition }: StreamNote,
  offset: bigint | number,
  at: bigint | number,
): void {
  const opened = openNested(writer, "source", DOCUMENT);
  writeInt32(writer, "stream", number);
  writeText(writer, "topic", topic);
  writeInt32(writer, "partition", partition);
  writeInt64(writer, "offset", offset);
  writeDate(writer, "at", at);
  closeDocument(writer, opened);
}

/** `_id` of what is stored for a position. It begins as a person looks for it; the stream's number tells logs of one topic apart. */
export function placeId({ number, topic, partition }: StreamNote, offset: bigint): string {
  return `${topic}/${partition}@${offset}#${number}`;
}

/** `shipment@1` */
export function contractText({ subject, version }: { readonly subject: string; readonly version: number }): string {
  return `${subject}@${version}`;
}

function writeTextOrNull(writer: BsonWriter, name: string, value: string | null): void {
  if (value === null) writeNull(writer, name);
  else writeText(writer, name, value);
}
