import type { Db } from "mongodb";
import type { DocumentPlace } from "../store.ts";
import type { StreamNote } from "../stream-note.ts";
import { pagesOf, RAW } from "./read-raw.ts";
import { factIdOf, openStored, sourceOf, textOf, type StoredDocument } from "./stored-document.ts";
import { receiptPlaces } from "./receipt-reads.ts";
import { RECEIPTS } from "./receipts.ts";
import type { Streams } from "./streams.ts";
import { placeId } from "./failure-document.ts";
import { guarded } from "./unavailable.ts";

/** A collection of documents, and their kind. */
export type ObjectCollection = { readonly name: string; readonly kind: DocumentPlace["kind"] };

/** Every collection of documents, those of contracts that are no longer configured included. */
export async function objectCollections(db: Db): Promise<readonly ObjectCollection[]> {
  const found = await db.listCollections({ type: "collection" }, { nameOnly: true }).toArray();
  return found
    .map(({ name }) => name)
    .toSorted()
    .flatMap((name): readonly ObjectCollection[] => {
      if (name === RECEIPTS) return [{ name, kind: "receipt" }];
      const [, kind] = /^(validated|failed)_[a-z][a-z0-9_]{0,62}$/.exec(name) ?? [];
      return kind === "validated" || kind === "failed" ? [{ name, kind }] : [];
    });
}

/** Every collection of failures. */
export async function failedCollections(db: Db): Promise<readonly ObjectCollection[]> {
  return (await objectCollections(db)).filter(({ kind }) => kind === "failed");
}

/** Documents in a page. */
const PAGE = 1_000;

/**
 * Lists the place that every document claims, ordered by `_id`. One cursor reads each collection. A query for ids greater than the
 * last of a page would miss documents, because MongoDB compares ids of one type only and a forged document may have any type.
 */
export async function* placesOf(
  db: Db,
  collections: readonly ObjectCollection[],
  streams: Streams,
): AsyncGenerator<readonly DocumentPlace[]> {
  const notes = new Map((await guarded(streams.all)).map((note) => [note.number, note]));
  for (const { name, kind } of collections) {
    const collection = kind === "receipt" ? "" : name.slice(name.indexOf("_") + 1);
    const fields = { validated: { source: 1 }, failed: { _id: 1 }, receipt: {} }[kind];
    const options = { ...RAW, projection: fields, sort: { _id: 1 }, batchSize: PAGE } as const;
    const documents = pagesOf(db.collection(name).find({}, options));
    try {
      for (;;) {
        const next = await guarded(async () => documents.next());
        if (next.done === true) break;
        yield next.value.flatMap((bytes) => placesIn(kind, collection, openStored(bytes), notes));
      }
    } finally {
      await documents.return(undefined);
    }
  }
}

function placesIn(
  kind: DocumentPlace["kind"],
  collection: string,
  stored: StoredDocument,
  notes: ReadonlyMap<number, StreamNote>,
): readonly DocumentPlace[] {
  if (kind === "receipt") return receiptPlaces(stored, (id) => positionIn(id, notes));
  return [placeOf(kind, collection, stored, notes)];
}

function placeOf(
  kind: "validated" | "failed",
  collection: string,
  stored: StoredDocument,
  notes: ReadonlyMap<number, StreamNote>,
): DocumentPlace {
  if (kind === "validated") {
    const source = sourceOf(stored);
    return {
      kind,
      collection,
      id: factIdOf(stored) ?? "",
      stream: source?.stream ?? null,
      offset: source?.offset ?? null,
    };
  }
  const id = textOf(stored, "_id") ?? "";
  return { kind, collection, id, ...positionIn(id, notes) };
}

/** The position in the id of a failure or of a block of receipts; nulls when the id is not one that we write. */
function positionIn(
  id: string,
  notes: ReadonlyMap<number, StreamNote>,
): { readonly stream: number | null; readonly offset: bigint | null } {
  const [, offset, number] = /@(\d{1,19})#(\d{1,10})$/.exec(id) ?? [];
  const note = notes.get(Number(number));
  if (offset === undefined || note === undefined || placeId(note, BigInt(offset)) !== id)
    return { stream: null, offset: null };
  return { stream: note.number, offset: BigInt(offset) };
}
