import type {
  FailedRow,
  Holder,
  PassedRow,
  Receipt,
  Staged,
  StagedFacts,
  StagedFailures,
  StreamNote,
} from "../store.ts";
import { uuidText } from "../../core/uuid.ts";
import { endOfField } from "./bson-reader.ts";
import { createBsonWriter, writtenBytes } from "./bson-writer.ts";
import { beginsAsFact, FACT, OFFSET_FROM_END } from "./fact-reader.ts";
import { writePayload } from "./payload.ts";
import { stageDocuments, type Buffers, type StagedDocuments } from "./staged-documents.ts";
import { ERASED, openStored, payloadTextOf, textOf } from "./stored-document.ts";
import { writeReceipt, type WriteRow } from "./write-documents.ts";

type Own<Row> = Staged<Row> & { readonly documents: StagedDocuments<Row> };

export function stageFacts(buffers: Buffers, write: WriteRow<PassedRow>, stream: StreamNote): StagedFacts {
  const staged = stageRows(buffers, write, stream);
  const { documents } = staged;
  return {
    ...staged,
    at: (place) => holderAt(stream, documents, place),
    hasBytesOf: (place, row) => {
      if (row.kind === "erased") return false;
      scratch.size = 0;
      writePayload(scratch, "payload", row.payload, row.numbers);
      return Buffer.compare(writtenBytes(scratch), payloadIn(documents.bytesAt(place))) === 0;
    },
  };
}

/** Buffer for payloads that are encoded only to be compared. */
const scratch = createBsonWriter(1_024);

export function stageFailed(buffers: Buffers, write: WriteRow<FailedRow>, stream: StreamNote): StagedFailures {
  return stageRows(buffers, write, stream);
}

export function stageReceipts(
  buffers: Buffers,
  stream: StreamNote,
  receipts: readonly Receipt[],
): StagedDocuments<Receipt> {
  const { documents } = stageRows(buffers, writeReceipt, stream);
  receipts.forEach(documents.add);
  return documents;
}

function stageRows<Row>(buffers: Buffers, write: WriteRow<Row>, stream: StreamNote): Own<Row> {
  const documents = stageDocuments<Row>(buffers, (writer, row) => write(writer, stream, row));
  return { add: documents.add, size: documents.size, release: documents.release, documents };
}

/** The documents of a stage that {@link stageFacts} or {@link stageFailed} made. */
export function stagedOf<Row>(staged: Staged<Row>): StagedDocuments<Row> {
  if (!("documents" in staged)) throw new Error("Cannot insert rows that another store staged");
  return (staged as Own<Row>).documents;
}

/** The holder at a place. `payloadText` reads from a copy, because the buffer will be reused for other documents. */
function holderAt(note: StreamNote, documents: StagedDocuments<PassedRow>, place: number): Holder {
  const bytes = documents.bytesAt(place);
  const { stream, topic, partition } = note;
  const holder = {
    id: uuidText(bytes.subarray(FACT.idAt, FACT.idAt + 16)),
    position: { stream, topic, partition, offset: bytes.readBigInt64LE(bytes.length - OFFSET_FROM_END) },
  };
  const payloadText = (): string => payloadTextOf(openStored(Buffer.from(bytes)));
  const erased = beginsAsFact(bytes) ? null : textOf(openStored(bytes), ERASED);
  if (erased !== null) return { ...holder, payloadBytes: NO_BYTES, payloadText, erased };
  return { ...holder, payloadBytes: payloadIn(bytes), payloadText };
}

const NO_BYTES = new Uint8Array(0);

/** The bytes of the payload field: its type, name and value. */
function payloadIn(bytes: Buffer): Uint8Array {
  return bytes.subarray(FACT.payloadAt, endOfField(bytes, FACT.payloadAt));
}
