import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { measure } from "../../src/backup/files.ts";
import { OLD_TALLY, putOldFiles } from "../store/layout-1/fixture.ts";
import { jsonLines, project, shipmentLines, sigma, type Run } from "./run.ts";

/** A project whose data directory the last program before this layout left. */
function oldProject(): { readonly cwd: string; readonly data: string } {
  const cwd = project({ "more.ndjson": shipmentLines(100, 103) });
  const data = join(cwd, "data");
  mkdirSync(data);
  putOldFiles(data);
  return { cwd, data };
}

function migrate(cwd: string, ...options: readonly string[]): Promise<Run> {
  return sigma(["store", "migrate", "--data", "data", ...options], { cwd });
}

/** What is in a data directory besides what SQLite keeps beside a file. */
function filesIn(data: string): readonly string[] {
  return readdirSync(data)
    .filter((name) => name.endsWith(".db"))
    .toSorted();
}

describe("sigma store migrate", () => {
  test("is named by every command that meets the older layout", async () => {
    const { cwd } = oldProject();
    for (const command of [
      ["status"],
      ["audit"],
      ["ingest", "more.ndjson"],
      ["streams", "list"],
      ["start", "--port", "0"],
    ]) {
      const { code, stderr } = await sigma([...command, "--data", "data"], { cwd });
      expect([command, code]).toEqual([command, 1]);
      expect(stderr).toContain("STORE_OLDER Cannot open store");
      expect(stderr).toContain("store migrate --data data");
    }
    const doctor = await sigma(["doctor", "--data", "data", "--port", "0"], { cwd });
    expect([doctor.code, doctor.stdout]).toEqual([10, expect.stringContaining("STORE_OLDER") as string]);
  });

  test("says what it will do and does nothing in a dry run, nor without a word", async () => {
    const { cwd, data } = oldProject();
    const before = readFileSync(join(data, "store.db"));
    const dry = await migrate(cwd, "--dry-run");
    expect([dry.code, dry.stderr]).toEqual([0, ""]);
    expect(dry.stdout).toContain("layout 1 to 4:\n  keep store.db as store.layout-1.db, as it is");
    expect(dry.stdout).toContain("9 records in 1 stream to decide again");
    const asked = await migrate(cwd);
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining("SIG-M-002") as string]);
    expect(asked.stderr).toContain("store migrate --data data --yes");
    expect(filesIn(data)).toEqual(["log.db", "store.db"]);
    expect(readFileSync(join(data, "store.db"))).toEqual(before);
  });

  test("leads to a store into which the log is decided again, as it was", async () => {
    const { cwd, data } = oldProject();
    const done = await migrate(cwd, "--yes", "--json");
    expect([done.code, done.stderr]).toEqual([0, ""]);
    expect(jsonLines(done.stdout).at(-1)).toMatchObject({ kind: "migrated", layouts: [1, 4] });
    expect(filesIn(data)).toEqual(["log.db", "store.db", "store.layout-1.db"]);
    expect((await sigma(["ingest", "more.ndjson", "-q", "--data", "data"], { cwd })).code).toBe(0);
    const audited = await sigma(["audit", "--source", "--json", "--data", "data"], { cwd });
    const { validated, failed, receipts } = OLD_TALLY;
    expect([audited.code, jsonLines(audited.stdout).at(-1)]).toMatchObject([
      0,
      { records: 12, validated: validated + 3, failed, duplicates: receipts },
    ]);
    const traffic = await sigma(["contract", "traffic", "shipment", "--data", "data"], { cwd });
    expect(traffic.stdout).toContain("warehouse");
    const doctor = await sigma(["doctor", "--data", "data", "--port", "0"], { cwd });
    expect(doctor.stdout).toContain("store.db has layout 4, which this build writes");
    const again = await migrate(cwd);
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining("nothing to migrate") as string]);
  });

  test("refuses while a gateway runs on the store, and goes on when it ended", async () => {
    const { cwd, data } = oldProject();
    // As the gateway of that time has it open.
    const gateway = new DatabaseSync(join(data, "store.db"));
    gateway.exec("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; UPDATE sigma_traffic SET last_ms = last_ms + 1; COMMIT");
    const refused = await migrate(cwd, "--yes");
    expect([refused.code, refused.stderr]).toEqual([40, expect.stringContaining("STORE_LOCKED") as string]);
    expect(filesIn(data)).toEqual(["log.db", "store.db"]);
    gateway.close();
    expect((await migrate(cwd, "--yes")).code).toBe(0);
  });

  test("refuses to lose what the log no longer has, says how much, and does it by an operator's word", async () => {
    const { cwd, data } = oldProject();
    rmSync(join(data, "log.db"));
    const refused = await migrate(cwd, "--yes");
    expect([refused.code, refused.stderr]).toEqual([10, expect.stringContaining("SIG-M-001") as string]);
    expect(refused.stdout).toContain("the log is missing, and the store decided [0, 9); 9");
    expect(filesIn(data)).toEqual(["store.db"]);
    const dry = await migrate(cwd, "--dry-run");
    expect([dry.code, filesIn(data)]).toEqual([10, ["store.db"]]);
    expect((await migrate(cwd, "--yes", "--accept-loss")).code).toBe(0);
    expect(filesIn(data)).toEqual(["store.db", "store.layout-1.db"]);
    // Which log it was is known all the same: another one needs a word of its own.
    const other = await sigma(["ingest", "more.ndjson", "-q", "--data", "data"], { cwd });
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining("LOG_REPLACED") as string]);
  });

  test("keeps a second old store beside the first", async () => {
    const { cwd, data } = oldProject();
    expect((await migrate(cwd, "--yes")).code).toBe(0);
    for (const name of filesIn(data)) if (name === "store.db") rmSync(join(data, name));
    copyFileSync(join(data, "store.layout-1.db"), join(data, "store.db"));
    expect((await migrate(cwd, "--yes")).code).toBe(0);
    expect(filesIn(data)).toEqual(["log.db", "store.db", "store.layout-1-2.db", "store.layout-1.db"]);
  });

  test("has nothing to do where nothing is", async () => {
    const cwd = project();
    const { code, stderr } = await migrate(cwd, "--yes");
    expect([code, stderr]).toEqual([2, expect.stringContaining("SIG-I-007") as string]);
  });
});

describe("a backup of another layout", () => {
  async function backupOf(cwd: string, data: string, version: number): Promise<void> {
    mkdirSync(join(cwd, "b"));
    for (const name of ["store.db", "log.db"]) cpSync(join(data, name), join(cwd, "b", name));
    const store = new DatabaseSync(join(cwd, "b/store.db"));
    store.exec(`PRAGMA journal_mode = DELETE; PRAGMA user_version = ${version}`);
    store.close();
    const files = [];
    for (const name of ["store.db", "log.db"]) files.push({ name, ...(await measure(join(cwd, "b", name))) });
    const manifest = { kind: "sigma-backup", format: 1, program: "1.0.0", madeAt: "2026-11-28T17:00:00.000Z" };
    writeFileSync(join(cwd, "b/manifest.json"), JSON.stringify({ ...manifest, files, streams: [] }));
  }

  test("that is older is put back, and the command that comes next is named", async () => {
    const { cwd, data } = oldProject();
    await backupOf(cwd, data, 1);
    const restored = await sigma(["restore", "b", "--data", "new"], { cwd });
    expect([restored.code, restored.stderr]).toEqual([0, ""]);
    expect(restored.stdout).toContain("Its store has an older layout of ours (1); this build writes 4");
    expect(restored.stdout).toContain("store migrate --data new comes first");
    expect((await sigma(["store", "migrate", "--yes", "--data", "new"], { cwd })).code).toBe(0);
  });

  test("that is newer is refused, and nothing is put anywhere", async () => {
    const { cwd, data } = oldProject();
    await backupOf(cwd, data, 5);
    const refused = await sigma(["restore", "b", "--data", "new"], { cwd });
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("STORE_NEWER") as string]);
    expect(readdirSync(join(cwd, "new"))).toEqual([]);
  });
});
