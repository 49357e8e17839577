import { BSON } from "mongodb";
import type { PassedRaw } from "../ledger.ts";
import type { FailedRow, NewValidated, StagedFacts, StagedFailures, ValidatedRow } from "../store.ts";
import { readFailed, readValidated, type Document } from "./documents.ts";
import { isLong } from "./long-bytes.ts";
import { stageDocuments, type Buffers, type StagedDocuments } from "./staged-documents.ts";
import type { WriteRow } from "./write-documents.ts";

/** Staged as the documents they will be. */
type AsDocuments<Row> = { readonly documents: StagedDocuments<Row> };

/** Facts as the documents they will be; one is kept as a row as well where its document does not hold its bytes. */
export function stageFacts(buffers: Buffers, write: WriteRow<NewValidated>, passedRaw: PassedRaw): StagedFacts {
  const documents = stageDocuments(buffers, write);
  const kept = new Map<number, ValidatedRow>();
  const staged: StagedFacts & AsDocuments<NewValidated> = {
    add: (row) => {
      if (passedRaw === "drop" || isLong(row)) kept.set(documents.size(), row);
      documents.add(passedRaw === "drop" ? { ...row, raw: null } : row);
    },
    size: documents.size,
    at: (place) => kept.get(place) ?? readValidated(readBack(documents.bytesAt(place))),
    release: documents.release,
    documents,
  };
  return staged;
}

/** Failures likewise. */
export function stageFailures(buffers: Buffers, write: WriteRow<FailedRow>): StagedFailures {
  const documents = stageDocuments(buffers, write);
  const kept = new Map<number, FailedRow>();
  const at = (place: number): FailedRow => kept.get(place) ?? readFailed(readBack(documents.bytesAt(place)));
  const staged: StagedFailures & AsDocuments<FailedRow> = {
    add: (row) => {
      if (isLong(row)) kept.set(documents.size(), row);
      documents.add(row);
    },
    size: documents.size,
    all: () => Array.from({ length: documents.size() }, (_, place) => at(place)),
    release: documents.release,
    documents,
  };
  return staged;
}

/** What {@link stageFacts} staged. */
export function documentsOf(staged: StagedFacts): StagedDocuments<NewValidated> {
  if (!("documents" in staged)) throw new Error("Cannot insert facts that another store staged");
  return (staged as StagedFacts & AsDocuments<NewValidated>).documents;
}

/** What {@link stageFailures} staged; null for plain rows. */
export function failedDocumentsOf(rows: readonly FailedRow[] | StagedFailures): StagedDocuments<FailedRow> | null {
  return "documents" in rows ? (rows as StagedFailures & AsDocuments<FailedRow>).documents : null;
}

/** From a copy: the driver's reader makes its bytes views, and the buffer will hold others. */
function readBack(bytes: Uint8Array): Document {
  return BSON.deserialize(Buffer.from(bytes), { useBigInt64: true, promoteBuffers: true }) as Document;
}
