import { BSON } from "mongodb";
import type { PassedRaw } from "../ledger.ts";
import type { NewValidated, StagedFacts, ValidatedRow } from "../store.ts";
import { readValidated, type Document } from "./documents.ts";
import { isLong } from "./long-bytes.ts";
import { stageDocuments, type Buffers, type StagedDocuments } from "./staged-documents.ts";
import type { WriteRow } from "./write-documents.ts";

type StagedAsDocuments = StagedFacts & { readonly documents: StagedDocuments<NewValidated> };

/** Facts as the documents they will be; one is kept as a row as well where its document does not hold its bytes. */
export function stageFacts(buffers: Buffers, write: WriteRow<NewValidated>, passedRaw: PassedRaw): StagedFacts {
  const documents = stageDocuments(buffers, write);
  const kept = new Map<number, ValidatedRow>();
  const staged: StagedAsDocuments = {
    add: (row) => {
      if (passedRaw === "drop" || isLong(row)) kept.set(documents.size(), row);
      documents.add(passedRaw === "drop" ? { ...row, raw: null } : row);
    },
    size: documents.size,
    at: (place) => kept.get(place) ?? readBack(documents.bytesAt(place)),
    release: documents.release,
    documents,
  };
  return staged;
}

/** What {@link stageFacts} staged. */
export function documentsOf(staged: StagedFacts): StagedDocuments<NewValidated> {
  if (!("documents" in staged)) throw new Error("Cannot insert facts that another store staged");
  return (staged as StagedAsDocuments).documents;
}

/** From a copy: the driver's reader makes its bytes views, and the buffer will hold others. */
function readBack(bytes: Uint8Array): ValidatedRow {
  return readValidated(BSON.deserialize(Buffer.from(bytes), { useBigInt64: true, promoteBuffers: true }) as Document);
}
