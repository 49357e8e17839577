import { expect, onTestFinished, test } from "vitest";
import { fromLayout2 } from "../../../src/store/migrations/from-2-mongodb.ts";
import { openMongoToMigrate } from "../../../src/store/mongodb/migrating.ts";
import { project, sigma } from "../../cli/run.ts";
import { command } from "../../servers/mongodb.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { unavailable } from "../../unavailable.ts";
import { putBackToLayout2 } from "../layout-2/fixture.ts";
import { testDatabase } from "./database.ts";

const mongo = mongoForTests(1);
const OPERATOR = { actor: "somebody", at: "2026-11-28T17:00:00.000Z" };
/** Long enough for any other request on a busy machine. */
const REQUEST_MS = 4_000;

/** A database of layout 2 with a failure. */
async function layout2() {
  const { raw, uri } = await testDatabase(mongo.server());
  const cwd = project();
  const env = { MONGODB_URI: uri };
  expect((await sigma(["ingest", "-q"], { cwd, env, input: "{\n" })).code).toBe(0);
  await putBackToLayout2(raw);
  const opened = await openMongoToMigrate({ uri, selectionTimeoutMs: 5_000, socketTimeoutMs: REQUEST_MS });
  onTestFinished(opened.close);
  const { up } = fromLayout2({ ...opened.target, othersElsewhere: true });
  return { raw, cwd, env, up, guarded: opened.guarded, close: opened.close };
}

/** While it holds, the server begins to build indexes and does not come to their end. */
async function hold(mode: "alwaysOn" | "off"): Promise<void> {
  await command(mongo.server().ports[0] ?? 0, { configureFailPoint: "hangAfterStartingIndexBuild", mode });
}

test("a migration waits for an index that the server builds for longer than a request may take, and says so", async () => {
  const { raw, cwd, env, up } = await layout2();
  await hold("alwaysOn");
  onTestFinished(async () => hold("off"));
  const told: string[] = [];
  await up((step) => {
    told.push(step);
    if (step.startsWith("the server is still building") && told.filter((one) => one === step).length === 2)
      void hold("off");
  }, OPERATOR);
  expect(told).toContain("the server is still building index time of failed_shipments");
  const indexes = await raw.collection("failed_shipments").indexes();
  expect(indexes.map(({ key }) => Object.keys(key as object).at(-1))).toEqual(["_id", "_id", "_id", "_id"]);
  expect((await sigma(["audit"], { cwd, env })).code).toBe(0);
});

test("a migration that goes on does not end before the indexes of the one before are built", async () => {
  const { raw, cwd, env, up } = await layout2();
  const failed = raw.collection("failed_shipments");
  await failed.dropIndex("time");
  await hold("alwaysOn");
  onTestFinished(async () => hold("off"));
  const building = failed.createIndex({ "source.at": -1, _id: -1 }, { name: "time" });
  await expect.poll(async () => (await failed.indexes()).length).toBe(4);
  await up((step) => {
    if (step === "the server is still building index time of failed_shipments") void hold("off");
  }, OPERATOR);
  await building;
  expect((await sigma(["audit"], { cwd, env })).code).toBe(0);
});

test("a migration ends when the server does not answer while it builds an index, and goes on when run again", async () => {
  const { cwd, env, up, guarded, close } = await layout2();
  await hold("alwaysOn");
  const server = mongo.server();
  const ended = await unavailable(
    guarded(async () =>
      up((step) => {
        if (step.startsWith("the server is still building")) server.freeze(0, true);
      }, OPERATOR),
    ),
  );
  server.freeze(0, false);
  // As a process that ended: one that is still connected is at work.
  await close();
  expect(["STORE_TIMEOUT", "STORE_UNREACHABLE"]).toContain(ended.code);
  await hold("off");
  expect((await sigma(["audit"], { cwd, env })).stderr).toContain("a migration of it was broken off");
  expect((await sigma(["store", "migrate", "--yes", "--others-elsewhere"], { cwd, env })).code).toBe(0);
  expect((await sigma(["audit"], { cwd, env })).code).toBe(0);
});
