import { Double, Int32, UUID, type Binary } from "mongodb";
import { describe, expect, test } from "vitest";
import { compileNumberTypes } from "../../../src/schema/number-types.ts";
import type { JsonValue } from "../../../src/json/json.ts";
import { command } from "../../servers/mongodb.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { unavailable } from "../../unavailable.ts";
import {
  differencesOf,
  failedRow,
  idOf,
  insertFacts,
  insertFailed,
  LAW_COLLECTION,
  ledgerEntry,
  noteOf,
  receiptRow,
  STREAM,
  validatedRow,
} from "../rows.ts";
import { testDatabase } from "./database.ts";

const mongo = mongoForTests(1);

/** The next insert meets this. */
async function failOnce(data: Readonly<Record<string, unknown>>, times = 1): Promise<void> {
  const failure = { failCommands: ["insert"], ...data };
  await command(mongo.server().ports[0] ?? 0, { configureFailPoint: "failCommand", mode: { times }, data: failure });
}

describe("streams in MongoDB", () => {
  test("get one number each, 1, 2, 3 ..., however many gateways ask at the same time", async () => {
    const database = await testDatabase(mongo.server());
    const stores = await Promise.all([database.open(), database.open(), database.open()]);
    const names = Array.from({ length: 12 }, (_, index) => `cluster/topic/${index}`);
    const notes = await Promise.all(
      stores.flatMap((store) =>
        names.map(async (stream, partition) => store.streamNote({ stream, topic: "orders", partition })),
      ),
    );
    const all = await (await database.open()).reads.streamNotes();
    expect(all.map(({ number }) => number)).toEqual(names.map((_, index) => index + 1));
    expect(new Set(all.map(({ stream }) => stream))).toEqual(new Set(names));
    for (const note of notes) expect(all).toContainEqual(note);
  });

  test("are documents with 32-bit numbers", async () => {
    const database = await testDatabase(mongo.server());
    await noteOf(await database.open());
    const options = { promoteValues: false, useBigInt64: false } as const;
    expect(await database.raw.collection("sigma_streams").find({}, options).toArray()).toEqual([
      { _id: new Int32(1), stream: STREAM, topic: "orders", partition: new Int32(0) },
    ]);
  });

  test("that another gateway numbered meanwhile are known when a fact names them", async () => {
    const database = await testDatabase(mongo.server());
    const [one, other] = [await database.open(), await database.open()];
    expect(await one.reads.streamNotes()).toEqual([]);
    const note = await noteOf(other, `${STREAM}0`);
    await insertFacts(other, LAW_COLLECTION, [validatedRow("a", 1n)], note);
    expect((await one.holders(LAW_COLLECTION, [idOf("a")])).get(idOf("a"))?.position.stream).toBe(`${STREAM}0`);
  });
});

describe("evidence in MongoDB", () => {
  test("that is forgotten leaves no piece, and that of another entry is untouched", async () => {
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    const packed = Buffer.alloc(9_000_000, 7);
    const pieces = database.raw.collection("sigma_evidence");
    // The same records of a topic that was made anew.
    const again = ledgerEntry(1, { stream: `${STREAM}0` });
    await store.insertLedger(ledgerEntry(1), packed);
    await store.insertLedger(again, packed);
    await store.insertLedger(ledgerEntry(2), Buffer.from("short"));
    expect(await pieces.countDocuments()).toBe(4);
    for (const seq of [1, 2, 3]) await store.dropEvidence(STREAM, seq);
    expect(await pieces.countDocuments()).toBe(2);
    expect([await store.evidenceOf(STREAM, 1), await store.evidenceOf(STREAM, 2)]).toEqual([null, null]);
    expect(packed.equals((await store.evidenceOf(again.stream, 1)) ?? Buffer.alloc(0))).toBe(true);
    await store.dropEvidence(STREAM, 1);
    expect(await store.reads.ledger(STREAM, 0, 9)).toEqual([ledgerEntry(1), ledgerEntry(2)]);
    expect(await database.raw.collection("sigma_ledger").countDocuments({ packed: { $exists: true } })).toBe(1);
  });

  test("of an offset is found by the index on ranges, also far beyond what is decided", async () => {
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    const init = ledgerEntry(0, { from: 10n, to: 10n });
    const entries = [init, ...[1, 2, 3, 4, 5, 6].map((seq) => ledgerEntry(seq))];
    for (const entry of entries) await store.insertLedger(entry, Buffer.from("e"));
    const seqAt = async (offset: bigint): Promise<number | undefined> =>
      (await store.reads.entryAt(STREAM, offset))?.seq;
    const offsets = [9n, 10n, 19n, 20n, 69n, 70n, 2n ** 63n - 1n];
    expect(await Promise.all(offsets.map(seqAt))).toEqual([undefined, 1, 1, 2, 6, undefined, undefined]);
    const plan = await database.raw
      .collection("sigma_ledger")
      .find({ stream: STREAM, from: { $lte: 70n } }, { sort: { from: -1 }, limit: 3 })
      .explain("executionStats");
    expect(plan["executionStats"]).toMatchObject({ totalDocsExamined: 3, totalKeysExamined: 3 });
  });
});

describe("documents in MongoDB", () => {
  test("hold the payload under one field, hostile keys verbatim, under an id that is a UUID", async () => {
    const payload = {
      _bsontype: "ObjectId",
      $where: "sleep(1e9)",
      "a.b": { _bsontype: "Long", toBSON: "x", "": null, $gt: "" },
      "\u{1f4e6}": [{ _bsontype: "Map" }],
    };
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    await noteOf(store);
    const raw = Buffer.from(JSON.stringify(payload));
    const rows = [validatedRow("a", 1n, { raw }), validatedRow("b", 2n)];
    await insertFacts(store, LAW_COLLECTION, rows);
    const facts = database.raw.collection<{ _id: Binary }>("validated_orders");
    const found = await facts.findOne({ _id: new UUID(idOf("a")).toBinary() });
    expect(found).toEqual({
      _id: new UUID(idOf("a")),
      payload,
      contract: "order@2",
      declared: "header",
      source: { stream: 1, topic: "orders", partition: 0, offset: 1n, at: new Date(1_700_000_000_000) },
    });
    expect((await store.holders(LAW_COLLECTION, [idOf("a")])).get(idOf("a"))?.payloadText()).toBe(raw.toString());
    expect(await differencesOf(store.reads, { facts: rows })).toEqual([]);
  });

  test.each([
    '{"$ref":"c","$id":"1"}',
    '{"at":{"$ref":"c","$id":{"$ref":"d","$id":2},"$db":"e"}}',
    '{"at":[{"$ref":"c","$id":null}]}',
    '{"a":{"$oid":"0123456789ab0123456789ab"},"b":{"$numberLong":"1"},"c":{"$date":0},"d":{"$code":"f"}}',
    '{"a":{"$minKey":1},"b":{"$symbol":"s"},"c":{"$binary":{"base64":"","subType":"00"}},"d":{"$undefined":true}}',
    '{"_bsontype":"Long","low":1,"high":0}',
    '{"big":9007199254740991,"\u00e9":"\\u0000\u{1f4e6}","list":[100000,-0.5,0.1],"none":null,"0":[]}',
    '"text"',
    "[1,[2,{}]]",
    "null",
  ])("hold %s, and a holder says it again", async (text) => {
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    await noteOf(store);
    const rows = [validatedRow("a", 1n, { raw: Buffer.from(text) })];
    await insertFacts(store, LAW_COLLECTION, rows);
    const holder = (await store.holders(LAW_COLLECTION, [idOf("a")])).get(idOf("a"));
    expect(JSON.parse(holder?.payloadText() ?? "")).toEqual(JSON.parse(text));
    expect(await differencesOf(store.reads, { facts: rows })).toEqual([]);
    expect(await differencesOf((await database.open()).reads, { facts: rows })).toEqual([]);
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
    const numbers = compileNumberTypes(schema);
    const raw = Buffer.from(JSON.stringify(payload));
    await insertFacts(store, LAW_COLLECTION, [{ ...validatedRow("a", 1n, { raw }), numbers }]);
    // A failure is typed like a fact: who looks for one finds the other.
    await insertFailed(store, LAW_COLLECTION, [failedRow(2n, { raw, parsed: { payload, numbers } })]);
    const options = { promoteValues: false, useBigInt64: false, promoteLongs: false };
    for (const name of ["validated_orders", "failed_orders"]) {
      const found = await database.raw.collection(name).findOne({}, options);
      expect(found?.["payload"]).toMatchObject({
        weight: new Double(500),
        count: new Int32(3),
        list: [new Int32(1), new Double(2), new Double(3)],
        either: new Double(4),
        other: new Double(5),
      });
      const types = await database.raw
        .collection(name)
        .aggregate([{ $project: { t: { $type: "$payload.big" } } }])
        .toArray();
      expect(types[0]?.["t"]).toBe("long");
    }
  });

  test("of failures are stored whatever the length of their bytes, in a batch of any size", async () => {
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    const note = await noteOf(store);
    const sizes = [65_536, 65_537, 20_000_000];
    const rows = sizes.map((size, index) => failedRow(BigInt(index), { raw: Buffer.alloc(size, index + 1) }));
    rows.push(
      ...Array.from({ length: 500 }, (_, index) => failedRow(BigInt(10 + index), { raw: Buffer.alloc(65_536) })),
    );
    await insertFailed(store, LAW_COLLECTION, rows);
    await insertFailed(store, LAW_COLLECTION, rows);
    expect(await differencesOf(store.reads, { failed: rows })).toEqual([]);
    expect(await store.reads.failureAt(LAW_COLLECTION, note, 2n)).toMatchObject({ reason: { kind: "rule" } });
    expect(await store.reads.tally()).toEqual({ validated: 0, failed: 503, receipts: 0 });
  });

  test("of receipts are at most 80 bytes of store each, their ids included", async () => {
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    const note = await noteOf(store);
    const count = 100_000;
    const receipts = Array.from({ length: count }, (_, n) => receiptRow(BigInt(n), String(n)));
    for (let at = 0; at < count; at += 5_000) await store.insertReceipts(note, receipts.slice(at, at + 5_000));
    // Only what a checkpoint wrote is counted.
    await command(mongo.server().ports[0] ?? 0, { fsync: 1 });
    const stages = [{ $collStats: { storageStats: {} } }];
    const [stats] = await database.raw.collection("sigma_receipts").aggregate(stages).toArray();
    const { storageSize, totalIndexSize } = (stats?.["storageStats"] ?? {}) as Record<string, unknown>;
    const bytes = (Number(storageSize) + Number(totalIndexSize)) / count;
    expect(bytes).toBeGreaterThan(16);
    expect(bytes).toBeLessThanOrEqual(80);
  });
});

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
    const index = await database.raw
      .collection("validated_orders")
      .createIndex({ "source.topic": 1 }, { unique: true });
    const refused = await unavailable(insertFacts(store, LAW_COLLECTION, [validatedRow("b", 2n)]));
    expect(refused).toMatchObject({
      code: "STORE_REFUSED",
      message: "Cannot store a document in validated_orders: a unique index on source.topic refuses it",
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
