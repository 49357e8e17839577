import { Binary, Double, Int32, Long, UUID, type Db } from "mongodb";
import { describe, expect, test } from "vitest";
import { createBsonWriter, writeFields } from "../../../src/store/mongodb/bson-writer.ts";
import { beginSequence, endSequence } from "../../../src/store/mongodb/document-sequence.ts";
import type { Difference, DocumentPlace, Holder, Store } from "../../../src/store/store.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { unavailable } from "../../unavailable.ts";
import {
  differencesOf,
  failedRow,
  idOf,
  insertFacts,
  insertFailed,
  LAW_COLLECTION,
  NOTE,
  noteOf,
  receiptRow,
  STREAM,
  validatedRow,
} from "../rows.ts";
import { testDatabase } from "./database.ts";

const mongo = mongoForTests(0);

const RAW = Buffer.from('{"n":1,"t":"Dublin","list":[1,2]}');
const ROWS = {
  facts: [validatedRow("a", 1n, { raw: RAW })],
  failed: [failedRow(2n, { raw: RAW, machineId: idOf("b") })],
  receipts: [receiptRow(3n)],
};
const COLLECTION_OF = { facts: "validated_orders", failed: "failed_orders", receipts: "sigma_receipts" } as const;

/** A document of each kind, which somebody may then change: the validators of the collections are no hindrance. */
async function stored(): Promise<{ readonly store: Store; readonly raw: Db }> {
  const { open, raw } = await testDatabase(mongo.server());
  const store = await open();
  await noteOf(store);
  await insertFacts(store, LAW_COLLECTION, ROWS.facts);
  await insertFailed(store, LAW_COLLECTION, ROWS.failed);
  await store.insertReceipts(NOTE, ROWS.receipts);
  for (const name of Object.values(COLLECTION_OF)) await raw.command({ collMod: name, validator: {} });
  return { store, raw };
}

async function differences({ reads }: Store): Promise<readonly Difference[]> {
  return (await differencesOf(reads, ROWS)).map(([, difference]) => difference);
}

/** The only document of a kind, put back otherwise; as pairs, since an object has each name once and in its own order. */
async function rewrite(
  raw: Db,
  kind: keyof typeof COLLECTION_OF,
  change: (fields: [string, unknown][]) => [string, unknown][],
): Promise<void> {
  const collection = raw.collection(COLLECTION_OF[kind]);
  const options = { promoteValues: false, useBigInt64: false, promoteLongs: false } as const;
  const document = (await collection.findOne({}, options)) ?? {};
  await collection.deleteOne({});
  await collection.insertOne(new Map(change(Object.entries(document))));
}

const set =
  (name: string, value: unknown) =>
  (fields: [string, unknown][]): [string, unknown][] =>
    fields.map(([field, before]) => [field, field === name ? value : before]);

describe("a stored document", () => {
  test("is as it should be when nobody touched it", async () => {
    const { store } = await stored();
    expect(await differences(store)).toEqual([]);
  });

  test.each<[string, keyof typeof COLLECTION_OF, (fields: [string, unknown][]) => [string, unknown][], string]>([
    [
      "another value",
      "facts",
      set("payload", { n: new Int32(1), t: "Berlin", list: [new Int32(1), new Int32(2)] }),
      "its payload is another",
    ],
    [
      "another type of number",
      "facts",
      set("payload", { n: new Double(1), t: "Dublin", list: [new Int32(1), new Int32(2)] }),
      "its payload is another",
    ],
    [
      "another order of keys in its payload",
      "facts",
      set("payload", { t: "Dublin", n: new Int32(1), list: [new Int32(1), new Int32(2)] }),
      "its payload is another",
    ],
    ["another contract", "facts", set("contract", "order@3"), "its contract is another"],
    ["a field more", "facts", (fields) => [...fields, ["note", "mine"]], "it has a field more, note"],
    ["a field less", "facts", (fields) => fields.filter(([name]) => name !== "declared"), "its declared is another"],
    [
      "several fields otherwise",
      "failed",
      (fields) => set("code", "schema")(set("raw", null)(fields)),
      "its code and raw are others",
    ],
    ["no bytes any more", "failed", (fields) => fields.filter(([name]) => name !== "raw"), "its raw is another"],
    ["an identity as text", "failed", set("identity", idOf("b")), "its identity is another"],
    [
      "its fields in another order",
      "failed",
      ([id, ...rest]) => [id as [string, unknown], ...rest.toReversed()],
      "its fields are in another order",
    ],
    ["another fact", "receipts", set("of", { 3: new UUID(idOf("z")) }), "its of is another"],
    [
      "the same fact under another subtype",
      "receipts",
      set("of", { 3: new Binary(new UUID(idOf("a")).buffer) }),
      "its of is another",
    ],
    ["a fact as text", "receipts", set("of", { 3: idOf("a") }), "its of is another"],
    [
      "a field more",
      "receipts",
      (fields) => [...fields, ["note", "mine"]],
      "its fields are others than `_id` and `of`",
    ],
    ["no offsets", "receipts", set("of", new UUID(idOf("a"))), "its fields are others than `_id` and `of`"],
    [
      "another stream of another number's type",
      "facts",
      set("source", { stream: Long.fromNumber(1), topic: "orders", partition: 0, offset: Long.fromNumber(1) }),
      "its source is another",
    ],
    [
      "a stream that there is not",
      "facts",
      set("source", { stream: new Int32(9), topic: "orders", partition: 0, offset: Long.fromNumber(1) }),
      "its source is another",
    ],
  ])("with %s differs, and the fields are named, never what they hold", async (_, kind, change, message) => {
    const { store, raw } = await stored();
    await rewrite(raw, kind, change);
    expect(await differences(store)).toEqual([{ kind: "differs", message }]);
  });

  test("with a key twice differs, at the top and within", async () => {
    const { store, raw } = await stored();
    const facts = raw.collection("validated_orders");
    const [bytes] = (await facts.find({}, { raw: true }).toArray()) as unknown as [Buffer];
    const field = bytes.indexOf("\u0002t\u0000", 0, "latin1");
    // `t` again, over the list behind it, which is as long: two integers of 4 bytes in an array.
    const list = bytes.indexOf("\u0004list\u0000", 0, "latin1");
    expect(field).toBeLessThan(list);
    const changed = Buffer.concat([bytes.subarray(0, list), bytes.subarray(field, list), bytes.subarray(list)]);
    changed.writeInt32LE(changed.length, 0);
    const payload = changed.indexOf("\u0003payload\u0000", 0, "latin1") + 9;
    changed.writeInt32LE(changed.readInt32LE(payload) + list - field, payload);
    await putBack(raw, changed);
    expect(await differences(store)).toEqual([{ kind: "differs", message: "its payload is another" }]);

    const at = bytes.indexOf("\u0002contract\u0000", 0, "latin1");
    const contract = bytes.subarray(at, at + 10 + 4 + "order@2".length + 1);
    const doubled = Buffer.concat([bytes.subarray(0, -1), contract, Buffer.alloc(1)]);
    doubled.writeInt32LE(doubled.length, 0);
    await putBack(raw, doubled);
    expect(await differences(store)).toEqual([{ kind: "differs", message: "its contract is another" }]);
  });

  test("of another record under a fact's id is held by that record, as long as it says which", async () => {
    const { store, raw } = await stored();
    const wanted = { facts: [validatedRow("a", 9n)] };
    const [held] = await differencesOf(store.reads, wanted);
    expect(held?.[1]).toMatchObject({
      kind: "held",
      holder: { id: idOf("a"), position: { stream: STREAM, offset: 1n } },
    });
    expect(held?.[1].kind === "held" && held[1].holder.payloadText()).toBe(RAW.toString());
    await raw.collection("validated_orders").updateOne({}, { $set: { "source.offset": new Int32(1) } });
    expect(await differencesOf(store.reads, wanted)).toEqual([
      [0, { kind: "differs", message: "its payload and source are others" }],
    ]);
  });

  test("that cannot be read holds nothing: the gateway waits for a person", async () => {
    for (const change of [
      { $set: { source: "gone" } },
      { $set: { "source.stream": new Int32(7) } },
      { $set: { "source.offset": new Double(1) } },
      { $set: { "payload.n": new Date(0) } },
      { $unset: { payload: 1 } },
    ] as const) {
      const { store, raw } = await stored();
      await raw.collection("validated_orders").updateOne({}, change);
      for (const holders of [store.holders, store.reads.holders])
        expect(await unavailable(textsOf(holders(LAW_COLLECTION, [idOf("a")])))).toMatchObject({
          code: "STORE_CORRUPT",
          message: `Cannot read "${idOf("a")}": the document was changed`,
        });
    }
  });

  test("of a failure that was changed says nothing of why", async () => {
    const { store, raw } = await stored();
    const failed = raw.collection("failed_orders");
    const { reason, fingerprint } = failedRow(2n);
    expect(await store.reads.failureAt(LAW_COLLECTION, NOTE, 2n)).toEqual({ reason, fingerprint });
    for (const change of [
      { code: "schema" },
      { reason: "no" },
      { reason: { kind: new Date(0) } },
      { fingerprint: 7 },
    ]) {
      const before = (await failed.findOne({})) ?? {};
      await failed.updateOne({}, { $set: change });
      expect(await store.reads.failureAt(LAW_COLLECTION, NOTE, 2n)).toBeNull();
      await failed.replaceOne({}, before);
    }
  });
});

/** Payloads are read when they are asked for. */
async function textsOf(held: Promise<ReadonlyMap<string, Holder>>): Promise<readonly string[]> {
  return [...(await held).values()].map(({ payloadText }) => payloadText());
}

/** Instead of the only fact, the bytes as they are: the driver would have each key once. */
async function putBack(raw: Db, bytes: Buffer): Promise<void> {
  await raw.collection("validated_orders").deleteMany({});
  const writer = createBsonWriter(bytes.length);
  beginSequence(writer);
  writeFields(writer, bytes);
  await raw.command({ insert: "validated_orders", documents: endSequence(writer) });
}

describe("where documents say that they belong", () => {
  async function places({ reads }: Store): Promise<readonly DocumentPlace[]> {
    const found: DocumentPlace[] = [];
    for await (const page of reads.documentPlaces()) found.push(...page);
    return found;
  }

  test("is told of each document, whatever its id is, and not guessed", async () => {
    const { store, raw } = await stored();
    const facts = raw.collection<{ _id: unknown; source?: object }>("validated_orders");
    await facts.insertOne({ _id: "text", source: { stream: new Int32(1), offset: Long.fromNumber(5) } });
    await facts.insertOne({
      _id: new Int32(7),
      source: { stream: new Double(1), offset: Long.fromNumber(6) },
    });
    const failed = raw.collection<{ _id: string; source?: object }>("failed_orders");
    // Whatever the source says: the id is not that of the position.
    for (const id of ["orders/0@02#1", "other/0@2#1", "orders/0@2#2", "orders/0@2", "x"])
      await failed.insertOne({ _id: id, source: { stream: new Int32(1), offset: Long.fromNumber(2) } });
    const of = new UUID(idOf("b"));
    const receipts = raw.collection<{ _id: string; of: unknown; more?: number }>("sigma_receipts");
    // Offsets of another block, written otherwise, below zero; then blocks that begin elsewhere, or hold something else.
    await receipts.updateOne({}, { $set: { of: { 3: new UUID(idOf("a")), 255: of, 256: of, "04": of, "-1": of } } });
    await receipts.insertOne({ _id: "orders/0@257#1", of: { 258: of } });
    await receipts.insertOne({ _id: "orders/0@512#1", of });
    await receipts.insertOne({ _id: "orders/0@768#1", of: {}, more: 1 });
    const nowhere = { stream: null, offset: null };
    const found = await places(store);
    expect(found.filter(({ kind, stream }) => kind === "receipt" && stream === null)).toHaveLength(6);
    expect((await store.reads.tally()).receipts).toBe(8);
    expect(found.filter(({ kind }) => kind !== "receipt")).toHaveLength(9);
    expect(found).toEqual(
      expect.arrayContaining([
        { kind: "validated", collection: "orders", id: idOf("a"), stream: 1, offset: 1n },
        { kind: "validated", collection: "orders", id: "", stream: 1, offset: 5n },
        { kind: "validated", collection: "orders", id: "", ...nowhere },
        { kind: "failed", collection: "orders", id: "orders/0@2#1", stream: 1, offset: 2n },
        { kind: "failed", collection: "orders", id: "orders/0@02#1", ...nowhere },
        { kind: "failed", collection: "orders", id: "other/0@2#1", ...nowhere },
        { kind: "failed", collection: "orders", id: "orders/0@2#2", ...nowhere },
        { kind: "failed", collection: "orders", id: "orders/0@2", ...nowhere },
        { kind: "failed", collection: "orders", id: "x", ...nowhere },
        { kind: "receipt", collection: "", id: idOf("a"), stream: 1, offset: 3n },
        { kind: "receipt", collection: "", id: idOf("b"), stream: 1, offset: 255n },
      ]),
    );
  });

  test("can be left in the middle", async () => {
    const { store } = await stored();
    for await (const page of store.reads.documentPlaces()) {
      expect(page).toHaveLength(1);
      break;
    }
    expect(await store.reads.tally()).toEqual({ validated: 1, failed: 1, receipts: 1 });
  });
});
