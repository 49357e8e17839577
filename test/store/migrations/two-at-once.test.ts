import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { openHistory } from "../../../src/app/stores.ts";
import { audit } from "../../../src/audit/audit.ts";
import { openMongoToMigrate } from "../../../src/store/mongodb/migrating.ts";
import { project, sigma } from "../../cli/run.ts";
import { temporaryDirectory } from "../../embedded.ts";
import { PATIENCE_MS } from "../../patience.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { makeOldDatabase } from "../layout-1/fixture.ts";
import { LAYOUT_2_TALLY, putLayout2Files } from "../layout-2/fixture.ts";
import { LAYOUT_3_DATABASE_TALLY, LAYOUT_3_TALLY, makeLayout3Database, putLayout3Files } from "../layout-3/fixture.ts";
import { testDatabase } from "../mongodb/database.ts";

const mongo = mongoForTests(1);
const CHILD = fileURLToPath(new URL("../migrate.child.ts", import.meta.url));

/** A store of an older layout, and what is in it once it is migrated. */
type Old = {
  readonly where: { readonly dataDir: string; readonly mongodbUri: string | null };
  readonly tally: { readonly validated: number; readonly failed: number; readonly receipts: number };
};

function inFiles(put: (dataDir: string) => void, tally: Old["tally"]): () => Promise<Old> {
  return async () => {
    const dataDir = temporaryDirectory();
    put(dataDir);
    return { where: { dataDir, mongodbUri: null }, tally };
  };
}

function inDatabase(
  make: (raw: Awaited<ReturnType<typeof testDatabase>>["raw"]) => Promise<void>,
  tally: Old["tally"],
): () => Promise<Old> {
  return async () => {
    const { raw, uri } = await testDatabase(mongo.server());
    await make(raw);
    return { where: { dataDir: temporaryDirectory(), mongodbUri: uri }, tally };
  };
}

const NOTHING = { validated: 0, failed: 0, receipts: 0 };

type Migration = {
  readonly goOn: () => void;
  readonly standsStill: Promise<string | null>;
  readonly ended: Promise<string>;
};

/** Migrates in a process of its own. @param at the step at which it does that to itself. */
function migrate(
  { where: { dataDir, mongodbUri } }: Old,
  at = 0,
  signal: "SIGKILL" | "SIGSTOP" = "SIGKILL",
): Migration {
  const child = spawn(process.execPath, [CHILD, dataDir, mongodbUri ?? "", String(at), signal]);
  onTestFinished(() => void child.kill("SIGKILL"));
  let [stdout, stderr] = ["", ""];
  child.stderr.on("data", (text) => (stderr += String(text)));
  const ended = once(child, "close").then(([code]) =>
    code === 0 ? "done" : (/STORE_[A-Z]+/.exec(stderr)?.[0] ?? stderr),
  );
  const { promise: standsStill, resolve } = Promise.withResolvers<string | null>();
  child.stdout.on("data", (text) => {
    stdout += String(text);
    const step = /^stands still: (.*)\n/m.exec(stdout)?.[1];
    if (step !== undefined) resolve(step);
  });
  void ended.then(() => resolve(null));
  const goOn = (): void => {
    // It may stop itself only now.
    const again = setInterval(() => child.kill("SIGCONT"), 20);
    void ended.then(() => clearInterval(again));
  };
  return { goOn, standsStill, ended };
}

async function expectWhole({ where, tally }: Old): Promise<void> {
  const { reads, close } = await openHistory(where);
  try {
    const signal = new AbortController().signal;
    const { findings } = await audit(reads, { tailMayBeIncomplete: false, findingsMax: 9, signal });
    expect([findings, await reads.tally()]).toEqual([[], tally]);
    const migrated = (await reads.operatorLog(0, 99)).filter(({ action }) => action === "migrate");
    expect(new Set(migrated.map(({ detail }) => detail)).size).toBe(migrated.length);
  } finally {
    await close();
  }
}

describe.each([
  ["a file of layout 2", inFiles(putLayout2Files, LAYOUT_2_TALLY), 6],
  ["a file of layout 3", inFiles(putLayout3Files, LAYOUT_3_TALLY), 3],
  ["a database of layout 1", inDatabase(makeOldDatabase, NOTHING), 3],
  ["a database of layout 3", inDatabase(makeLayout3Database, LAYOUT_3_DATABASE_TALLY), 2],
] as const)("two migrations at once of %s", (_, make, each) => {
  test.each([
    ["that nobody migrated before", 0],
    ["that both find broken off", 3],
  ])("%s: one is refused, or comes behind the other, and the store is whole", async (__, killedAt) => {
    for (let step = 1, stood: string | null = ""; stood !== null; step += each) {
      const old = await make();
      if (killedAt > 0) await migrate(old, killedAt).ended;
      const first = migrate(old, step, "SIGSTOP");
      stood = await first.standsStill;
      const second = await migrate(old).ended;
      first.goOn();
      const outcomes = [await first.ended, second].toSorted();
      // Behind its last step there is nothing to exclude anybody from.
      expect([stood, outcomes]).toEqual([
        stood,
        stood === null || stood === "done" ? ["done", "done"] : ["STORE_LOCKED", "done"],
      ]);
      await expectWhole(old);
    }
  });
});

test("whoever only looks is told that a migration is at work, and from where", async () => {
  const old = await inDatabase(makeLayout3Database, LAYOUT_3_DATABASE_TALLY)();
  const first = migrate(old, 3, "SIGSTOP");
  expect(await first.standsStill).toBe("pack the receipts");
  const env = { MONGODB_URI: old.where.mongodbUri ?? "" };
  const looked = await sigma(["store", "migrate", "--dry-run"], { cwd: project(), env });
  expect([looked.code, looked.stdout, looked.stderr]).toEqual([
    40,
    "",
    "error STORE_LOCKED Cannot migrate the store: another migration of it is at work, from 127.0.0.1\n" +
      "  fix: let it come to its end, or end it and run this again: it goes on\n",
  ]);
  first.goOn();
  expect(await first.ended).toBe("done");
});

test("a migration whose place another one took does not say that it is done", async () => {
  const { raw, uri } = await testDatabase(mongo.server());
  await makeLayout3Database(raw);
  const { target, close } = await openMongoToMigrate({
    uri,
    selectionTimeoutMs: PATIENCE_MS,
    socketTimeoutMs: PATIENCE_MS,
  });
  onTestFinished(close);
  expect(await target.noteMigration(3, "")).toBe(true);
  // As where the user may not see the connections of the one before.
  await raw.collection("sigma_layout").updateOne({}, { $set: { by: "another" } });
  expect(await target.noteMigrated()).toBe(false);
  expect(await raw.collection("sigma_layout").findOne()).toMatchObject({ from: 3, by: "another" });
});
