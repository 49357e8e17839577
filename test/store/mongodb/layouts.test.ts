import { BSON, MongoClient, type Db } from "mongodb";
import { describe, expect, test } from "vitest";
import { openToMigrate } from "../../../src/app/migrating.ts";
import { MONGODB_LAYOUT } from "../../../src/store/layout-version.ts";
import { runMigrations } from "../../../src/store/migrations/migration.ts";
import { temporaryDirectory } from "../../embedded.ts";
import { until } from "../../patience.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { unavailable } from "../../unavailable.ts";
import { makeOldDatabase, nextOldEntry } from "../layout-1/fixture.ts";
import { layoutLaws } from "../layout-laws.ts";
import { LAW_COLLECTION } from "../rows.ts";
import { testDatabase, type TestDatabase } from "./database.ts";

const mongo = mongoForTests(1);
const BEGUN = { version: new BSON.Int32(1), migratingTo: new BSON.Int32(4), aside: "layout1_" } as const;
const COLLECTIONS = [LAW_COLLECTION, "shipments"];

// Code 121: what a gateway of before tells as STORE_REFUSED, and waits.
layoutLaws("the MongoDB store", MONGODB_LAYOUT, /Document failed validation/, async () => {
  const database = await testDatabase(mongo.server());
  const { raw, uri } = database;
  return {
    dataDir: temporaryDirectory(),
    mongodbUri: uri,
    open: async (readOnly) => database.open({ readOnly, collections: COLLECTIONS }),
    makeOlder: async () => makeOldDatabase(raw),
    makeNewer: async () => {
      await makePresent(database);
      await raw.collection("sigma_layout").updateOne({}, { $set: { version: 5 } });
    },
    makeForeign: async () => void (await raw.collection("validated_accounts").insertOne({ name: "a" })),
    makeMixed: async () => {
      await makeOldDatabase(raw);
      await raw.createCollection("sigma_streams");
    },
    contents: async () => collectionsIn(raw, ""),
    kept: async () => collectionsIn(raw, "layout1_"),
    hold: async () => {
      const client = new MongoClient(uri, { appName: "sigma-aetl" });
      await client.connect();
      return async () => {
        await client.close();
        await until(async () => (await gatewaysConnected()) === 0);
      };
    },
    appendsAsBefore: async () => {
      const next = await nextOldEntry(raw, "sigma_ledger");
      return async () => raw.collection("sigma_ledger").insertOne(next);
    },
  };
});

describe("what a gateway of the layout before makes beside a MongoDB store", () => {
  test("is told as two layouts, and a migration sets it aside and leaves everything else", async () => {
    const database = await testDatabase(mongo.server());
    const { raw } = database;
    await makePresent(database);
    const before = await collectionsIn(raw, "");
    // In the middle of applying an entry when it was migrated: pieces of a long value.
    await raw.collection("sigma_raw").insertOne({ data: new BSON.Binary(Buffer.from("piece")) });
    const { code, message, remedy } = await unavailable(database.open({ collections: COLLECTIONS }));
    expect([code, message, remedy]).toEqual([
      "STORE_MIXED",
      expect.stringContaining("collection sigma_raw"),
      expect.stringContaining("`sigma store migrate`"),
    ]);
    await migrate(database);
    await database.open({ collections: COLLECTIONS });
    expect(await raw.collection("layout1_sigma_raw").countDocuments()).toBe(1);
    await raw.collection("layout1_sigma_raw").drop();
    expect(await collectionsIn(raw, "")).toBe(before);
  });

  test("in the moment in which its ledger has no name is set aside too", async () => {
    const database = await testDatabase(mongo.server());
    const { raw } = database;
    await makeOldDatabase(raw);
    const next = await nextOldEntry(raw, "sigma_ledger");
    // As a migration leaves it that is killed between giving the ledger its other name and making the new one.
    await raw.createCollection("sigma_layout", {
      validator: { version: { $type: "int" } },
      validationLevel: "strict",
    });
    await raw.collection<{ _id: string }>("sigma_layout").insertOne({ _id: "store", ...BEGUN });
    await raw.renameCollection("sigma_ledger", "layout1_sigma_ledger");
    await raw.collection("sigma_ledger").insertOne(next);
    await migrate(database);
    expect(await raw.collection("layout1_sigma_ledger_2").countDocuments()).toBe(1);
    const { reads } = await database.open({ collections: COLLECTIONS });
    expect(await reads.streams()).toEqual([]);
  });

  test("leaves the collections of other programs where they are, whatever their names", async () => {
    const database = await testDatabase(mongo.server());
    await makeOldDatabase(database.raw);
    await database.raw.collection("validated_accounts").insertOne({ name: "a" });
    await migrate(database);
    expect(await database.raw.collection("validated_accounts").countDocuments()).toBe(1);
  });
});

async function migrate({ uri }: TestDatabase): Promise<void> {
  const { found, migrations, close } = await openToMigrate({ dataDir: "", mongodbUri: uri }, true);
  const operator = { actor: "somebody", at: "2026-11-28T17:00:00.000Z" };
  await runMigrations(
    migrations,
    async () => (await found()) ?? 0,
    operator,
    () => undefined,
  );
  await close();
}

async function makePresent(database: TestDatabase): Promise<void> {
  await (await database.open({ collections: COLLECTIONS })).close();
}

/** Connections to the server that call themselves gateways. */
async function gatewaysConnected(): Promise<number> {
  const client = new MongoClient(mongo.server().uri);
  try {
    const pipeline = [{ $currentOp: { idleConnections: true } }, { $match: { appName: "sigma-aetl" } }];
    const options = { readConcern: { level: "local" } } as const;
    return (await client.db("admin").aggregate(pipeline, options).toArray()).length;
  } finally {
    await client.close();
  }
}

/** Options, indexes and documents of the collections whose names begin so, without that beginning. */
async function collectionsIn(raw: Db, begin: string): Promise<string> {
  const found = await raw.listCollections({}, { nameOnly: false }).toArray();
  const contents: unknown[] = [];
  for (const one of found.filter(({ name }) => name.startsWith(begin)).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const collection = raw.collection(one.name);
    const options = { promoteValues: false, useBigInt64: false } as const;
    const documents = await collection.find({}, options).sort({ _id: 1 }).toArray();
    const indexes = await collection.indexes();
    contents.push([one.name.slice(begin.length), "options" in one ? one.options : {}, indexes, documents]);
  }
  return BSON.EJSON.stringify(contents, { relaxed: false });
}
