import { Int32, MongoServerError, type Collection, type Db, type IndexDescriptionInfo } from "mongodb";
import { foreignStore, MONGODB_LAYOUT, mixedLayouts, newerLayout, olderLayout } from "../layout-version.ts";
import { WRITE_CONCERN } from "./connect.ts";
import { ensureNote } from "./layout.ts";
import { DUPLICATE_KEY } from "./unavailable.ts";

/** The layout of a database, by its version document and its collections. */
export type FoundLayout =
  /** No collection with one of our names holds a document. */
  | { readonly kind: "empty" }
  | { readonly kind: "ours"; readonly version: number }
  /**
   * `begun`: the prefix under which an interrupted migration keeps collections; null when no migration was interrupted. `by`: the name of the
   * migration that began last; null when there is none, or when an earlier build began it.
   */
  | {
      readonly kind: "older";
      readonly version: number;
      readonly signs: readonly string[];
      readonly begun: string | null;
      readonly by: string | null;
    }
  | { readonly kind: "newer"; readonly version: number }
  /** The database has collections of two layouts. `hasVersion`: the version document says which of the two is the store's. */
  | { readonly kind: "mixed"; readonly signs: readonly string[]; readonly hasVersion: boolean }
  | { readonly kind: "foreign"; readonly why: string };

type LayoutDocument = {
  _id: string;
  version: Int32 | number;
  migratingTo?: Int32 | number;
  from?: Int32 | number;
  aside?: string;
  by?: string;
};

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
    return { kind: "older", version: 1, signs, begun: null, by: null };
  }
  for (const name of names) {
    const held = await db.collection(name).findOne({}, { projection: { _id: 1 } });
    if (held !== null) return { kind: "foreign", why: `collection ${name} holds documents, and no layout is noted` };
  }
  return { kind: "empty" };
}

function fromDocument({ version, from, aside, by: noter }: LayoutDocument, signs: readonly string[]): FoundLayout {
  const by = noter ?? null;
  const noted = typeof version === "number" ? version : 0;
  if (!Number.isSafeInteger(noted) || noted < 1) return { kind: "foreign", why: "sigma_layout holds no version" };
  if (noted > MONGODB_LAYOUT) return { kind: "newer", version: noted };
  if (typeof from === "number") return { kind: "older", version: from, signs: [], begun: aside ?? "", by };
  if (noted < MONGODB_LAYOUT) return { kind: "older", version: noted, signs: [], begun: aside ?? null, by };
  return signs.length > 0 ? { kind: "mixed", signs, hasVersion: true } : { kind: "ours", version: noted };
}

/** Finds collections and indexes that only layout 1 had: a collection for long values, and indexes on positions. */
async function signsOfLayout1(db: Db, names: readonly string[]): Promise<readonly string[]> {
  const signs = names.includes("sigma_raw") ? ["collection sigma_raw"] : [];
  for (const name of names.filter((one) => one === "sigma_receipts" || !one.startsWith("sigma_"))) {
    const indexes = await indexesOf(db, name);
    if (indexes.some((index) => index.name === "position")) signs.push(`index position of ${name}`);
  }
  return signs;
}

const NAMESPACE_NOT_FOUND = 26;

/** The indexes of a collection; none where a migration moved it since it was listed. */
async function indexesOf(db: Db, name: string): Promise<readonly IndexDescriptionInfo[]> {
  try {
    return await db.collection(name).indexes();
  } catch (error) {
    if (error instanceof MongoServerError && error.code === NAMESPACE_NOT_FOUND) return [];
    throw error;
  }
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
 * Marks the database as being migrated, so that no build opens the store until the migration ends: one of the old layout finds a newer
 * version, and this one finds `from`.
 * @param aside prefix of the names under which the migration keeps old collections.
 * @param by the name of this migration.
 * @param before the name of the interrupted migration that is continued, as `findLayout` has it; undefined when none is.
 * @returns false when another migration began or ended since the layout was read; nothing is written then.
 */
export async function noteMigration(
  db: Db,
  from: number,
  aside: string,
  by: string,
  before: string | null | undefined,
): Promise<boolean> {
  const to = new Int32(MONGODB_LAYOUT);
  const note = { version: to, migratingTo: to, from: new Int32(from), aside, by };
  // A store of layout 1 has no version document.
  if (before === undefined && from === 1) return insertNote(db, note);
  // Earlier builds noted the old version, and no `from`.
  const there =
    before === undefined
      ? { _id: STORE, version: from, aside: { $exists: false } }
      : {
          _id: STORE,
          aside,
          ...(before === null ? { by: { $exists: false } } : { by: before }),
          $or: [{ from }, { version: from, from: { $exists: false } }],
        };
  const { matchedCount } = await notes(db).replaceOne(there, note, { writeConcern: WRITE_CONCERN });
  return matchedCount === 1;
}

/** Marks the migration as done: its last step. @returns false when another one has taken its place. */
export async function noteMigrated(db: Db, by: string): Promise<boolean> {
  const done = { version: new Int32(MONGODB_LAYOUT) };
  const { matchedCount } = await notes(db).replaceOne({ _id: STORE, by }, done, { writeConcern: WRITE_CONCERN });
  return matchedCount === 1;
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
