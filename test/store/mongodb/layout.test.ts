import { Int32, Long, type Db } from "mongodb";
import { describe, expect, test } from "vitest";
import { findUriFaults } from "../../../src/store/mongodb/connect.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { unavailable } from "../../unavailable.ts";
import { failedRow, insertFacts, insertFailed, LAW_COLLECTION, ledgerEntry, validatedRow } from "../rows.ts";
import { testDatabase } from "./database.ts";

const mongo = mongoForTests(1);

describe("the layout of a MongoDB store", () => {
  test("two that start at the same time make it once, and a third finds it in order", async () => {
    const database = await testDatabase(mongo.server());
    await Promise.all([database.open(), database.open()]);
    const { reads } = await database.open();
    expect(await reads.integrity()).toEqual([]);
  });

  test.each([
    ["a field more", { note2: "mine" }],
    ["a number of another type", { count: 3 }],
  ])("an entry with %s, which its hash does not cover, is a fault of it", async (_, change) => {
    const { open, raw } = await testDatabase(mongo.server());
    const store = await open();
    for (const seq of [0, 1]) await store.insertLedger(ledgerEntry(seq), Buffer.from("x"));
    expect(await store.reads.integrity()).toEqual([]);
    await raw.collection("sigma_ledger").updateOne({ seq: 1n }, { $set: change });
    expect(await store.reads.integrity()).toEqual([expect.stringContaining("sigma_ledger holds documents (1)")]);
  });

  test("a collection that holds documents gets nothing new: every fault is named, and nothing is changed", async () => {
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    await insertFacts(store, LAW_COLLECTION, [validatedRow("a", 1n)]);
    await insertFailed(store, LAW_COLLECTION, [failedRow(2n)]);
    await store.close();
    const { raw } = database;
    await raw.collection("failed_orders").dropIndex("time");
    await raw.collection("failed_orders").dropIndex("code");
    await raw.collection("failed_orders").createIndex({ code: 1 }, { name: "code" });
    await raw.collection("sigma_receipts").createIndex({ key: 1 }, { name: "mine", unique: true });
    await raw.collection("sigma_ledger").createIndex({ at: 1 }, { name: "old", expireAfterSeconds: 60 });
    await raw.command({ collMod: "validated_orders", validator: {} });
    const error = await unavailable(database.open());
    expect(error.code).toBe("STORE_LAYOUT");
    expect(error.message.replace(/^[^:]*: /, "").split("; ")).toEqual([
      "index old of sigma_ledger deletes documents by time",
      "index mine of sigma_receipts is unique and not ours: it would refuse records",
      "the validator of validated_orders is missing or different",
      "index time of failed_orders is missing",
      "index code of failed_orders is another one",
    ]);
    expect(await raw.collection("failed_orders").indexExists("time")).toBe(false);
  });

  test("one fault that it cannot mend keeps it from making anything", async () => {
    const database = await testDatabase(mongo.server());
    const { raw } = database;
    await raw.createCollection("failed_orders", { capped: true, size: 4_096 });
    await raw.createCollection("sigma_streams");
    const error = await unavailable(database.open());
    expect(error).toMatchObject({
      code: "STORE_LAYOUT",
      remedy: expect.stringContaining("nothing was changed") as string,
    });
    expect(error.message).not.toMatch(/missing(?! or different)/);
    const names = (await raw.listCollections().toArray()).map(({ name }) => name);
    expect(names.toSorted()).toEqual(["failed_orders", "sigma_streams"]);
    expect((await raw.collection("sigma_streams").indexes()).map(({ name }) => name)).toEqual(["_id_"]);
  });

  test("an empty collection is completed", async () => {
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    await database.raw.collection("failed_orders").dropIndex("group");
    await store.close();
    expect(await (await database.open()).reads.integrity()).toEqual([]);
  });

  test("a reader does without the counters of volume, which the first databases lack, and a gateway makes them", async () => {
    const database = await testDatabase(mongo.server());
    await database.open();
    await database.raw.collection("sigma_volume").drop();
    const { reads } = await database.open({ readOnly: true });
    expect(await reads.integrity()).toEqual([]);
    const query = { fromHour: 0, toHour: 1e6, hours: 24, subject: null, producer: null, byProducer: true, limit: 1 };
    expect([await reads.volume(query), await reads.volumeCounters(1), await reads.volumeStarts()]).toEqual([
      [],
      [],
      [],
    ]);
    await database.open();
    expect(await database.raw.collection("sigma_volume").indexExists(["hour", "first"])).toBe(true);
  });

  test("counters of hours, which the first databases have, become days when a gateway starts, once", async () => {
    const database = await testDatabase(mongo.server());
    const { reads: before } = await database.open();
    await database.raw.collection("sigma_group_days").drop();
    // A reader does without.
    expect([await before.groupHours(0), await before.hourTotals(0)]).toEqual([[], []]);
    expect(await before.integrity()).toEqual([]);
    const hours = [
      [48, 3],
      [71, 4],
      [72, 5],
    ] as const;
    const old = hours.map(([hour, count]) => ({
      _id: `a/${hour}/1`,
      fingerprint: "a",
      hour: new Int32(hour),
      stream: new Int32(1),
      count: Long.fromNumber(count),
      seq: Long.fromNumber(hour),
    }));
    await database.raw.collection("sigma_group_hours").insertMany(old as never);
    const [store] = await Promise.all([database.open(), database.open()]);
    // As a start that was killed before the drop leaves it.
    await database.raw.collection("sigma_group_hours").insertMany(old as never);
    await database.open();
    expect(await database.raw.listCollections({ name: "sigma_group_hours" }).toArray()).toEqual([]);
    const note = await store.streamNote({ stream: "c/t/0", topic: "t", partition: 0 });
    const more = { fingerprint: "a", code: "schema", contract: null, firstMs: 0, lastMs: 0 };
    const counted = async () => (await store.reads.groupHours(0)).map(({ hour, count }) => [hour, count]);
    // The day knows the last entry that any of its hours counted.
    await store.countFailures(note, 71, [{ ...more, count: 9, hours: new Map([[48, 9]]) }]);
    expect(await counted()).toEqual(hours);
    await store.countFailures(note, 72, [{ ...more, count: 3, hours: new Map([[48, 1], [49, 2]]) }]); // prettier-ignore
    expect(await counted()).toEqual([[48, 4], [49, 2], [71, 4], [72, 5]]); // prettier-ignore
    const totals = async (from: number) => (await store.reads.hourTotals(from)).map(({ count }) => count);
    expect([await totals(48), await totals(49), await totals(72), await totals(73)]).toEqual([[15], [11], [5], []]);
  });

  test.each<[string, (raw: Db) => Promise<unknown>, string]>([
    ["sigma_raw", async (raw) => raw.createCollection("sigma_raw"), "collection sigma_raw"],
    [
      "an index on the positions of facts",
      async (raw) => raw.collection("validated_old").createIndex({ stream: 1, offset: 1 }, { name: "position" }),
      "index position of validated_old",
    ],
  ])(
    "a database of the layout before, with %s alone, is called so by whoever opens it, and left alone",
    async (_, make, what) => {
      const database = await testDatabase(mongo.server());
      await make(database.raw);
      const before = (await database.raw.listCollections().toArray()).map(({ name }) => name);
      for (const readOnly of [false, true]) {
        const refused = await unavailable(database.open({ readOnly }));
        expect([refused.code, refused.message]).toEqual([
          "STORE_OLDER",
          `Cannot open database "${database.name}": it has an older layout of ours (1); this build writes 4 (it has ${what})`,
        ]);
      }
      expect((await database.raw.listCollections().toArray()).map(({ name }) => name)).toEqual(before);
    },
  );

  test("its version is there before anything else of it, and before that there is nothing", async () => {
    const database = await testDatabase(mongo.server());
    await database.open({ readOnly: true });
    expect(await database.raw.listCollections().toArray()).toEqual([]);
    await database.open();
    expect(await database.raw.collection("sigma_layout").find().toArray()).toEqual([{ _id: "store", version: 4 }]);
  });

  test.each([[null], ["2"], [2.5], [0]])("a version that is %j is none", async (version) => {
    const database = await testDatabase(mongo.server());
    await database.raw.collection<{ _id: string }>("sigma_layout").insertOne({ _id: "store", version } as never);
    expect(await unavailable(database.open())).toMatchObject({ code: "STORE_FOREIGN" });
  });
});

describe("a MongoDB URI", () => {
  test.each([
    "w=1",
    "w=0",
    "W=2",
    "journal=false",
    "wtimeoutMS=100",
    "readPreference=secondaryPreferred",
    "readConcernLevel=local",
    "tlsInsecure=true",
    "tlsAllowInvalidCertificates=true",
  ])("that says %s is refused, as it would weaken a promise, and is never printed", async (option) => {
    const uri = `mongodb://user:s3cret@127.0.0.1:1/db?${option}`;
    const database = await testDatabase(mongo.server());
    const error = await unavailable(database.open({ uri }));
    expect(error.code).toBe("STORE_URI");
    expect(`${error.message} ${error.remedy}`).not.toMatch(/s3cret|user|127\.0\.0\.1/);
  });

  test.each([
    ["mongodb://127.0.0.1:27017/a.b", '"a.b"'],
    ["mongodb://127.0.0.1:27017/a b", '"a b"'],
    ["mongodb://127.0.0.1:27017/a/b", '"a/b"'],
    ["mongodb://user:s3cr@et@127.0.0.1:1/db", "%40"],
    ["mongodb://user:s3/cret@127.0.0.1:1/db", "%2F"],
  ])("that cannot be read as it was meant is refused with the fault, and without its secrets", async (uri, words) => {
    const database = await testDatabase(mongo.server());
    const error = await unavailable(database.open({ uri }));
    expect([error.code, error.message]).toEqual(["STORE_URI", expect.stringContaining(words)]);
    expect(`${error.message} ${error.remedy}`).not.toMatch(/s3|cret|127\.0\.0\.1/);
  });

  test("may ask for what is asked for anyway", () => {
    const harmless = "w=majority&journal=true&readPreference=primary&readConcernLevel=majority&replicaSet=rs0&tls=true";
    expect(findUriFaults(`mongodb://h/db?${harmless}`)).toEqual([]);
    for (const uri of ["mongodb://u:p%40%2F@a:1,b:2/my-db_1?x=a@b", "mongodb+srv://h.example.com", "mongodb://h/"]) {
      expect([uri, findUriFaults(uri)]).toEqual([uri, []]);
    }
  });
});
