import type {
  FailedRow,
  Holder,
  Receipt,
  Staged,
  StagedFacts,
  StagedFailures,
  StreamNote,
  ValidatedRow,
} from "../store.ts";
import { stageDocuments, type Buffers, type StagedDocuments } from "./staged-documents.ts";
import { factIdOf, openStored, payloadTextOf, sourceOf } from "./stored-document.ts";
import { writeReceipt, type WriteRow } from "./write-documents.ts";

type Own<Row> = Staged<Row> & { readonly documents: StagedDocuments<Row> };

export function stageFacts(buffers: Buffers, write: WriteRow<ValidatedRow>, stream: StreamNote): StagedFacts {
  const staged = stageRows(buffers, write, stream);
  return { ...staged, at: (place) => holderAt(stream, staged.documents, place) };
}

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

/** What {@link stageFacts} or {@link stageFailed} staged. */
export function stagedOf<Row>(staged: Staged<Row>): StagedDocuments<Row> {
  if (!("documents" in staged)) throw new Error("Cannot insert rows that another store staged");
  return (staged as Own<Row>).documents;
}

/** From a copy: what is read is a view of it, and the buffer will hold others. */
function holderAt(note: StreamNote, documents: StagedDocuments<ValidatedRow>, place: number): Holder {
  const stored = openStored(Buffer.from(documents.bytesAt(place)));
  const { stream, topic, partition } = note;
  const [id, source] = [factIdOf(stored), sourceOf(stored)];
  if (id === null || source === null) throw new Error("Cannot read a fact that was just staged");
  return {
    id,
    position: { stream, topic, partition, offset: source.offset },
    payloadText: () => payloadTextOf(stored),
  };
}
