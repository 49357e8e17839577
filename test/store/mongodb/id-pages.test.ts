import { Binary, BSON, Long, MaxKey, ObjectId } from "mongodb";
import { describe, expect, test } from "vitest";
import { countById, idPages } from "../../../src/store/mongodb/id-pages.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { testDatabase } from "./database.ts";

const mongo = mongoForTests(1);
const OF_ALL_TYPES = [
  1,
  2.5,
  Long.fromNumber(3),
  "a",
  "$b",
  "c",
  { d: 1 },
  new Binary(Buffer.alloc(16), 4),
  new ObjectId(),
  true,
  new Date(0),
  new MaxKey(),
];

describe("pages of a collection by its ids", () => {
  test.for([1, 2, 5, 12, 13, 14])("of %i hold each document once, whatever its id is", async (size) => {
    const { raw } = await testDatabase(mongo.server());
    const collection = raw.collection("any", { useBigInt64: false });
    await collection.insertMany(OF_ALL_TYPES.map((_id) => ({ _id }) as never));
    const sizes: number[] = [];
    const ids: unknown[] = [];
    for await (const filter of idPages(collection, size)) {
      const page = await collection.find(filter).toArray();
      sizes.push(page.length);
      ids.push(...page.map(({ _id }) => _id));
    }
    expect(new Set(ids.map((id) => BSON.EJSON.stringify({ id }))).size).toBe(OF_ALL_TYPES.length);
    expect(ids.length).toBe(OF_ALL_TYPES.length);
    // None begins with the largest id, which is one more in the last page.
    expect(sizes.slice(0, -1).every((one) => one === size)).toBe(true);
    expect(sizes.at(-1)).toBeLessThanOrEqual(size + 1);
    expect(await countById(collection)).toBe(OF_ALL_TYPES.length);
  });

  test("of a collection that is empty, or is not there, hold nothing", async () => {
    const { raw } = await testDatabase(mongo.server());
    await raw.createCollection("empty");
    expect([await countById(raw.collection("empty")), await countById(raw.collection("none"))]).toEqual([0, 0]);
  });
});
