import { failureCode } from "../../core/failure.ts";
import type { JsonValue } from "../../json/json.ts";
import { NOTHING_DECLARED } from "../../schema/number-types.ts";
import type { Position } from "../../core/record.ts";
import type { FailedRow, NewValidated, Occurrence, ReceiptRow } from "../store.ts";
import {
  DOCUMENT,
  closeDocument,
  createBsonWriter,
  openDocument,
  openNested,
  writeFields,
  writeInt32,
  writeInt64,
  writeNull,
  writeText,
  writtenBytes,
  type BsonWriter,
} from "./bson-writer.ts";
import { createFactWriter } from "./fact-document.ts";
import { writeEnvelope, writeRaw } from "./long-bytes.ts";
import { writePayload } from "./payload.ts";

/** Writes one row as one document. */
export type WriteRow<Row> = (writer: BsonWriter, row: Row) => void;

/** The writers of a store. What is the same in most documents of a batch is written once and copied. */
export type RowWriters = {
  readonly validated: WriteRow<NewValidated>;
  readonly failed: WriteRow<FailedRow>;
  readonly receipt: WriteRow<ReceiptRow>;
};

export function createRowWriters(): RowWriters {
  const place = remember(
    (a: Position, b: Position) => a.stream === b.stream && a.topic === b.topic && a.partition === b.partition,
    (writer, { stream, topic, partition }) => {
      writeText(writer, "stream", stream);
      writeText(writer, "topic", topic);
      writeInt32(writer, "partition", partition);
    },
  );
  const judgedBy = remember(
    (a: JudgedBy, b: JudgedBy) => a.contract === b.contract && a.declaredBy === b.declaredBy,
    (writer, { contract, declaredBy }) => {
      if (contract === null) writeNull(writer, "contract");
      else {
        const opened = openNested(writer, "contract", DOCUMENT);
        writeText(writer, "subject", contract.subject);
        writeInt32(writer, "version", contract.version);
        writeText(writer, "digest", contract.digest);
        closeDocument(writer, opened);
      }
      writeTextOrNull(writer, "declaredBy", declaredBy);
    },
  );
  /** What every stored object says of its record. Partition is `int`, offset and time are `long`, whatever their value. */
  const ofRecord =
    <Row extends Occurrence & JudgedBy & { readonly id: string }>(writeRest: WriteRow<Row>): WriteRow<Row> =>
    (writer, row) => {
      const opened = openDocument(writer);
      writeText(writer, "_id", row.id);
      place(writer, row.position);
      writeInt64(writer, "offset", row.position.offset);
      writeInt64(writer, "timestampMs", row.timestampMs);
      writeEnvelope(writer, row);
      writeRaw(writer, row.raw);
      writeText(writer, "rawHash", row.rawHash);
      judgedBy(writer, row);
      writeRest(writer, row);
      closeDocument(writer, opened);
    };
  const whole = ofRecord<NewValidated>((writer, row) => writePayload(writer, "payload", row.payload, row.numbers));
  return {
    validated: createFactWriter(whole, place, judgedBy),
    failed: ofRecord((writer, row) => {
      writeText(writer, "code", failureCode(row.reason));
      writePayload(writer, "reason", row.reason satisfies JsonValue, NOTHING_DECLARED);
      writeText(writer, "fingerprint", row.fingerprint);
      writeTextOrNull(writer, "machineId", row.machineId);
    }),
    receipt: ofRecord((writer, row) => {
      writeText(writer, "collection", row.collection);
      writeText(writer, "duplicateOf", row.duplicateOf);
      writeText(writer, "storedAt", row.storedAt);
    }),
  };
}

export type JudgedBy = Pick<FailedRow, "contract" | "declaredBy">;

function writeTextOrNull(writer: BsonWriter, name: string, value: string | null): void {
  if (value === null) writeNull(writer, name);
  else writeText(writer, name, value);
}

/** Copies what was written the last time while the value is the same. */
function remember<T>(isSame: (a: T, b: T) => boolean, write: WriteRow<T>): WriteRow<T> {
  const own = createBsonWriter(512);
  let last: T | null = null;
  let bytes: Uint8Array = new Uint8Array(0);
  return (writer, value) => {
    if (last === null || !isSame(last, value)) {
      own.size = 0;
      write(own, value);
      bytes = writtenBytes(own);
      last = value;
    }
    writeFields(writer, bytes);
  };
}
