import { failureCode } from "../../core/failure.ts";
import { originText } from "../../core/origin.ts";
import type { JsonValue } from "../../json/json.ts";
import { NOTHING_DECLARED } from "../../schema/number-types.ts";
import type { FailedRow } from "../store.ts";
import type { StreamNote } from "../stream-note.ts";
import {
  closeDocument,
  openDocument,
  writeBinary,
  writeNull,
  writeText,
  writeUuid,
  type BsonWriter,
} from "./bson-writer.ts";
import { isTooDeep, writePayload } from "./payload.ts";
import { contractText } from "../contract-text.ts";
import { writeSource } from "./fact-document.ts";

/** A failure document holds the record's bytes and parsed payload up to this many bytes; longer values are in the evidence only. */
const INLINE_MAX = 65_536;

export function writeFailed(writer: BsonWriter, stream: StreamNote, row: FailedRow): void {
  const { position, timestampMs, reason, fingerprint, contract, declaredBy, producer, machineId, parsed, raw } = row;
  const isShort = raw === null || raw.length <= INLINE_MAX;
  const opened = openDocument(writer);
  writeText(writer, "_id", placeId(stream, position.offset));
  writeText(writer, "code", failureCode(reason));
  writePayload(writer, "reason", reason satisfies JsonValue, NOTHING_DECLARED);
  writeText(writer, "fingerprint", fingerprint);
  writeTextOrNull(writer, "contract", contract === null ? null : contractText(contract));
  writeTextOrNull(writer, "declared", declaredBy);
  if (machineId !== null) writeUuid(writer, "identity", machineId);
  // A payload of at most 64 KiB is never too large in BSON. A member name with NUL never gets here: such a record does not parse.
  if (parsed !== null && isShort && !isTooDeep(parsed.payload))
    writePayload(writer, "payload", parsed.payload, parsed.numbers);
  if (raw === null) writeNull(writer, "raw");
  else if (isShort) writeBinary(writer, "raw", raw);
  writeSource(writer, stream, position.offset, timestampMs, originText(row.headers));
  // The last field: the migration from layout 2 appends it.
  writeTextOrNull(writer, "producer", producer);
  closeDocument(writer, opened);
}

/**
 * The `_id` of a failure, and of a block of receipts: `<topic>/<partition>@<offset>#<stream number>`. It begins with the parts by which a person
 * looks for it; the stream number distinguishes streams of the same topic and partition.
 */
export function placeId({ number, topic, partition }: StreamNote, offset: bigint): string {
  return `${topic}/${partition}@${offset}#${number}`;
}

function writeTextOrNull(writer: BsonWriter, name: string, value: string | null): void {
  if (value === null) writeNull(writer, name);
  else writeText(writer, name, value);
}
