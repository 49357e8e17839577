import { Int32, MongoServerError, type Collection, type Db } from "mongodb";
import { foreignStore, LAYOUT, mixedLayouts, newerLayout, olderLayout } from "../layout-version.ts";
import { WRITE_CONCERN } from "./connect.ts";
import { ensureNote } from "./layout.ts";
import { DUPLICATE_KEY } from "./unavailable.ts";

/** What a database is, told from its version document and from the collections that are there. */
export type FoundLayout =
  /** Nothing of ours holds a document. */
  | { readonly kind: "empty" }
  | { readonly kind: "ours"; readonly version: number }
  /** `begun`: a migration was broken off, which moves collections aside under names that begin so. */
  | {
      readonly kind: "older";
      readonly version: number;
      readonly signs: readonly string[];
      readonly begun: string | null;
    }
  | { readonly kind: "newer"; readonly version: number }
  /** `told`: the version document says which of the two is the store's. */
  | { readonly kind: "mixed"; readonly signs: readonly string[]; readonly told: boolean }
  | { readonly kind: "foreign"; readonly why: string };

type LayoutDocument = { _id: string; version: Int32 | number; migratingTo?: Int32 | number; aside?: string };

const STORE = "store";

/** Collections under names of ours; `sigma_layout` says of itself what it is. */
const OURS = /^(?:sigma_(?!layout$)|validated_|failed_)/;

/**
 * Looks and changes nothing. The collections are listed first: whoever lays a database out writes the version before the first
 * of them, so that a version is there when they are.
 */
export async function findLayout(db: Db): Promise<FoundLayout> {
  const names = (await db.listCollections({ type: "collection" }, { nameOnly: true }).toArray())
    .map(({ name }) => name)
    .filter((name) => OURS.test(name))
    .toSorted();
  const told = await notes(db).findOne({ _id: STORE });
  if (told !== null) return fromDocument(told, await signsOfLayout1(db, names));
  const signs = await signsOfLayout1(db, names);
  if (signs.length > 0) {
    if (names.includes("sigma_streams"))
      return { kind: "mixed", signs: [...signs, "collection sigma_streams"], told: false };
    return { kind: "older", version: 1, signs, begun: null };
  }
  for (const name of names) {
    const held = await db.collection(name).findOne({}, { projection: { _id: 1 } });
    if (held !== null) return { kind: "foreign", why: `collection ${name} holds documents, and no layout is noted` };
  }
  return { kind: "empty" };
}

function fromDocument({ version, aside }: LayoutDocument, signs: readonly string[]): FoundLayout {
  const said = typeof version === "number" ? version : 0;
  if (!Number.isSafeInteger(said) || said < 1) return { kind: "foreign", why: "sigma_layout holds no version" };
  if (said > LAYOUT) return { kind: "newer", version: said };
  if (said < LAYOUT) return { kind: "older", version: said, signs: [], begun: aside ?? null };
  return signs.length > 0 ? { kind: "mixed", signs, told: true } : { kind: "ours", version: said };
}

/** Layout 1 kept long values in a collection of their own, and had indexes on positions. */
async function signsOfLayout1(db: Db, names: readonly string[]): Promise<readonly string[]> {
  const signs = names.includes("sigma_raw") ? ["collection sigma_raw"] : [];
  for (const name of names.filter((one) => one === "sigma_receipts" || !one.startsWith("sigma_"))) {
    const indexes = await db.collection(name).indexes();
    if (indexes.some((index) => index.name === "position")) signs.push(`index position of ${name}`);
  }
  return signs;
}

/** @throws `Unavailable` unless the database is empty, or has the layout that this build writes. */
export async function refuseOtherLayout(db: Db): Promise<FoundLayout> {
  const what = `database "${db.databaseName}"`;
  const found = await findLayout(db);
  switch (found.kind) {
    case "empty":
    case "ours":
      return found;
    case "older":
      throw olderLayout(what, found.version, whyOlder(found));
    case "newer":
      throw newerLayout(what, found.version);
    case "mixed":
      throw mixedLayouts(what, found.signs.join(", "), found.told ? SET_ASIDE : LEAVE);
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

/** Notes the layout of this build in a database that has none noted: before anything else of it is made. */
export async function noteLayout(db: Db): Promise<void> {
  // Another gateway that starts at the same time may be first.
  await insertNote(db, { version: new Int32(LAYOUT) });
}

/**
 * Notes that a migration begins: no build opens the store until it ended.
 * @param aside how the names begin under which it keeps collections.
 * @param again it goes on with one that was broken off.
 * @returns false when another one began or ended since the database was looked at: nothing is noted then.
 */
export async function noteMigration(db: Db, from: number, aside: string, again: boolean): Promise<boolean> {
  const note = { version: new Int32(from), migratingTo: new Int32(LAYOUT), aside };
  if (!again) return insertNote(db, note);
  const there = { _id: STORE, version: from, aside };
  const { matchedCount } = await notes(db).replaceOne(there, note, { writeConcern: WRITE_CONCERN });
  return matchedCount === 1;
}

/** The last step of a migration. */
export async function noteMigrated(db: Db): Promise<void> {
  await notes(db).replaceOne({ _id: STORE }, { version: new Int32(LAYOUT) }, { writeConcern: WRITE_CONCERN });
}

function notes(db: Db): Collection<LayoutDocument> {
  return db.collection<LayoutDocument>("sigma_layout");
}

/** @returns false when one is there. */
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
