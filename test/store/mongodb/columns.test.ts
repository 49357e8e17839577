import { randomBytes } from "node:crypto";
import { Binary, Double, Int32, Long, MongoClient, ObjectId, type Collection, type Document } from "mongodb";
import { expect, onTestFinished, test } from "vitest";
import type { Source } from "../../../src/source/source.ts";
import { openMongoStore } from "../../../src/store/mongodb/store.ts";
import type { StoreReads } from "../../../src/store/store.ts";
import {
  auditColumns,
  CLOCK,
  codesOrWhy,
  columnLaws,
  ENDS,
  NO_READER,
  ofAny,
  TAIL,
  WITHIN,
  type Forgery,
  type NotFound,
} from "../../audit/column-laws.ts";
import { storeEverything } from "../../audit/everything.ts";
import { PATIENCE_MS } from "../../patience.ts";
import { openLog, PARCEL_COLLECTIONS, settle, TOPIC } from "../../rejudge/what-if-laws.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { testDatabase, type TestDatabase } from "./database.ts";

const mongo = mongoForTests(1);

const UNREAD = "nobody reads it";

/** What an audit of this engine does not find. */
const NOT_FOUND: readonly NotFound[] = [
  { what: "sigma_groups: a document removed", why: TAIL },
  { what: "sigma_group_days: a document removed", why: TAIL },
  { what: "sigma_volume: a document removed", why: TAIL },
  { what: "sigma_groups.seq: raised", why: WITHIN },
  { what: "sigma_group_days.seq: raised", why: WITHIN },
  { what: "sigma_volume.seq: raised", why: WITHIN },
  { what: "sigma_volume.first: lowered", why: `${WITHIN}; a repair writes 1` },
  { what: "sigma_halts", why: CLOCK },
  { what: "sigma_layout: a field added", why: UNREAD },
  { what: "sigma_layout: a document added", why: UNREAD },
  { what: "sigma_ledger: a document removed", why: "the last entry, of no records: anchors have it (docs/anchors.md)" },
  { what: "sigma_operator_log: a document removed", why: "the last action: anchors have it (docs/anchors.md)" },
  { what: "sigma_log_ends: every document removed", why: ENDS },
  { what: "sigma_log_ends: a document removed", why: ENDS },
  { what: "sigma_log_ends._id: changed", why: ENDS, bySource: true },
  { what: "sigma_log_ends.end: raised", why: ENDS },
  { what: "sigma_log_ends.end: lowered", why: ENDS },
  { what: "sigma_log_ends: a document added", why: ENDS, bySource: true },
  { what: "sigma_redrives (seen)", why: CLOCK },
  { what: "sigma_redrives: a document added", why: NO_READER },
  { what: "sigma_redrives: a field added", why: UNREAD },
  { what: "sigma_streams: a document added", why: "a stream that is being begun has no entry yet", bySource: true },
];

columnLaws("the MongoDB store", NOT_FOUND, async () => {
  const database = await testDatabase(mongo.server());
  const store = await database.open({ collections: PARCEL_COLLECTIONS });
  const log = await storeEverything(store);
  const { reads } = await database.open({ collections: PARCEL_COLLECTIONS, readOnly: true });
  const client = new MongoClient(database.uri);
  onTestFinished(async () => client.close());
  const db = client.db(database.name);
  const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name).toSorted();
  const forgeries: Forgery[] = [];
  const fields = new Map<string, Set<string>>();
  for (const name of names) {
    const collection = db.collection(name);
    const table = ofAny(name);
    const all = await collection.find({}, { promoteValues: false }).sort({ _id: 1 }).toArray();
    const known = fields.get(table) ?? new Set<string>();
    fields.set(table, known);
    for (const one of all) for (const { path } of leavesOf(one)) known.add(nameOf(path));
    for (const { field, how, after, isSeen: isNote } of changesOf(all))
      forgeries.push({
        // What is stored beside a plan is none.
        table: isNote ? `${table} (seen)` : table,
        field,
        how,
        codes: async (source) => codesAfter(database, collection, all, after, source, reads),
      });
  }
  // Only evidence of more than 8 MiB is in pieces.
  fields.delete("sigma_evidence");
  return {
    log,
    fields: new Map([...fields].map(([table, own]) => [table, [...own]])),
    forgeries,
    honest: async (source) => audited(database, source, reads),
  };
});

test("an audit finds that a piece of evidence was changed or removed, and leaves pieces alone that no entry names", async () => {
  const database = await testDatabase(mongo.server());
  const store = await database.open({ collections: PARCEL_COLLECTIONS });
  const log = openLog();
  await log.append(TOPIC, [{ key: null, headers: [], value: randomBytes(9_000_000), partition: null }]);
  await settle(log, store);
  const pieces = database.raw.collection("sigma_evidence");
  const all: readonly Document[] = await pieces.find().toArray();
  const one = all[0] ?? {};
  expect(all).toHaveLength(2);
  const left: Document = { ...one, _id: `${String(one["_id"])}7` };
  for (const [after, codes] of [
    [all, []],
    [[...all, left], []],
    [all.slice(1), ["EVIDENCE"]],
    [all.with(0, { ...one, data: flipped(one["data"] as Binary) }), ["EVIDENCE"]],
  ] as const)
    expect(await codesAfter(database, pieces, all, after, log)).toEqual(codes);
  // The first entry of a stream has no records.
  await database.raw.collection("sigma_ledger").updateOne({ seq: 0 }, { $set: { packed: one["data"] } });
  expect(await audited(database, log)).toEqual(["EVIDENCE"]);
});

/** Puts other documents into a collection, audits, and puts back what was there. */
async function codesAfter(
  database: TestDatabase,
  collection: Collection,
  before: readonly Document[],
  after: readonly Document[],
  source: Source | null,
  reads: StoreReads | null = null,
): Promise<readonly string[] | null> {
  const [gone, come] = [before.filter((one) => !after.includes(one)), after.filter((one) => !before.includes(one))];
  if (!(await replace(collection, gone, come))) {
    await replace(collection, null, before);
    return null;
  }
  try {
    return await audited(database, source, reads);
  } finally {
    await replace(collection, come, gone);
  }
}

/** @param gone null: every document. @returns false when the collection takes no such document. */
async function replace(
  collection: Collection,
  gone: readonly Document[] | null,
  come: readonly Document[],
): Promise<boolean> {
  const ids = gone?.map((one): unknown => one["_id"]);
  await collection.deleteMany(ids === undefined ? {} : { _id: { $in: ids as never[] } });
  try {
    if (come.length > 0) await collection.insertMany([...come], { bypassDocumentValidation: true });
    return true;
  } catch {
    return false;
  }
}

/** @param reads of a store that is open: what they do not find, opening the store may. */
async function audited(
  { uri }: TestDatabase,
  source: Source | null,
  reads: StoreReads | null = null,
): Promise<readonly string[]> {
  const found = reads === null ? [] : await codesOrWhy(async () => auditColumns(reads, source));
  if (found.length > 0) return found;
  const times = { selectionTimeoutMs: PATIENCE_MS, socketTimeoutMs: PATIENCE_MS };
  return codesOrWhy(async () => {
    const store = await openMongoStore({ uri, collections: PARCEL_COLLECTIONS, readOnly: true, ...times });
    try {
      return await auditColumns(store.reads, source);
    } finally {
      await store.close();
    }
  });
}

type Change = {
  readonly field: string | null;
  readonly how: string;
  readonly after: readonly Document[];
  readonly isSeen: boolean;
};

/** Every document is removed; each field is changed in the first and in the last document that has it. */
function changesOf(all: readonly Document[]): readonly Change[] {
  if (all.length === 0) return [];
  const places = new Map<string, number[]>();
  for (const [at, one] of all.entries())
    for (const { path } of leavesOf(one)) places.set(nameOf(path), [...(places.get(nameOf(path)) ?? []), at]);
  const changed = [...places].flatMap(([field, ats]) =>
    [...new Set([ats[0] ?? 0, ats.at(-1) ?? 0])].flatMap((at) => changesOfField(all, at, field)),
  );
  const removed = all.map((one, at): Change => {
    return { field: null, how: "a document removed", after: all.toSpliced(at, 1), isSeen: isSeen(one) };
  });
  return [{ field: null, how: "every document removed", after: [], isSeen: false }, ...removed, ...changed];
}

function changesOfField(all: readonly Document[], at: number, field: string): readonly Change[] {
  const one = all[at] ?? {};
  const leaf = leavesOf(one).find(({ path }) => nameOf(path) === field);
  if (leaf === undefined) return [];
  const { path, value } = leaf;
  const put = (name: string | null, how: string, after: readonly Document[]): Change => {
    return { field: name, how, after, isSeen: isSeen(one) };
  };
  // Every document has an _id: the driver gives it one where it is removed.
  const values = others(value).map(
    ([how, other]) => [how, field === "_id" && other === REMOVED ? new ObjectId() : other] as const,
  );
  const changes = values.map(([how, other]) => put(field, how, all.with(at, withValue(one, path, other))));
  if (field === "_id") changes.push(put(null, "a field added", all.with(at, { ...one, added: "x" })));
  if (!KEYS.includes(field)) return changes;
  const added = withValue(
    { ...one, _id: another(one["_id"]) },
    path,
    field === "_id" ? another(value) : values[0]?.[1],
  );
  return [...changes, put(null, `a document added, of another ${field}`, [...all, added])];
}

/** Whether it says when the runner of a plan was last at work. */
function isSeen({ _id }: Document): boolean {
  return String(_id).endsWith("/seen");
}

/** Fields that tell documents apart. */
const KEYS: readonly string[] = ["_id", "stream", "seq"];

type Leaf = { readonly path: readonly string[]; readonly value: unknown };

function leavesOf(value: unknown, path: readonly string[] = []): readonly Leaf[] {
  const isNested = typeof value === "object" && value !== null && !("_bsontype" in value) && !(value instanceof Date);
  if (!isNested) return [{ path, value }];
  return Object.entries(value).flatMap(([name, member]) => leavesOf(member, [...path, name]));
}

/** What a document says by names of its own is one field. */
function nameOf(path: readonly string[]): string {
  const [first = ""] = path;
  if (["of", "hours", "payload", "reason"].includes(first) && path.length > 1) return `${first}.*`;
  return path.join(".");
}

const REMOVED = Symbol("removed");

function others(value: unknown): readonly (readonly [string, unknown])[] {
  const gone = ["removed", REMOVED] as const;
  if (value === null) return [["set", "x"], gone];
  if (typeof value === "boolean") return [["changed", !value], gone];
  if (typeof value === "string") return [["changed", `x${value}`], gone];
  if (value instanceof Date) return [["raised", new Date(value.getTime() + 1)], gone];
  if (value instanceof Binary) return [["changed", flipped(value)], gone];
  const by = (number: number): unknown => {
    if (value instanceof Int32) return new Int32(value.value + number);
    if (value instanceof Double) return new Double(value.value + number);
    return (value as Long).add(Long.fromNumber(number));
  };
  return [["raised", by(1)], ["lowered", by(-1)], gone];
}

function another(value: unknown): unknown {
  if (value instanceof Int32) return new Int32(value.value + 1_000);
  return others(value)[0]?.[1];
}

function flipped({ buffer, sub_type: type }: Binary): Binary {
  const bytes = Uint8Array.from(buffer);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return new Binary(bytes, type);
}

function withValue(document: Document, [name = "", ...rest]: readonly string[], value: unknown): Document {
  const own = rest.length === 0 ? value : withValue(document[name] as Document, rest, value);
  if (own !== REMOVED) return { ...document, [name]: own };
  return Object.fromEntries(Object.entries(document).filter(([other]) => other !== name));
}
