import type { Collection, Db } from "mongodb";
import { positionId, type Header } from "../../core/record.ts";
import type { Occurrence } from "../store.ts";
import {
  ARRAY,
  DOCUMENT,
  closeDocument,
  openNested,
  writeBinary,
  writeInt32,
  writeNull,
  writeText,
  type BsonWriter,
} from "./bson-writer.ts";
import { WRITE_CONCERN } from "./connect.ts";
import type { Document } from "./bson-reader.ts";
import { documentsOf, RAW } from "./read-raw.ts";

/** Bytes beyond this are kept beside their document, and so are key and headers beyond it: one document ends at 16 MiB. */
export const INLINE_MAX = 4_194_304;
const CHUNK_BYTES = 4_194_304;

/** What a record brings besides its value. */
type Envelope = Pick<Occurrence, "key" | "headers">;

/**
 * Writes what is too long for its document, in chunks, before the document itself: whoever finds the document finds its
 * bytes. Inserting the same chunk again changes nothing, as its id is the position's.
 */
export async function insertLongBytes(db: Db, rows: readonly Occurrence[]): Promise<void> {
  for (const { position, raw, key, headers } of rows) {
    if (raw !== null && raw.length > INLINE_MAX) await insertChunks(db, `${positionId(position)}#`, raw);
    if (isLongEnvelope({ key, headers }))
      await insertChunks(db, `${positionId(position)}#e`, envelopeBytes({ key, headers }));
  }
}

async function insertChunks(db: Db, prefix: string, bytes: Uint8Array): Promise<void> {
  for (let index = 0; index * CHUNK_BYTES < bytes.length; index += 1) {
    const data = Buffer.from(bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES));
    const change = { $setOnInsert: { data } };
    await chunksOf(db).updateOne({ _id: `${prefix}${index}` }, change, { upsert: true, writeConcern: WRITE_CONCERN });
  }
}

/** The document's fields for the record's bytes: themselves, or how many chunks hold them. */
export function writeRaw(writer: BsonWriter, raw: Uint8Array | null): void {
  if (raw !== null && raw.length <= INLINE_MAX) writeBinary(writer, "raw", raw);
  else writeNull(writer, "raw");
  if (raw !== null && raw.length > INLINE_MAX) writeInt32(writer, "rawChunks", Math.ceil(raw.length / CHUNK_BYTES));
}

/** The same for key and headers; nothing where there is nothing. */
export function writeEnvelope(writer: BsonWriter, { key, headers }: Envelope): void {
  if (key === null && headers.length === 0) return;
  if (isLongEnvelope({ key, headers })) {
    writeInt32(writer, "envelopeChunks", Math.ceil(envelopeBytes({ key, headers }).length / CHUNK_BYTES));
    return;
  }
  if (key !== null) writeBinary(writer, "key", key);
  if (headers.length === 0) return;
  const list = openNested(writer, "headers", ARRAY);
  headers.forEach(([name, value], index) => {
    const header = openNested(writer, String(index), DOCUMENT);
    writeText(writer, "name", name);
    writeBinary(writer, "value", value);
    closeDocument(writer, header);
  });
  closeDocument(writer, list);
}

/** Bytes of key and headers as a document has them at most; a name takes up to three bytes for each UTF-16 unit. */
export function envelopeSize({ key, headers }: Envelope): number {
  let bytes = key?.length ?? 0;
  for (const [name, value] of headers) bytes += name.length * 3 + value.length + 32;
  return bytes;
}

/** Bytes of value, key and headers that are in the document itself, at most. */
export function inlineSize(raw: Uint8Array | null, envelope: Envelope): number {
  const size = envelopeSize(envelope);
  return (raw === null || raw.length > INLINE_MAX ? 0 : raw.length) + (size > INLINE_MAX ? 0 : size);
}

/** Whether something of a record is kept beside its document. */
export function isLong({ raw, key, headers }: Pick<Occurrence, "raw" | "key" | "headers">): boolean {
  if (raw !== null && raw.length > INLINE_MAX) return true;
  return key === null && headers.length === 0 ? false : isLongEnvelope({ key, headers });
}

function isLongEnvelope(envelope: Envelope): boolean {
  return envelopeSize(envelope) > INLINE_MAX;
}

/** Puts the bytes of such documents back in their place; a chunk that is missing leaves none. */
export async function withLongBytes(db: Db, documents: readonly Document[]): Promise<readonly Document[]> {
  return Promise.all(
    documents.map(async (document) => {
      const [rawChunks, envelopeChunks] = [document["rawChunks"], document["envelopeChunks"]];
      if (rawChunks === undefined && envelopeChunks === undefined) return document;
      const at = `${String(document["stream"])}@${String(document["offset"])}#`;
      const raw = rawChunks === undefined ? {} : { raw: await readChunks(db, at, Number(rawChunks)) };
      const envelope =
        envelopeChunks === undefined ? {} : readEnvelope(await readChunks(db, `${at}e`, Number(envelopeChunks)));
      return { ...document, ...raw, ...envelope };
    }),
  );
}

async function readChunks(db: Db, prefix: string, count: number): Promise<Buffer | null> {
  const ids = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  const found = await documentsOf(chunksOf(db).find({ _id: { $in: ids } }, RAW));
  const parts = new Map(found.map((one) => [one._id, one["data"]]));
  const bytes = ids.map((id) => parts.get(id)).filter((part) => part instanceof Uint8Array);
  return bytes.length === count ? Buffer.concat(bytes) : null;
}

type WrittenEnvelope = { readonly key: string | null; readonly headers: readonly (readonly [string, string])[] };

/** Key and headers as JSON, their bytes in base64. */
function envelopeBytes({ key, headers }: Envelope): Buffer {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
  const written: WrittenEnvelope = {
    key: key === null ? null : text(key),
    headers: headers.map(([name, value]: Header) => [name, text(value)] as const),
  };
  return Buffer.from(JSON.stringify(written));
}

/** Key and headers as a document would have them; without its bytes a header that cannot be read, so that the audit says so. */
function readEnvelope(bytes: Buffer | null): { readonly key?: Uint8Array; readonly headers: unknown } {
  if (bytes === null) return { headers: null };
  try {
    const { key, headers } = JSON.parse(bytes.toString("utf8")) as WrittenEnvelope;
    return {
      ...(key !== null && { key: Buffer.from(key, "base64") }),
      headers: headers.map(([name, value]) => ({ name, value: Buffer.from(value, "base64") })),
    };
  } catch {
    return { headers: null };
  }
}

function chunksOf(db: Db): Collection<Document> {
  return db.collection<Document>("sigma_raw");
}
