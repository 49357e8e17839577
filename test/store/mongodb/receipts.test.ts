import { UUID } from "mongodb";
import { describe, expect, test } from "vitest";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { unavailable } from "../../unavailable.ts";
import { differencesOf, idOf, NOTE, noteOf, receiptRow } from "../rows.ts";
import { testDatabase } from "./database.ts";
import { receiptsIn } from "./receipts-in.ts";

const mongo = mongoForTests(1);

/** A store that knows the stream. */
async function opened() {
  const database = await testDatabase(mongo.server());
  const store = await database.open();
  await noteOf(store);
  const documents = database.raw.collection<{ _id: string; of: unknown; more?: number }>("sigma_receipts");
  return { ...database, store, documents };
}

describe("receipts that share a document", () => {
  test("are all there when two gateways add theirs at the same time, again and again", async () => {
    const { store, open, raw } = await opened();
    const writers = [store, await open()];
    const offsets = Array.from({ length: 600 }, (_, n) => BigInt(n));
    const write = async (writer: number): Promise<void> => {
      for (let at = writer * 5; at < offsets.length; at += 10) {
        const rows = offsets.slice(at, at + 7).map((offset) => receiptRow(offset, String(offset)));
        await writers[writer]?.insertReceipts(NOTE, rows);
      }
    };
    await Promise.all([write(0), write(1)]);
    const found = await receiptsIn(raw);
    expect(found.size).toBe(offsets.length);
    const rows = offsets.map((offset) => receiptRow(offset, String(offset)));
    expect(await differencesOf(store.reads, { receipts: rows })).toEqual([]);
    expect((await store.reads.tally()).receipts).toBe(offsets.length);
  });

  test("lie in the order of their offsets, and one that is there stays as it is", async () => {
    const { store, documents } = await opened();
    await store.insertReceipts(NOTE, [receiptRow(11n, "b"), receiptRow(9n, "a")]);
    await store.insertReceipts(NOTE, [receiptRow(100n, "d"), receiptRow(11n, "c")]);
    const [only] = await documents.find().toArray();
    expect(Object.entries(only?.of as object).map(([offset, of]) => [offset, String(of)])).toEqual([
      ["9", idOf("a")],
      ["11", idOf("b")],
      ["100", idOf("d")],
    ]);
  });

  test("go one by one, the document with the last of them, and what somebody added to it at once", async () => {
    const { store, raw, documents } = await opened();
    await store.insertReceipts(NOTE, [receiptRow(1n), receiptRow(2n), receiptRow(300n)]);
    await documents.updateOne({ "of.1": { $exists: true } }, { $set: { more: 1 } });
    const remove = async (offset: bigint): Promise<void> =>
      store.removeDocuments("", NOTE, "receipt", [{ id: idOf("a"), offset }]);
    await remove(1n);
    expect(await documents.find().sort({ _id: 1 }).toArray()).toEqual([
      { _id: "orders/0@0#1", of: { 2: new UUID(idOf("a")) } },
      { _id: "orders/0@256#1", of: { 300: new UUID(idOf("a")) } },
    ]);
    await remove(300n);
    await remove(2n);
    expect(await documents.countDocuments()).toBe(0);
    await store.insertReceipts(NOTE, [receiptRow(2n)]);
    expect([...(await receiptsIn(raw)).keys()]).toEqual(["orders/0@2#1"]);
  });

  test("are not stored into a document that somebody made unable to take them, which is told with its name", async () => {
    const { store, raw, documents } = await opened();
    await raw.command({ collMod: "sigma_receipts", validator: {} });
    await documents.insertOne({ _id: "orders/0@0#1", of: 7 });
    const { code, message, remedy } = await unavailable(store.insertReceipts(NOTE, [receiptRow(1n)]));
    expect([code, message]).toEqual(["STORE_CORRUPT", expect.stringContaining('"orders/0@0#1" of sigma_receipts')]);
    expect(remedy).toContain("`sigma store repair --replace`");
    // What that does: the receipt is named as changed, removed and written again.
    expect(await differencesOf(store.reads, { receipts: [receiptRow(1n)] })).toMatchObject([[0, { kind: "differs" }]]);
    await store.removeDocuments("", NOTE, "receipt", [{ id: idOf("a"), offset: 1n }]);
    await store.insertReceipts(NOTE, [receiptRow(1n)]);
    expect(await differencesOf(store.reads, { receipts: [receiptRow(1n)] })).toEqual([]);
  });
});
