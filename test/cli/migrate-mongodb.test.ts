import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { describe, expect, onTestFinished, test } from "vitest";
import { mongoForTests } from "../servers/with-mongo.ts";
import { makeOldDatabase, OLD_TALLY, putOldLogOfDatabase } from "../store/layout-1/fixture.ts";
import { jsonLines, project, shipmentLines, sigma, type Run } from "./run.ts";

const mongo = mongoForTests(1);
let count = 0;

/** A project whose log, and whose database, the last program before this layout left. */
async function oldProject(): Promise<{
  readonly cwd: string;
  readonly run: (...args: readonly string[]) => Promise<Run>;
}> {
  count += 1;
  const uri = mongo.server().uri.replace("/?", `/migrate_${count}?`);
  const client = new MongoClient(uri);
  onTestFinished(async () => client.close());
  await makeOldDatabase(client.db(`migrate_${count}`));
  const cwd = project({ "more.ndjson": shipmentLines(100, 103) });
  mkdirSync(join(cwd, "data"));
  putOldLogOfDatabase(join(cwd, "data"));
  const env = { MONGODB_URI: uri, SIGMA_DATA_DIR: "data" };
  return { cwd, run: async (...args) => sigma(args, { cwd, env }) };
}

describe("sigma store migrate on MongoDB", () => {
  test("leads to a store into which the log is decided again, as it was, and doctor says which layout is there", async () => {
    const { run } = await oldProject();
    const old = await run("doctor", "--port", "0", "--json");
    expect([old.code, layoutsIn(old)]).toEqual([
      10,
      [["mongodb layout version", "fail", expect.stringContaining("STORE_OLDER") as string]],
    ]);
    const done = await run("store", "migrate", "--yes", "--others-elsewhere", "--json");
    expect([done.code, done.stderr]).toEqual([0, ""]);
    expect(jsonLines(done.stdout).at(-1)).toMatchObject({ kind: "migrated", layouts: [1, 4] });
    expect((await run("ingest", "more.ndjson", "-q")).code).toBe(0);
    const audited = await run("audit", "--source", "--json");
    const { validated, failed, receipts } = OLD_TALLY;
    expect([audited.code, jsonLines(audited.stdout).at(-1)]).toMatchObject([
      0,
      { records: 12, validated: validated + 3, failed, duplicates: receipts },
    ]);
    const present = await run("doctor", "--port", "0", "--json");
    expect(layoutsIn(present)[0]).toEqual(["mongodb layout version", "ok", "4, which this build writes"]);
  });

  test("refuses to lose what the log no longer has", async () => {
    const { cwd, run } = await oldProject();
    rmSync(join(cwd, "data/log.db"));
    const refused = await run("store", "migrate", "--yes", "--others-elsewhere");
    expect([refused.code, refused.stderr]).toEqual([10, expect.stringContaining("SIG-M-001") as string]);
    expect(refused.stdout).toContain("the log is missing, and the store decided [0, 9); 9");
    expect((await run("status")).stderr).toContain("STORE_OLDER");
  });
});

function layoutsIn({ stdout }: Run): readonly (readonly unknown[])[] {
  return jsonLines(stdout)
    .filter(({ name }) => String(name).startsWith("mongodb layout"))
    .map(({ name, result, message }) => [name, result, message]);
}
