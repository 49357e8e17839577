import type { Db, Document } from "mongodb";
import type { Difference, DocumentPlace, Receipt } from "../store.ts";
import type { StreamNote } from "../stream-note.ts";
import { fieldsOf, type Field } from "./bson-reader.ts";
import { DOCUMENT } from "./bson-writer.ts";
import { findByIds } from "./find-by-ids.ts";
import { idPages } from "./id-pages.ts";
import { blocksOf, IS_OBJECT, RECEIPTS, startOf } from "./receipts.ts";
import { onlyField, openStored, textOf, uuidAt, type StoredDocument } from "./stored-document.ts";

/** Compares stored receipts with these. @returns the differences, by place. */
export async function compareReceipts(
  db: Db,
  stream: StreamNote,
  receipts: readonly Receipt[],
): Promise<ReadonlyMap<number, Difference>> {
  const placeOf = new Map(receipts.map(({ position }, place) => [position.offset, place]));
  const blocks = new Map(blocksOf(stream, receipts).map((block) => [block.id, block]));
  const found = new Map<number, Difference>(receipts.map((_, place) => [place, { kind: "missing" }]));
  for await (const page of findByIds(db, RECEIPTS, [...blocks.keys()]))
    for (const stored of page.map(openStored)) {
      const block = blocks.get(textOf(stored, "_id") ?? "");
      for (const [{ position }, difference] of differencesIn(stored, block?.receipts ?? [])) {
        const place = placeOf.get(position.offset) as number;
        if (difference === null) found.delete(place);
        else found.set(place, difference);
      }
    }
  return found;
}

/** What is wrong with a document as a whole is the fault of the first receipt that it should hold. */
function* differencesIn(
  stored: StoredDocument,
  wanted: readonly Receipt[],
): Generator<readonly [Receipt, Difference | null]> {
  const ids = Map.groupBy(idsIn(stored), ({ name }) => name);
  let isWrong = !isWhole(stored);
  for (const receipt of wanted) {
    const [one, ...others] = ids.get(String(receipt.position.offset)) ?? [];
    if (isWrong) yield [receipt, differs("its fields are others than `_id` and `of`")];
    else if (one === undefined) continue;
    else if (others.length > 0 || uuidAt(stored.bytes, one) !== receipt.of)
      yield [receipt, differs("its of is another")];
    else yield [receipt, null];
    isWrong = false;
  }
}

function differs(message: string): Difference {
  return { kind: "differs", message };
}

/** Whether a document of receipts has the fields that it should have, and no other. */
function isWhole({ fields }: StoredDocument): boolean {
  return fields.length === 2 && fields[0]?.name === "_id" && fields[1]?.name === "of" && fields[1].type === DOCUMENT;
}

/** The fields of a document of receipts that should each be one. */
function idsIn({ bytes, fields }: StoredDocument): readonly Field[] {
  const of = onlyField(fields, "of");
  return of === null || of.type !== DOCUMENT ? [] : fieldsOf(bytes, of.from);
}

/** The places that the receipts of one document claim; one that says nothing where the document is not as this program writes it. */
export function receiptPlaces(
  stored: StoredDocument,
  positionIn: (id: string) => { readonly stream: number | null; readonly offset: bigint | null },
): readonly DocumentPlace[] {
  const { stream, offset: start } = positionIn(textOf(stored, "_id") ?? "");
  const isBlock = start !== null && start === startOf(start);
  const unknown = { kind: "receipt", collection: "", id: "", stream: null, offset: null } as const;
  const places = idsIn(stored).map((field): DocumentPlace => {
    const offset = offsetIn(field.name);
    if (!isBlock || offset === null || startOf(offset) !== start) return unknown;
    return { ...unknown, id: uuidAt(stored.bytes, field) ?? "", stream, offset };
  });
  return isWhole(stored) && (isBlock || places.length > 0) ? places : [...places, unknown];
}

function offsetIn(name: string): bigint | null {
  return /^(?:0|[1-9]\d{0,18})$/.test(name) ? BigInt(name) : null;
}

/** Counts every receipt, and every field that a document of them should not have. */
export async function countReceipts(db: Db): Promise<number> {
  const size = (of: string): Document => ({ $size: { $objectToArray: of } });
  const held = { $cond: [IS_OBJECT, size("$of"), 1] };
  const count = { $group: { _id: null, count: { $sum: { $add: [held, { $subtract: [size("$$ROOT"), 2] }] } } } };
  const receipts = db.collection(RECEIPTS);
  let sum = 0;
  for await (const filter of idPages(receipts, COUNTED_A_REQUEST)) {
    const [found] = await receipts.aggregate([{ $match: filter }, count]).toArray();
    sum += Number(found?.["count"] ?? 0);
  }
  return sum;
}

/** Of 256 receipts each. */
const COUNTED_A_REQUEST = 1_000;
