import type { Collection, Db } from "mongodb";
import { positionId } from "../../core/record.ts";
import type { Occurrence } from "../store.ts";
import { WRITE_CONCERN } from "./connect.ts";
import type { Document } from "./documents.ts";

/** Bytes beyond this are kept beside their document: one document ends at 16 MiB. */
export const RAW_INLINE_MAX = 4_194_304;
const CHUNK_BYTES = 4_194_304;

/**
 * Writes the bytes that are too long for their document, in chunks, before the document itself: whoever finds the
 * document finds its bytes. Inserting the same chunk again changes nothing, as its id is the position's.
 */
export async function insertLongRaw(db: Db, rows: readonly Occurrence[]): Promise<void> {
  for (const { position, raw } of rows) {
    if (raw === null || raw.length <= RAW_INLINE_MAX) continue;
    for (let index = 0; index * CHUNK_BYTES < raw.length; index += 1) {
      const data = Buffer.from(raw.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES));
      const id = `${positionId(position)}#${index}`;
      await rawCollection(db).updateOne(
        { _id: id },
        { $setOnInsert: { data } },
        { upsert: true, writeConcern: WRITE_CONCERN },
      );
    }
  }
}

/** The document's fields for its bytes: themselves, or how many chunks hold them. */
export function rawFields(raw: Uint8Array | null): { raw: Uint8Array | null; rawChunks?: number } {
  if (raw === null || raw.length <= RAW_INLINE_MAX) return { raw };
  return { raw: null, rawChunks: Math.ceil(raw.length / CHUNK_BYTES) };
}

/** Puts the bytes of such documents back in their place; a chunk that is missing leaves none. */
export async function withLongRaw(db: Db, documents: readonly Document[]): Promise<readonly Document[]> {
  return Promise.all(
    documents.map(async (document) => {
      const chunks = Number(document["rawChunks"] ?? 0);
      if (chunks === 0) return document;
      const at = `${String(document["stream"])}@${String(document["offset"])}`;
      const ids = Array.from({ length: chunks }, (_, index) => `${at}#${index}`);
      const found = await rawCollection(db)
        .find({ _id: { $in: ids } })
        .toArray();
      const parts = new Map(found.map((one) => [one._id, one["data"]]));
      const bytes = ids.map((id) => parts.get(id)).filter((part) => part instanceof Uint8Array);
      return { ...document, raw: bytes.length === chunks ? Buffer.concat(bytes) : null };
    }),
  );
}

function rawCollection(db: Db): Collection<Document> {
  return db.collection<Document>("sigma_raw");
}
