import { hash } from "node:crypto";
import type { Db } from "mongodb";
import type { Document } from "./bson-reader.ts";
import { WRITE_CONCERN } from "./connect.ts";
import { documentsOf, firstOf, RAW } from "./read-raw.ts";

/** Evidence beyond this is kept in pieces beside its entry: one document ends at 16 MiB. */
export const PACKED_INLINE_MAX = 8_388_608;
const PIECE_BYTES = 8_388_608;

/** What an entry's document holds of its evidence. */
export type PackedFields = { readonly packed?: Uint8Array; readonly pieces?: number };

/**
 * Writes what is too long for the entry in pieces, before the entry itself: whoever finds the entry finds its evidence. A piece
 * has the hash of all of it in its id, so that writing it again changes nothing, whoever does.
 */
export async function putPacked(db: Db, packed: Uint8Array | null): Promise<PackedFields> {
  if (packed === null) return {};
  if (packed.length <= PACKED_INLINE_MAX)
    return { packed: Buffer.from(packed.buffer, packed.byteOffset, packed.length) };
  const name = hash("sha256", packed);
  const pieces = Math.ceil(packed.length / PIECE_BYTES);
  for (let index = 0; index < pieces; index += 1) {
    const data = Buffer.from(packed.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES));
    const change = { $setOnInsert: { data } };
    const piece = { _id: `${name}#${index}` };
    await piecesOf(db).updateOne(piece, change, { upsert: true, writeConcern: WRITE_CONCERN });
  }
  return { pieces, packed: Buffer.from(name, "hex") };
}

/** The evidence of an entry; null when it has none, or a piece is missing. */
export async function readPacked(db: Db, stream: string, seq: number): Promise<Uint8Array | null> {
  const entry = await firstOf(
    db
      .collection<Document>("sigma_ledger")
      .find({ _id: `${stream}|${seq}` }, { ...RAW, projection: { packed: 1, pieces: 1 } }),
  );
  const [packed, pieces] = [entry?.["packed"], entry?.["pieces"]];
  if (!(packed instanceof Uint8Array)) return null;
  if (pieces === undefined) return packed;
  const name = Buffer.from(packed).toString("hex");
  const ids = Array.from({ length: Number(pieces) }, (_, index) => `${name}#${index}`);
  const parts: Uint8Array[] = [];
  // One after the other: together they may be larger than an answer of the server.
  for (const id of ids) {
    const [piece] = await documentsOf(piecesOf(db).find({ _id: id }, RAW));
    const data = piece?.["data"];
    if (!(data instanceof Uint8Array)) return null;
    parts.push(data);
  }
  return Buffer.concat(parts);
}

function piecesOf(db: Db) {
  return db.collection<Document>("sigma_evidence");
}
