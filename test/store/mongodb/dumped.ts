import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { BSON, type Db, type Document } from "mongodb";

/** A collection as it was read: options, indexes and documents with the types of BSON. */
type DumpedCollection = {
  readonly name: string;
  readonly options: Document;
  readonly indexes: readonly { readonly name: string; readonly key: Record<string, 1> }[];
  readonly documents: readonly Document[];
};

/** Makes the collections of a dump with everything in them. */
export async function restoreDump(db: Db, dump: URL): Promise<void> {
  const collections = BSON.EJSON.parse(String(gunzipSync(readFileSync(dump))), {
    relaxed: false,
  }) as readonly DumpedCollection[];
  for (const { name, options, indexes, documents } of collections) {
    const made = await db.createCollection(name, options);
    if (indexes.length > 0) await made.createIndexes(indexes.map((index) => ({ ...index })));
    if (documents.length > 0) await made.insertMany([...documents], { writeConcern: { w: "majority" } });
  }
}
