import type { PassedRaw } from "../ledger.ts";
import type { Occurrence, Staged } from "../store.ts";
import { readDocument, type Document } from "./bson-reader.ts";
import { isLong } from "./long-bytes.ts";
import { stageDocuments, type Buffers, type StagedDocuments } from "./staged-documents.ts";
import type { WriteRow } from "./write-documents.ts";

type StagedAsDocuments<Row, Read> = Staged<Row, Read> & { readonly documents: StagedDocuments<Row> };

/**
 * Rows as the documents they will be; one is kept as a row as well where its document does not hold its bytes.
 * @param read reads a document back.
 */
export function stageRows<Row extends Read & Occurrence, Read>(
  buffers: Buffers,
  write: WriteRow<Row>,
  read: (document: Document) => Read,
  passedRaw: PassedRaw,
): Staged<Row, Read> {
  const documents = stageDocuments(buffers, write);
  const kept = new Map<number, Read>();
  const staged: StagedAsDocuments<Row, Read> = {
    add: (row) => {
      if (passedRaw === "drop" || isLong(row)) kept.set(documents.size(), row);
      documents.add(passedRaw === "drop" ? { ...row, raw: null } : row);
    },
    size: documents.size,
    at: (place) => kept.get(place) ?? read(documentAt(documents, place)),
    release: documents.release,
    documents,
  };
  return staged;
}

/** What {@link stageRows} staged. */
export function documentsOf<Row, Read>(staged: Staged<Row, Read>): StagedDocuments<Row> {
  if (!("documents" in staged)) throw new Error("Cannot insert rows that another store staged");
  return (staged as StagedAsDocuments<Row, Read>).documents;
}

/** From a copy: what is read is a view of it, and the buffer will hold others. */
function documentAt<Row>(documents: StagedDocuments<Row>, place: number): Document {
  return readDocument(Buffer.from(documents.bytesAt(place)));
}
