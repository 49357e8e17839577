import { UUID, type Db } from "mongodb";
import { expect, test } from "vitest";
import { openMongoToMigrate } from "../../../src/store/mongodb/migrating.ts";
import { fromLayout3 } from "../../../src/store/migrations/from-3-mongodb.ts";
import { PATIENCE_MS } from "../../patience.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { makeLayout3Database } from "../layout-3/fixture.ts";
import { testDatabase } from "./database.ts";

const mongo = mongoForTests(1);
const RECEIPTS = 250_000;
const PAGE = 20_000;
const OPERATOR = { actor: "somebody", at: "2026-11-28T17:00:00.000Z" };

/** One after another of a stream, as a gateway of layout 3 wrote them. */
async function addReceipts(raw: Db): Promise<void> {
  const of = new UUID();
  const receipts = raw.collection<{ _id: string }>("sigma_receipts");
  for (let from = 0; from < RECEIPTS; from += 50_000)
    await receipts.insertMany(Array.from({ length: 50_000 }, (_, index) => ({ _id: `many/0@${from + index}#9`, of })));
}

/** The most documents that one request to the server looked at since its profiler was set. */
async function mostExamined(raw: Db): Promise<number> {
  const [most] = await raw
    .collection("system.profile")
    .aggregate([{ $group: { _id: null, examined: { $max: "$docsExamined" }, requests: { $sum: 1 } } }])
    .toArray();
  expect(most!["requests"]).toBeGreaterThan(RECEIPTS / PAGE);
  return Number(most!["examined"]);
}

test("receipts are packed however many there are: no request looks at more than a page of them, and it is told how far it is", async () => {
  const { raw, uri } = await testDatabase(mongo.server());
  await makeLayout3Database(raw);
  const before = await raw.collection("sigma_receipts").countDocuments();
  await addReceipts(raw);
  // As many profiles as there are requests, and more.
  await raw.createCollection("system.profile", { capped: true, size: 2 ** 26 });
  await raw.command({ profile: 2 });
  const { target, close } = await openMongoToMigrate({
    uri,
    selectionTimeoutMs: PATIENCE_MS,
    socketTimeoutMs: PATIENCE_MS,
  });
  try {
    const told: string[] = [];
    const migration = fromLayout3({ ...target, othersElsewhere: true });
    await migration.up((step) => void told.push(step), OPERATOR);
    expect(told).toContain(`packed 200000 of ${RECEIPTS + before} receipts`);
  } finally {
    await close();
    await raw.command({ profile: 0 });
  }
  expect(await mostExamined(raw)).toBeLessThanOrEqual(PAGE);
  const packed = await raw
    .collection("sigma_receipts")
    .aggregate([{ $match: { _id: /^many/ } }, { $project: { size: { $size: { $objectToArray: "$of" } } } }])
    .toArray();
  const sizes = Map.groupBy(packed, ({ size }) => Number(size));
  expect([sizes.get(256)?.length, sizes.get(RECEIPTS % 256)?.length, packed.length]).toEqual([976, 1, 977]);
});
