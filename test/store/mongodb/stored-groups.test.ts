import { Long, MongoClient } from "mongodb";
import { expect, onTestFinished, test } from "vitest";
import { HOUR_MS } from "../../../src/store/groups.ts";
import { storedHours, storedTotals } from "../../../src/store/mongodb/stored-groups.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { testDatabase } from "./database.ts";

const mongo = mongoForTests(1);
const STREAM = { number: 5, stream: "t/0#log", topic: "t", partition: 0 };
const NAME = "failed_stored";

test("failures are counted again page by page, and come to the same whatever the size of a page", async () => {
  const { uri } = await testDatabase(mongo.server());
  const client = new MongoClient(uri);
  onTestFinished(async () => client.close());
  const db = client.db();
  const failures = db.collection<{ _id: string }>(NAME);
  const failure = (place: string, stream: number, offset: number, fingerprint: string, hour: number) => ({
    _id: `${place}@${offset}#${stream}`,
    fingerprint,
    code: "schema",
    contract: "shipment@1",
    source: { stream, offset: Long.fromNumber(offset), at: new Date(hour * HOUR_MS + offset) },
  });
  const own = Array.from({ length: 9 }, (_, offset) => failure("t/0", 5, offset, `f${offset % 2}`, offset % 3));
  // Of an earlier topic of this name, of other partitions beside it in the index, and behind the offset.
  const others = [
    failure("t/0", 4, 3, "f0", 0),
    failure("t/00", 6, 1, "f0", 0),
    failure("t/1", 7, 1, "f1", 0),
    failure("s/9", 8, 1, "f1", 0),
    failure("t/0", 5, 90, "f0", 0),
  ];
  await failures.insertMany([...own, ...others]);
  const collections = [{ name: NAME, kind: "failed" }] as const;
  for (const page of [1, 2, 3, 11, 1_000]) {
    const given = [db, collections, STREAM, 90n, new Map(), page] as const;
    const totals = Array.from(await storedTotals(...given), ([fingerprint, { count, firstMs, lastMs }]) =>
      [fingerprint, count, firstMs, lastMs].join(" "),
    );
    expect(totals.toSorted()).toEqual([`f0 5 0 ${2 * HOUR_MS + 8}`, `f1 4 3 ${2 * HOUR_MS + 5}`]);
    const hours = (await storedHours(...given)).map(({ fingerprint, hour, count }) =>
      [fingerprint, hour, count].join(" "),
    );
    expect(hours.toSorted()).toEqual(["f0 0 2", "f0 1 1", "f0 2 2", "f1 0 1", "f1 1 2", "f1 2 1"]);
  }
  await db.command({ profile: 2 });
  await storedTotals(db, collections, STREAM, 90n, new Map(), 3);
  await db.command({ profile: 0 });
  const requests = await db
    .collection("system.profile")
    .find({ ns: `${db.databaseName}.${NAME}` })
    .toArray();
  expect(Math.max(...requests.map(({ docsExamined }) => Number(docsExamined)))).toBe(3);
  expect(requests.filter(({ command }) => "aggregate" in command)).toHaveLength(4);
});
