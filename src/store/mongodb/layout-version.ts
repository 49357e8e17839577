import { Int32, MongoServerError, type Collection, type Db } from "mongodb";
import { foreignStore, MONGODB_LAYOUT, mixedLayouts, newerLayout, olderLayout } from "../layout-version.ts";
import { WRITE_CONCERN } from "./connect.ts";
import { ensureNote } from "./layout.ts";
import { DUPLICATE_KEY } from "./unavailable.ts";

/** The layout of a database, by its version document and its collections. */
export type FoundLayout =
  /** No collection with one of our names holds a document. */
  | { readonly kind: "empty" }
  | { readonly kind: "ours"; readonly version: number }
  /** `begun`: the prefix under which an interrupted migration keeps collections; null when no migration was interrupted. */
  | {
      readonly kind: "older";
      readonly version: number;
      readonly signs: readonly string[];
      readonly begun: string | null;
    }
  | { readonly kind: "newer"; readonly version: number }
  /** The database has collections of two layouts. `hasVersion`: the version document says which of the two is the store's. */
  | { readonly kind: "mixed"; readonly signs: readonly string[]; readonly hasVersion: boolean }
  | { readonly kind: "foreign"; readonly why: string };

type LayoutDocument = { _id: string; version: Int32 | number; migratingTo?: Int32 | number; aside?: string };

const STORE = "store";

/** Names of our collections, except `sigma_layout`, which holds the version document. */
const OURS = /^(?:sigma_(?!layout$)|validated_|failed_)/;

/**
 * Finds the layout of a database and changes nothing. The collections are listed before the version document is read: a gateway that
 * creates a store writes the version before the first collection, so every listed collection has a version by then.
 */
export async function findLayout(db: Db): Promise<FoundLayout> {
  const names = (await db.listCollections({ type: "collection" }, { nameOnly: true }).toArray())
    .map(({ name }) => name)
    .filter((name) => OURS.test(name))
    .toSorted();
  const noted = await notes(db).findOne({ _id: STORE });
  if (noted !== null) return fromDocument(noted, await signsOfLayout1(db, names));
  const signs = await signsOfLayout1(db, names);
  if (signs.length > 0) {
    if (names.includes("sigma_streams"))
      return { kind: "mixed", signs: [...signs, "collection sigma_streams"], hasVersion: false };
    return { kind: "older", version: 1, signs, begun: null };
  }
  for (const name of names) {
    const held = await db.collection(name).findOne({}, { projection: { _id: 1 } });
    if (held !== null) return { kind: "foreign", why: `collection ${name} holds documents, and no layout is noted` };
  }
  return { kind: "empty" };
}

function fromDocument({ version, aside }: LayoutDocument, signs: readonly string[]): FoundLayout {
  const noted = typeof version === "number" ? version : 0;
  if (!Number.isSafeInteger(noted) || noted < 1) return { kind: "foreign", why: "sigma_layout holds no version" };
  if (noted > MONGODB_LAYOUT) return { kind: "newer", version: noted };
  if (noted < MONGODB_LAYOUT) return { kind: "older", version: noted, signs: [], begun: aside ?? null };
  return signs.length > 0 ? { kind: "mixed", signs, hasVersion: true } : { kind: "ours", version: noted };
}

/** Finds collections and indexes that only layout 1 had: a collection for long values, and indexes on positions. */
async function signsOfLayout1(db: Db, names: readonly string[]): Promise<readonly string[]> {
  const signs = names.includes("sigma_raw") ? ["collection sigma_raw"] : [];
  for (const name of names.filter((one) => one === "sigma_receipts" || !one.startsWith("sigma_"))) {
    const indexes = await db.collection(name).indexes();
    if (indexes.some((index) => index.name === "position")) signs.push(`index position of ${name}`);
  }
  return signs;
}

/** Finds the layout of a database. @throws `Unavailable` unless it is empty or has the layout that this build writes. */
export async function refuseOtherLayout(db: Db): Promise<FoundLayout> {
  const what = `database "${db.databaseName}"`;
  const found = await findLayout(db);
  switch (found.kind) {
    case "empty":
    case "ours":
      return found;
    case "older":
      throw olderLayout(what, found.version, MONGODB_LAYOUT, whyOlder(found));
    case "newer":
      throw newerLayout(what, found.version, MONGODB_LAYOUT);
    case "mixed":
      throw mixedLayouts(what, found.signs.join(", "), found.hasVersion ? SET_ASIDE : LEAVE);
    case "foreign":
      throw foreignStore(what, found.why);
  }
}

const SET_ASIDE = "end the older build, then run `sigma store migrate`, which sets aside what it made";
const LEAVE = "name another database in the URI: the log is decided again into it; nothing was changed";

function whyOlder({ signs, begun }: { readonly signs: readonly string[]; readonly begun: string | null }): string {
  if (begun !== null) return "; a migration of it was broken off";
  return signs.length === 0 ? "" : ` (it has ${signs.join(", ")})`;
}

/** Writes this build's layout version into an empty database, before any other collection is created. */
export async function noteLayout(db: Db): Promise<void> {
  // Another gateway that starts at the same time may have written it first; then nothing happens.
  await insertNote(db, { version: new Int32(MONGODB_LAYOUT) });
}

/**
 * Marks the database as being migrated, so that no build opens the store until the migration ends.
 * @param aside prefix of the names under which the migration keeps old collections.
 * @param again whether an interrupted migration is continued.
 * @returns false when another migration began or ended since the layout was read; nothing is written then.
 */
export async function noteMigration(db: Db, from: number, aside: string, again: boolean): Promise<boolean> {
  const note = { version: new Int32(from), migratingTo: new Int32(MONGODB_LAYOUT), aside };
  // A store of layout 1 has no version document.
  if (!again && from === 1) return insertNote(db, note);
  const there = { _id: STORE, version: from, ...(again ? { aside } : { aside: { $exists: false } }) };
  const { matchedCount } = await notes(db).replaceOne(there, note, { writeConcern: WRITE_CONCERN });
  return matchedCount === 1;
}

/** Marks the migration as done: its last step. */
export async function noteMigrated(db: Db): Promise<void> {
  await notes(db).replaceOne({ _id: STORE }, { version: new Int32(MONGODB_LAYOUT) }, { writeConcern: WRITE_CONCERN });
}

function notes(db: Db): Collection<LayoutDocument> {
  return db.collection<LayoutDocument>("sigma_layout");
}

/** Inserts the version document. @returns false when there is one already. */
async function insertNote(db: Db, note: Omit<LayoutDocument, "_id">): Promise<boolean> {
  await ensureNote(db);
  try {
    await notes(db).insertOne({ _id: STORE, ...note }, { writeConcern: WRITE_CONCERN });
    return true;
  } catch (error) {
    if (error instanceof MongoServerError && error.code === DUPLICATE_KEY) return false;
    throw error;
  }
}
