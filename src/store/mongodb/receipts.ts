import { Binary, MongoServerError, type Db, type Document } from "mongodb";
import { Unavailable } from "../../core/unavailable.ts";
import { uuidBytes } from "../../core/uuid.ts";
import type { Receipt } from "../store.ts";
import type { StreamNote } from "../stream-note.ts";
import {
  closeDocument,
  DOCUMENT,
  openDocument,
  openNested,
  writeText,
  writeUuid,
  type BsonWriter,
} from "./bson-writer.ts";
import { WRITE_CONCERN } from "./connect.ts";
import { placeId } from "./failure-document.ts";
import { insertStaged } from "./insert.ts";
import { stageDocuments, type Buffers } from "./staged-documents.ts";

export const RECEIPTS = "sigma_receipts";

/**
 * How many offsets of a stream share one document of receipts, `{ _id: <place of the first offset>, of: { <offset>: <machine id> } }`.
 * A document for each receipt costs the server 6 us of its CPU, since it has two trees to write. A larger block is copied more often
 * where duplicates come one at a time.
 */
const OFFSETS_A_BLOCK = 256n;

/** Receipts of one stream that share a document, ascending. */
export type Block = { readonly id: string; readonly receipts: readonly Receipt[] };

export function blocksOf(stream: StreamNote, receipts: readonly Receipt[]): readonly Block[] {
  const blocks = new Map<bigint, Receipt[]>();
  for (const receipt of receipts.toSorted((a, b) => (a.position.offset < b.position.offset ? -1 : 1))) {
    const start = startOf(receipt.position.offset);
    const block = blocks.get(start);
    if (block === undefined) blocks.set(start, [receipt]);
    else block.push(receipt);
  }
  return Array.from(blocks, ([start, some]) => ({ id: placeId(stream, start), receipts: some }));
}

/** The first offset of the block of an offset. */
export function startOf(offset: bigint): bigint {
  return offset - (offset % OFFSETS_A_BLOCK);
}

/** Writes the document of a block. */
export function writeBlock(writer: BsonWriter, { id, receipts }: Block): void {
  const opened = openDocument(writer);
  writeText(writer, "_id", id);
  const nested = openNested(writer, "of", DOCUMENT);
  for (const { position, of } of receipts) writeUuid(writer, String(position.offset), of);
  closeDocument(writer, nested);
  closeDocument(writer, opened);
}

/**
 * Stores receipts. One that is there already stays as it is.
 * @throws `Unavailable` with code STORE_CORRUPT when the document of a block was changed so that it takes none.
 */
export async function insertReceipts(
  db: Db,
  buffers: Buffers,
  stream: StreamNote,
  receipts: readonly Receipt[],
): Promise<void> {
  let left = blocksOf(stream, receipts);
  for (let attempt = 0; left.length > 0; attempt += 1) {
    if (attempt === ATTEMPTS) throw takesNone(left);
    const staged = stageDocuments(buffers, writeBlock);
    left.forEach(staged.add);
    const taken = await insertStaged(db, RECEIPTS, staged);
    staged.release();
    const there = left.filter((_, place) => taken.has(place));
    left = (await addTo(db, there)) === there.length ? [] : there;
  }
}

/** A block that is neither free nor there was removed in between: it is tried again. */
const ATTEMPTS = 3;

/**
 * Adds receipts to the documents of their blocks. An update by a pipeline is atomic, so that another gateway that adds its own loses none.
 * @returns how many documents were there.
 */
async function addTo(db: Db, blocks: readonly Block[]): Promise<number> {
  return update(
    db,
    blocks.map(({ id, receipts }) => {
      const added = Object.fromEntries(
        receipts.map(({ position, of }) => [String(position.offset), new Binary(uuidBytes(of), Binary.SUBTYPE_UUID)]),
      );
      // The last of equal names wins, and the first gives the order.
      return {
        q: { _id: id, of: { $type: "object" } },
        u: [{ $set: { of: { $mergeObjects: ["$of", { $literal: added }, "$of"] } } }],
      };
    }),
  );
}

/** Removes the receipts at these offsets; a changed document then has again the fields that it should have. */
export async function removeReceipts(db: Db, stream: StreamNote, offsets: readonly bigint[]): Promise<void> {
  const names = Map.groupBy(offsets, (offset) => placeId(stream, startOf(offset)));
  const rest = (some: readonly bigint[]): Document => ({
    $filter: {
      input: { $objectToArray: "$of" },
      cond: { $not: [{ $in: ["$$this.k", { $literal: some.map(String) }] }] },
    },
  });
  await update(
    db,
    Array.from(names, ([id, some]) => ({
      q: { _id: id },
      u: [{ $replaceWith: { _id: "$_id", of: { $cond: [IS_OBJECT, { $arrayToObject: rest(some) }, {}] } } }],
    })),
  );
  const empty = { _id: { $in: [...names.keys()] as never[] }, of: {} };
  await db.collection(RECEIPTS).deleteMany(empty, { writeConcern: WRITE_CONCERN });
}

export const IS_OBJECT: Document = { $eq: [{ $type: "$of" }, "object"] };

async function update(db: Db, updates: readonly Document[]): Promise<number> {
  if (updates.length === 0) return 0;
  const answer = await db.command({ update: RECEIPTS, updates, ordered: false, writeConcern: WRITE_CONCERN });
  const [error] = (answer["writeErrors"] ?? []) as readonly { readonly code: number; readonly errmsg: string }[];
  if (error !== undefined) throw new MongoServerError({ code: error.code, message: error.errmsg });
  return Number(answer["n"]);
}

function takesNone([block]: readonly Block[]): Unavailable {
  const message = `Cannot store a receipt: document "${block?.id}" of ${RECEIPTS} was changed`;
  return new Unavailable("STORE_CORRUPT", message, "run `sigma audit`, then `sigma store repair --replace`");
}
