import { hash } from "node:crypto";
import { Binary, type Db } from "mongodb";
import type { Document } from "./bson-reader.ts";
import { WRITE_CONCERN } from "./connect.ts";
import { documentsOf, firstOf, RAW } from "./read-raw.ts";
import { exactInteger } from "../../json/exact-integer.ts";
import type { LedgerEntry } from "../../ledger/entry.ts";

/** Packed evidence larger than this is stored in pieces in a collection of its own: MongoDB limits a document to 16 MiB. */
export const PACKED_INLINE_MAX = 8_388_608;
const PIECE_BYTES = 8_388_608;

/** The evidence fields of an entry document. Where `pieces` is set, so many pieces hold the evidence, and `packed` is its SHA-256. */
export type PackedFields = { readonly packed?: Uint8Array; readonly pieces?: number };

/**
 * Writes evidence that is too long for the entry document as pieces, before the entry itself, so that a stored entry always has
 * its evidence. The id of a piece contains the stream and the hash of the whole evidence: writing it again changes nothing,
 * and two streams never share a piece. (After a topic is recreated, its new stream may have equal evidence.)
 * @returns the evidence fields for the entry document.
 */
export async function putPacked(db: Db, stream: string, packed: Uint8Array | null): Promise<PackedFields> {
  if (packed === null) return {};
  if (packed.length <= PACKED_INLINE_MAX)
    return { packed: Buffer.from(packed.buffer, packed.byteOffset, packed.length) };
  const name = hash("sha256", packed);
  const pieces = piecesIn(packed);
  for (let index = 0; index < pieces; index += 1) {
    const data = Buffer.from(packed.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES));
    const change = { $setOnInsert: { data } };
    const piece = { _id: pieceId(stream, name, index) };
    await piecesOf(db).updateOne(piece, change, { upsert: true, writeConcern: WRITE_CONCERN });
  }
  return { pieces, packed: Buffer.from(name, "hex") };
}

/** Reads the packed evidence of an entry; null when the entry has none or a piece is missing. */
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
  // The pieces are read one by one, because together they may exceed one reply of the server.
  for (const id of ids) {
    const [piece] = await documentsOf(piecesOf(db).find({ _id: id }, RAW));
    const data = piece?.["data"];
    if (!(data instanceof Uint8Array)) return null;
    parts.push(data);
  }
  return Buffer.concat(parts);
}

/**
 * Replaces the evidence of an entry, when it still is `before`. Pieces of the new evidence are written first. The entry's field
 * `former` names the pieces of the old evidence until {@link forgetReplaced} has deleted them.
 * @returns "other" when the store has other evidence than `before`.
 */
export async function replacePacked(
  db: Db,
  stream: string,
  seq: number,
  before: Uint8Array,
  after: Uint8Array,
): Promise<"replaced" | "other"> {
  const isWhole = before.length <= PACKED_INLINE_MAX;
  const packed = new Binary(isWhole ? before : Buffer.from(hash("sha256", before), "hex"));
  const pieces = isWhole ? { $exists: false } : piecesIn(before);
  const fields = await putPacked(db, stream, after);
  const former = isWhole ? {} : { former: { packed, pieces } };
  const change = { $set: { ...fields, ...former }, ...(fields.pieces === undefined ? { $unset: { pieces: 1 } } : {}) };
  const found = { _id: `${stream}|${seq}`, packed, pieces };
  const { matchedCount } = await db
    .collection("sigma_ledger")
    .updateOne(found as never, change, { writeConcern: WRITE_CONCERN });
  return matchedCount === 0 ? "other" : "replaced";
}

/** Deletes the pieces of evidence that was replaced. */
export async function forgetReplaced(db: Db, stream: string, seq: number): Promise<void> {
  const entries = db.collection<Document>("sigma_ledger");
  const entry = { _id: `${stream}|${seq}` };
  const found = await firstOf(entries.find(entry, { ...RAW, projection: { former: 1 } }));
  const former = found?.["former"] as { readonly packed?: unknown; readonly pieces?: unknown } | undefined;
  if (!(former?.packed instanceof Uint8Array)) return;
  await removePieces(db, stream, former.packed, Number(former.pieces));
  await entries.updateOne(entry, { $unset: { former: 1 } }, { writeConcern: WRITE_CONCERN });
}

/** Deletes the evidence of an entry. The pieces go first, because only the entry names them. */
export async function dropPacked(db: Db, stream: string, seq: number): Promise<void> {
  await forgetReplaced(db, stream, seq);
  const entries = db.collection<Document>("sigma_ledger");
  const entry = { _id: `${stream}|${seq}` };
  const found = await firstOf(entries.find(entry, { ...RAW, projection: { pieces: 1 } }));
  const count = Number(found?.["pieces"] ?? 0);
  if (count > 0) {
    const named = await firstOf(entries.find(entry, { ...RAW, projection: { packed: 1 } }));
    if (named?.["packed"] instanceof Uint8Array) await removePieces(db, stream, named["packed"], count);
  }
  await entries.updateOne(entry, { $unset: { packed: 1, pieces: 1 } }, { writeConcern: WRITE_CONCERN });
}

async function removePieces(db: Db, stream: string, hashed: Uint8Array, count: number): Promise<void> {
  const name = Buffer.from(hashed).toString("hex");
  const ids = Array.from({ length: count }, (_, index) => pieceId(stream, name, index));
  await piecesOf(db).deleteMany({ _id: { $in: ids } }, { writeConcern: WRITE_CONCERN });
}

function piecesIn(packed: Uint8Array): number {
  return Math.ceil(packed.length / PIECE_BYTES);
}

function pieceId(stream: string, name: string, index: number): string {
  return `${stream}|${name}#${index}`;
}

function piecesOf(db: Db) {
  return db.collection<Document>("sigma_evidence");
}

/** Makes the document of an entry. @param packed its evidence fields ({@link putPacked}); empty for an entry without records. */
export function entryDocument(
  entry: LedgerEntry,
  packed: { readonly packed?: Uint8Array; readonly pieces?: number },
): Document {
  const { seq, count, newestMs, ...rest } = entry;
  const whole = { seq: BigInt(seq), count: BigInt(count), newestMs: BigInt(newestMs) };
  return { _id: `${entry.stream}|${seq}`, ...rest, ...whole, ...packed };
}

/** Reads an entry without validating its fields: a changed entry must reach the audit, which finds the change by its hashes. */
export function readEntry(document: Document): LedgerEntry {
  const value = (name: string): string => String(document[name]);
  return {
    stream: value("stream"),
    seq: wholeOf(document["seq"]),
    kind: value("kind") as LedgerEntry["kind"],
    prevHash: value("prevHash"),
    from: bigintOf(document["from"]),
    to: bigintOf(document["to"]),
    count: wholeOf(document["count"]),
    outcomes: value("outcomes"),
    evidence: value("evidence"),
    newestMs: exactInteger(bigintOf(document["newestMs"])),
    applied: value("applied"),
    holders: value("holders"),
    root: value("root"),
    contractSet: value("contractSet"),
    engine: value("engine"),
    note: value("note"),
    hash: value("hash"),
  };
}

/** Converts a decoded number to a number; -1, which no entry has, when it is no number that can be hashed. */
export function wholeOf(value: unknown): number {
  const number = Number(value);
  return Number.isFinite(number) ? number : -1;
}

/** Converts a decoded number of any type to a bigint; 0 when it is no number. */
export function bigintOf(value: unknown): bigint {
  return typeof value === "bigint" ? value : BigInt(Math.trunc(Number(value)) || 0);
}
