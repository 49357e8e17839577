import { Double, Int32 } from "mongodb";
import { describe, expect, test } from "vitest";
import { compileNumberTypes } from "../../../src/schema/number-types.ts";
import type { JsonValue } from "../../../src/json/json.ts";
import { findUriFaults } from "../../../src/store/mongodb/connect.ts";
import { command } from "../../servers/mongodb.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { plain } from "../../plain.ts";
import { unavailable } from "../../unavailable.ts";
import {
  asRead,
  failedRow,
  LAW_COLLECTION,
  ledgerEntry,
  receiptRow,
  STREAM,
  validatedRow,
  insertFacts,
  insertFailed,
} from "../rows.ts";
import { testDatabase } from "./database.ts";

const mongo = mongoForTests(1);

/** The next insert meets this. */
async function failOnce(data: Readonly<Record<string, unknown>>, times = 1): Promise<void> {
  const failure = { failCommands: ["insert"], ...data };
  await command(mongo.server().ports[0] ?? 0, { configureFailPoint: "failCommand", mode: { times }, data: failure });
}

describe("the layout of a MongoDB store", () => {
  test("two that start at the same time make it once, and a third finds it in order", async () => {
    const database = await testDatabase(mongo.server());
    await Promise.all([database.open(), database.open()]);
    const { reads } = await database.open();
    expect(await reads.integrity()).toEqual([]);
  });

  test("a collection that holds documents gets nothing new: every fault is named, and nothing is changed", async () => {
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    await insertFacts(store, LAW_COLLECTION, [validatedRow("a", 1n)]);
    await store.insertReceipts([receiptRow(2n)]);
    await store.close();
    const { raw } = database;
    await raw.collection("validated_orders").dropIndex("position");
    await raw.collection("sigma_receipts").dropIndex("position");
    await raw.collection("sigma_receipts").createIndex({ stream: 1, offset: 1 }, { name: "position", unique: true });
    await raw.collection("sigma_receipts").createIndex({ key: 1 }, { name: "mine", unique: true });
    await raw.collection("sigma_ledger").createIndex({ at: 1 }, { name: "old", expireAfterSeconds: 60 });
    await raw.command({ collMod: "failed_orders", validator: {} });
    const error = await unavailable(database.open());
    expect(error.code).toBe("STORE_LAYOUT");
    expect(error.message.replace(/^[^:]*: /, "").split("; ")).toEqual([
      "index old of sigma_ledger deletes documents by time",
      "index position of sigma_receipts is another one",
      "index mine of sigma_receipts is unique and not ours: it would refuse records",
      "index position of validated_orders is missing",
      "the validator of failed_orders is missing or different",
    ]);
    expect(await raw.collection("validated_orders").indexExists("position")).toBe(false);
  });

  test("one fault that it cannot mend keeps it from making anything", async () => {
    const database = await testDatabase(mongo.server());
    const { raw } = database;
    await raw.createCollection("failed_orders", { capped: true, size: 4_096 });
    await raw.createCollection("sigma_receipts");
    const error = await unavailable(database.open());
    expect(error).toMatchObject({
      code: "STORE_LAYOUT",
      remedy: expect.stringContaining("nothing was changed") as string,
    });
    expect(error.message).not.toMatch(/missing(?! or different)/);
    const names = (await raw.listCollections().toArray()).map(({ name }) => name);
    expect(names.toSorted()).toEqual(["failed_orders", "sigma_receipts"]);
    expect((await raw.collection("sigma_receipts").indexes()).map(({ name }) => name)).toEqual(["_id_"]);
  });

  test("an empty collection is completed", async () => {
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    await database.raw.collection("validated_orders").dropIndex("position");
    await store.close();
    expect(await (await database.open()).reads.integrity()).toEqual([]);
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

describe("documents in MongoDB", () => {
  test("hold the payload under one field, hostile keys verbatim", async () => {
    const payload = {
      _bsontype: "ObjectId",
      $where: "sleep(1e9)",
      "a.b": { _bsontype: "Long", toBSON: "x", "": null, $gt: "" },
      "\u{1f4e6}": [{ _bsontype: "Map" }],
    };
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    const raw = Buffer.from(JSON.stringify(payload));
    await insertFacts(store, LAW_COLLECTION, [validatedRow("a", 1n, { raw }), validatedRow("b", 2n)]);
    const found = await database.raw.collection("validated_orders").findOne({ stream: STREAM, offset: 1n });
    expect(found?.["payload"]).toEqual(payload);
    expect(plain(await store.reads.rows(STREAM, 1n, 2n))).toEqual(plain(asRead([validatedRow("a", 1n, { raw })])));
  });

  test("give a number the type its contract declares, whatever its value", async () => {
    const schema: JsonValue = {
      properties: {
        weight: { type: "number" },
        count: { type: "integer" },
        big: { type: "integer" },
        list: { type: "array", prefixItems: [{ type: "integer" }], items: { $ref: "#/$defs/amount" } },
        either: { anyOf: [{ type: "integer" }, { type: "number" }] },
      },
      additionalProperties: { type: "number" },
      $defs: { amount: { type: "number" } },
    };
    const payload = { weight: 500, count: 3, big: 9_007_199_254_740_991, list: [1, 2, 3], either: 4, other: 5 };
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    const row = validatedRow("a", 1n, { raw: Buffer.from(JSON.stringify(payload)) });
    await insertFacts(store, LAW_COLLECTION, [{ ...row, numbers: compileNumberTypes(schema) }]);
    const options = { promoteValues: false, useBigInt64: false, promoteLongs: false };
    const found = await database.raw.collection("validated_orders").findOne({}, options);
    expect(found?.["payload"]).toMatchObject({
      weight: new Double(500),
      count: new Int32(3),
      list: [new Int32(1), new Double(2), new Double(3)],
      either: new Double(4),
      other: new Double(5),
    });
    const types = await database.raw
      .collection("validated_orders")
      .aggregate([{ $project: { t: { $type: "$payload.big" } } }])
      .toArray();
    expect(types[0]?.["t"]).toBe("long");
    expect(await store.reads.rows(STREAM, 1n, 2n)).toMatchObject([{ kind: "validated" }]);
  });

  test("whose payload is not what their bytes say are named", async () => {
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    await insertFacts(store, LAW_COLLECTION, [validatedRow("a", 1n), validatedRow("b", 2n)]);
    await database.raw
      .collection("validated_orders")
      .updateOne({ offset: 2n }, { $set: { "payload.n": new Int32(3) } });
    expect(await store.reads.rows(STREAM, 0n, 9n)).toMatchObject([
      { kind: "validated" },
      { kind: "unreadable", message: "a validated object cannot be read: its payload is not what its bytes say" },
    ]);
  });

  test("keep bytes of any length, and a batch of any size", async () => {
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    const sizes = [4_194_304, 4_194_305, 20_000_000];
    const rows = sizes.map((size, index) => failedRow(BigInt(index), { raw: Buffer.alloc(size, index + 1) }));
    await insertFailed(store, LAW_COLLECTION, rows);
    await insertFailed(store, LAW_COLLECTION, rows);
    const found = await store.reads.rows(STREAM, 0n, 9n);
    expect(
      found.map(
        (row) =>
          row.kind === "failed" &&
          Buffer.compare(row.raw ?? NOTHING, rows[Number(row.position.offset)]?.raw ?? NOTHING),
      ),
    ).toEqual([0, 0, 0]);
    expect(await store.reads.tally()).toEqual({ validated: 0, failed: 3, receipts: 0 });
  }, 180_000);
});

const NOTHING = new Uint8Array(0);

describe("trouble with MongoDB", () => {
  test("a duplicate key beside a write concern error is no answer", async () => {
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    await insertFacts(store, LAW_COLLECTION, [validatedRow("a", 1n)]);
    await failOnce({ writeConcernError: { code: 64, errmsg: "waiting" } });
    await unavailable(insertFacts(store, LAW_COLLECTION, [validatedRow("a", 2n)]));
    await store.insertLedger(ledgerEntry(0), null);
    await failOnce({ writeConcernError: { code: 64, errmsg: "waiting" } });
    await unavailable(store.insertLedger(ledgerEntry(0, { note: "another" }), null));
    expect(await insertFacts(store, LAW_COLLECTION, [validatedRow("a", 2n)])).toEqual(["exists"]);
  });

  test.each([
    [13, "STORE_UNAUTHORIZED"],
    [14_031, "STORE_FULL"],
    [10_107, "STORE_TROUBLE"],
    [91, "STORE_TROUBLE"],
  ])("error %i is Unavailable as %s, and the next call goes on", async (errorCode, code) => {
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    await failOnce({ errorCode });
    expect((await unavailable(insertFacts(store, LAW_COLLECTION, [validatedRow("a", 1n)]))).code).toBe(code);
    expect(await insertFacts(store, LAW_COLLECTION, [validatedRow("a", 1n)])).toEqual(["inserted"]);
  });

  test("a unique index that somebody made refuses documents: that is an outage until it is dropped, and names no value", async () => {
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    await insertFacts(store, LAW_COLLECTION, [validatedRow("a", 1n)]);
    const index = await database.raw.collection("validated_orders").createIndex({ topic: 1 }, { unique: true });
    const refused = await unavailable(insertFacts(store, LAW_COLLECTION, [validatedRow("b", 2n)]));
    expect(refused).toMatchObject({
      code: "STORE_REFUSED",
      message: "Cannot store a document in validated_orders: a unique index on topic refuses it",
    });
    await database.raw.collection("validated_orders").dropIndex(index);
    expect(await insertFacts(store, LAW_COLLECTION, [validatedRow("b", 2n)])).toEqual(["inserted"]);
  });

  test("a validator that somebody changed refuses documents: that is an outage until it is corrected, never a failure", async () => {
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    await database.raw.command({ collMod: "validated_orders", validator: { never: { $exists: true } } });
    const refused = await unavailable(insertFacts(store, LAW_COLLECTION, [validatedRow("a", 1n)]));
    expect([refused.code, refused.remedy]).toEqual([
      "STORE_REFUSED",
      "run `sigma doctor`: somebody changed the validator",
    ]);
    await database.raw.command({ collMod: "validated_orders", validator: {} });
    expect(await insertFacts(store, LAW_COLLECTION, [validatedRow("a", 1n)])).toEqual(["inserted"]);
  });

  test("a connection that is cut in the middle is Unavailable, never an answer", async () => {
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    await failOnce({ closeConnection: true });
    expect((await unavailable(insertFailed(store, LAW_COLLECTION, [failedRow(1n)]))).code).toBe("STORE_UNREACHABLE");
    expect(await store.reads.tally()).toEqual({ validated: 0, failed: 0, receipts: 0 });
  });
});
