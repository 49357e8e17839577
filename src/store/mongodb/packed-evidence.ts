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
 * has the stream and the hash of all of it in its id, so that writing it again changes nothing, whoever does, and that no two
 * entries share one: of a topic that was made anew another stream may have the same evidence.
 */
export async function putPacked(db: Db, stream: string, packed: Uint8Array | null): Promise<PackedFields> {
  if (packed === null) return {};
  if (packed.length <= PACKED_INLINE_MAX)
    return { packed: Buffer.from(packed.buffer, packed.byteOffset, packed.length) };
  const name = hash("sha256", packed);
  const pieces = Math.ceil(packed.length / PIECE_BYTES);
  for (let index = 0; index < pieces; index += 1) {
    const data = Buffer.from(packed.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES));
    const change = { $setOnInsert: { data } };
    const piece = { _id: pieceId(stream, name, index) };
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
  const ids = Array.from({ length: Number(pieces) }, (_, index) => pieceId(stream, name, index));
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

/** Forgets the evidence of an entry: its pieces first, since only the entry knows them. */
export async function dropPacked(db: Db, stream: string, seq: number): Promise<void> {
  const entries = db.collection<Document>("sigma_ledger");
  const entry = { _id: `${stream}|${seq}` };
  const found = await firstOf(entries.find(entry, { ...RAW, projection: { pieces: 1 } }));
  const count = Number(found?.["pieces"] ?? 0);
  if (count > 0) {
    const named = await firstOf(entries.find(entry, { ...RAW, projection: { packed: 1 } }));
    const name = named?.["packed"] instanceof Uint8Array ? Buffer.from(named["packed"]).toString("hex") : "";
    const ids = Array.from({ length: count }, (_, index) => pieceId(stream, name, index));
    await piecesOf(db).deleteMany({ _id: { $in: ids } }, { writeConcern: WRITE_CONCERN });
  }
  await entries.updateOne(entry, { $unset: { packed: 1, pieces: 1 } }, { writeConcern: WRITE_CONCERN });
}

function pieceId(stream: string, name: string, index: number): string {
  return `${stream}|${name}#${index}`;
}

function piecesOf(db: Db) {
  return db.collection<Document>("sigma_evidence");
}
