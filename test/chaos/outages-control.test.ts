import { readdirSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { expect, onTestFinished, test } from "vitest";
import { PATIENCE_MS } from "../patience.ts";
import { openArena } from "./arena.ts";
import { settle } from "./chaos.ts";
import { needMongo, needOwnKafka } from "./servers.ts";

// The negative control of the histories with outages: on real servers, a store and a broker that do forget.

const SEED = 7;
const RECORDS = 600;

test("a record that the store lost and records that the broker lost turn the harness red, each by its name", async () => {
  const [broker, mongo] = [await needOwnKafka(), await needMongo(1)];
  const uri = mongo.uri.replace("/?", "/control?");
  const arena = await openArena({ kafka: broker, partitions: 2, workers: 1, seed: SEED, uri, outages: true });
  await arena.journal.write(RECORDS);
  await broker.kill();
  arena.journal.brokerDied();
  await broker.restart();
  await arena.journal.write(RECORDS);
  await arena.judge();

  // As it is in the database, types of numbers and all.
  const client = new MongoClient(uri, { promoteValues: false });
  onTestFinished(async () => client.close());
  const failed = client.db().collection("failed_shipments");
  const taken = await failed.findOneAndDelete({ code: "schema" });
  const incomplete = await arena.inspect();
  expect(Object.keys(incomplete.violations)).toEqual(["lost"]);
  expect(incomplete.violations).toMatchObject({ lost: { count: 1 } });
  expect(incomplete.audit.code).toBe(30);
  if (taken !== null) await failed.insertOne(taken);
  expect((await arena.inspect()).violations).toEqual({});

  await broker.kill();
  const partition = join(broker.data, `${arena.topic}-0`);
  for (const file of readdirSync(partition)) if (file.endsWith(".log")) truncateSync(join(partition, file));
  await broker.restart();
  const promised = arena.journal.entries.filter((entry) => entry.partition === 0).length;
  const forgotten = await arena.inspect();
  expect(forgotten.violations).toMatchObject({ journal: { count: promised }, invented: { count: promised } });
  expect(forgotten.audit.code).toBe(30);
});

test("a record that nobody decided keeps the harness waiting, and it says which partition", async () => {
  const kafka = await needOwnKafka();
  const mongo = await needMongo(1);
  const uri = mongo.uri.replace("/?", "/behind?");
  const arena = await openArena({ kafka, partitions: 1, workers: 1, seed: SEED, uri, outages: true });
  await arena.journal.write(RECORDS);
  await arena.journal.settle();
  expect(await settle(arena.journal, arena.documents, AbortSignal.timeout(PATIENCE_MS))).toEqual([]);
  await arena.fleet.stop();
  await arena.journal.write(RECORDS);
  await arena.journal.settle();
  const [behind] = await settle(arena.journal, arena.documents, AbortSignal.abort());
  expect(behind).toMatch(/^partition 0 stands at \d+ of \d+$/);
  const { violations } = await arena.inspect();
  expect(Object.keys(violations)).toContain("lost");
});
