import type { Collection, Db, IndexDescription } from "mongodb";
import { Unavailable } from "../../core/unavailable.ts";
import type { Document } from "./bson-reader.ts";
import { buildIndex } from "./build-index.ts";

/** A collection that the gateway needs: its name, its indexes, and the fields that its validator demands. */
export type CollectionLayout = {
  readonly name: string;
  readonly indexes: readonly (IndexDescription & { readonly name: string })[];
  /** Fields and BSON types that the collection's validator demands of every document. Few, because each costs the server time. */
  readonly fields: Readonly<Record<string, string | readonly string[]>>;
  /** True for a collection that the first databases of this layout lack: a gateway makes it, and readers do without. */
  readonly isLater?: true;
};

/** The collection of the version document (layout-version.ts). */
const NOTE: CollectionLayout = { name: "sigma_layout", indexes: [], fields: { version: "int" } };

const SHARED: readonly CollectionLayout[] = [
  NOTE,
  {
    name: "sigma_ledger",
    indexes: [
      { name: "entry", key: { stream: 1, seq: 1 }, unique: true },
      { name: "range", key: { stream: 1, from: 1 } },
    ],
    // Entries of layout 1 have no `evidence`, so the server refuses entries that a gateway of that build inserts.
    fields: {
      stream: "string",
      seq: "long",
      kind: "string",
      from: "long",
      to: "long",
      evidence: "string",
      hash: "string",
    },
  },
  {
    name: "sigma_streams",
    indexes: [{ name: "stream", key: { stream: 1 }, unique: true }],
    fields: { _id: "int", stream: "string", topic: "string", partition: "int" },
  },
  { name: "sigma_contract_sets", indexes: [], fields: { text: "string" } },
  // Receipts of layout 3 hold one id each, so the server refuses those of a gateway of that build.
  { name: "sigma_receipts", indexes: [], fields: { of: "object" } },
  {
    name: "sigma_operator_log",
    indexes: [],
    fields: { at: "string", actor: "string", action: "string", target: "string", reason: "string", hash: "string" },
  },
  { name: "sigma_traffic", indexes: [], fields: { subject: "string", version: "int", producer: "string" } },
  { name: "sigma_halts", indexes: [], fields: { code: "string", message: "string" } },
  { name: "sigma_log_ends", indexes: [], fields: { topic: "string", partition: "int", end: "long" } },
  { name: "sigma_evidence", indexes: [], fields: { data: "binData" } },
  {
    name: "sigma_groups",
    indexes: [],
    fields: { fingerprint: "string", stream: "int", code: "string", count: "long", seq: "long" },
  },
  {
    name: "sigma_group_days",
    isLater: true,
    indexes: [{ name: "day", key: { day: 1 } }],
    fields: { fingerprint: "string", day: "int", stream: "int", count: "long", seq: "long" },
  },
  {
    name: "sigma_volume",
    isLater: true,
    indexes: [
      { name: "hour", key: { hour: 1 } },
      { name: "first", key: { stream: 1, first: 1 } },
    ],
    fields: {
      hour: "int",
      stream: "int",
      kind: "string",
      subject: "string",
      count: "long",
      first: "long",
      seq: "long",
    },
  },
  {
    name: "sigma_advice",
    isLater: true,
    indexes: [{ name: "time", key: { atMs: 1 } }],
    fields: { atMs: "long", text: "string" },
  },
  {
    name: "sigma_objectives",
    isLater: true,
    indexes: [],
    fields: { indicator: "string", step: "int", start: "long", good: "long", bad: "long" },
  },
  { name: "sigma_redrives", indexes: [], fields: { text: "string" } },
  {
    name: "sigma_redrive_pages",
    indexes: [{ name: "range", key: { plan: 1, stream: 1, from: 1 }, unique: true }],
    fields: { plan: "string", stream: "string", from: "long", to: "long", runs: "string" },
  },
];

/** The layout of every collection of a store. @param collections the collections of its contracts. */
export function layoutOf(collections: readonly string[]): readonly CollectionLayout[] {
  return [
    ...SHARED,
    ...collections.flatMap((collection): readonly CollectionLayout[] => [
      // Facts have no index but that of `_id`: each further index costs the server as much as the document, and the ledger finds
      // positions.
      { name: `validated_${collection}`, indexes: [], fields: { contract: "string", source: "object" } },
      {
        name: `failed_${collection}`,
        indexes: [
          { name: "time", key: { "source.at": -1, _id: -1 } },
          { name: "group", key: { fingerprint: 1, "source.at": -1, _id: -1 } },
          { name: "code", key: { code: 1, "source.at": -1, _id: -1 } },
        ],
        fields: {
          code: "string",
          reason: "object",
          fingerprint: "string",
          source: "object",
          // Failures of layout 2 have no `producer`, so the server refuses those of a gateway of that build.
          producer: ["string", "null"],
        },
      },
    ]),
  ];
}

/** A difference between a collection and its layout. `missing` is what can be created while the collection is empty. */
type LayoutFault = {
  readonly message: string;
  readonly of: CollectionLayout;
  readonly missing: "collection" | IndexDescription | null;
};

/** The differences between a database that may be read only and a layout: those of {@link findLayoutFaults}, but for what it may lack. */
export async function findReadFaults(db: Db, layout: readonly CollectionLayout[]): Promise<readonly string[]> {
  const faults = await findDifferences(db, layout);
  return faults
    .filter(({ of, missing }) => of.isLater !== true || missing !== "collection")
    .map(({ message }) => message);
}

/** The differences between a database and a layout, one sentence each; empty when there are none. */
export async function findLayoutFaults(db: Db, layout: readonly CollectionLayout[]): Promise<readonly string[]> {
  return (await findDifferences(db, layout)).map(({ message }) => message);
}

async function findDifferences(db: Db, layout: readonly CollectionLayout[]): Promise<readonly LayoutFault[]> {
  const there = await collectionsOf(db);
  const faults: LayoutFault[] = [];
  for (const of of layout) {
    const { name, indexes, fields } = of;
    const add = (message: string, missing: LayoutFault["missing"] = null): void =>
      void faults.push({ message, of, missing });
    const found = there.get(name);
    if (found === undefined) {
      add(`collection ${name} is missing`, "collection");
      continue;
    }
    if (!isSame(found.validator, validatorOf(fields))) add(`the validator of ${name} is missing or different`);
    if (found.capped) add(`collection ${name} is capped: it would forget documents`);
    const kept = await db.collection(name).indexes();
    for (const index of indexes) {
      const same = kept.find((one) => one.name === index.name);
      if (same === undefined) add(`index ${index.name} of ${name} is missing`, index);
      else if (!isSameIndex(same, index)) add(`index ${index.name} of ${name} is another one`);
    }
    for (const one of kept) {
      if (one["expireAfterSeconds"] !== undefined) add(`index ${one.name} of ${name} deletes documents by time`);
      if (one["unique"] === true && !indexes.some((index) => index.name === one.name))
        add(`index ${one.name} of ${name} is unique and not ours: it would refuse records`);
    }
  }
  return faults;
}

/** Creates the collection of the version document if it is missing. */
export async function ensureNote(db: Db): Promise<void> {
  await ensureLayout(db, [NOTE]);
}

/**
 * Creates missing collections and indexes, but only when nothing else differs from the layout. Otherwise the database stays as it
 * was. A collection with documents gets no new index, because existing documents may violate it and a person has to know.
 * Nothing is ever dropped or changed.
 * @param begin runs before the first collection or index is created.
 * @throws `Unavailable` with code STORE_LAYOUT that names every difference.
 */
export async function ensureLayout(
  db: Db,
  layout: readonly CollectionLayout[],
  begin: () => Promise<void> = async () => undefined,
): Promise<void> {
  const faults = await findDifferences(db, layout);
  const blocking: string[] = [];
  for (const fault of faults) if (!(await canBeMade(db, fault))) blocking.push(fault.message);
  if (blocking.length > 0) throw layoutRefused(db.databaseName, blocking);
  await begin();
  for (const { name, indexes, fields } of new Set(faults.map(({ of }) => of))) {
    if (faults.some(({ of, missing }) => of.name === name && missing === "collection"))
      await createCollection(db, name, fields);
    const collection = db.collection<Document>(name);
    const kept = new Set((await collection.indexes()).map((index) => index.name));
    const missing = indexes.filter((index) => !kept.has(index.name));
    if (missing.length > 0 && (await isEmpty(collection)))
      await collection.createIndexes(missing.map((index) => ({ ...index })));
  }
  if (faults.length === 0) return;
  const left = await findLayoutFaults(db, layout);
  if (left.length > 0) throw layoutRefused(db.databaseName, left);
}

/**
 * Replaces the validator of a collection and those of its indexes that have our names, for a migration.
 * @param waiting is called with the name of an index that the server is still building after the time that a request may take.
 */
export async function renewLayout(
  db: Db,
  layout: readonly CollectionLayout[],
  waiting: (index: string) => void,
): Promise<void> {
  for (const { name, indexes, fields } of layout) {
    const collection = db.collection<Document>(name);
    const kept = await collection.indexes();
    const there = new Map(kept.map((one) => [one.name, one]));
    const present = indexes.filter((index) => isSameIndex(there.get(index.name) ?? {}, index));
    // A migration that was broken off left the server building them, which changes no validator meanwhile.
    for (const index of present) await buildIndex(collection, index, waiting);
    await db.command({ collMod: name, validator: validatorOf(fields), validationLevel: "strict" });
    for (const index of indexes.filter((one) => !present.includes(one))) {
      if (there.has(index.name)) await collection.dropIndex(index.name);
      await buildIndex(collection, index, waiting);
    }
  }
}

async function canBeMade(db: Db, { of: { name }, missing }: LayoutFault): Promise<boolean> {
  if (missing === null || missing === "collection") return missing !== null;
  const collection = db.collection<Document>(name);
  if (await isEmpty(collection)) return true;
  // Another gateway that starts at the same time may have created the index, and already written documents.
  return collection.indexExists(missing.name ?? "");
}

function layoutRefused(database: string, faults: readonly string[]): Unavailable {
  return new Unavailable(
    "STORE_LAYOUT",
    `Cannot use database "${database}": ${faults.join("; ")}`,
    "make the collections and indexes as docs/mongodb.md lists them, or name another database; nothing was changed",
  );
}

const NAMESPACE_EXISTS = 48;

/** Creates a collection, unless another gateway that starts at the same time has created it. */
async function createCollection(db: Db, name: string, fields: CollectionLayout["fields"]): Promise<void> {
  try {
    await db.createCollection(name, { validator: validatorOf(fields), validationLevel: "strict" });
  } catch (error) {
    if ((error as { code?: unknown }).code !== NAMESPACE_EXISTS) throw error;
  }
}

type Found = { readonly validator: unknown; readonly capped: boolean };

async function collectionsOf(db: Db): Promise<ReadonlyMap<string, Found>> {
  const found = await db.listCollections({ type: "collection" }, { nameOnly: false }).toArray();
  return new Map(
    found.map((one) => {
      const options = "options" in one ? (one.options as Record<string, unknown> | undefined) : undefined;
      return [one.name, { validator: options?.["validator"], capped: options?.["capped"] === true }];
    }),
  );
}

async function isEmpty(collection: Collection<Document>): Promise<boolean> {
  return (await collection.findOne({}, { projection: { _id: 1 } })) === null;
}

/** The validator is a query: an equal `$jsonSchema` of six fields costs the server 2 to 5 us a fact more (`bench/mongod.ts`). */
function validatorOf(fields: CollectionLayout["fields"]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, types]) => [name, { $type: types }]));
}

function isSameIndex(there: Record<string, unknown>, wanted: IndexDescription): boolean {
  return (
    isSame(there["key"], wanted.key) &&
    (there["unique"] === true) === (wanted.unique === true) &&
    there["partialFilterExpression"] === undefined &&
    there["sparse"] !== true
  );
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
