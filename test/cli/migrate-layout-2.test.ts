import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { mongoForTests } from "../servers/with-mongo.ts";
import { LAYOUT_2_TALLY, putBackToLayout2, putLayout2Files } from "../store/layout-2/fixture.ts";
import { testDatabase } from "../store/mongodb/database.ts";
import { jsonLines, project, shipmentLines, sigma } from "./run.ts";

const mongo = mongoForTests(1);
const CHILD = fileURLToPath(new URL("../store/migrate.child.ts", import.meta.url));

function layout2Project(): { readonly cwd: string; readonly data: string } {
  const cwd = project({ "more.ndjson": shipmentLines(100, 103) });
  const data = join(cwd, "data");
  mkdirSync(data);
  putLayout2Files(data);
  return { cwd, data };
}

/** The groups by count, and the producers of the failures. */
async function failuresIn(cwd: string, env: Record<string, string> = {}): Promise<unknown> {
  const data = env["MONGODB_URI"] === undefined ? ["--data", "data"] : [];
  const groups = await sigma(["failures", "groups", "--json", ...data], { cwd, env });
  const list = await sigma(["failures", "list", "--json", ...data], { cwd, env });
  return {
    counts: jsonLines(groups.stdout)
      .map(({ count }) => Number(count))
      .toSorted((a, b) => a - b),
    producers: jsonLines(list.stdout)
      .map(({ producer }) => String(producer))
      .toSorted((a, b) => (a < b ? -1 : 1)),
  };
}

const MIGRATED = {
  counts: [1, 1, 2, 2],
  // One failure was erased, and with it who sent it.
  producers: ["harbour", "harbour", "harbour", "null", "warehouse", "warehouse"],
};

describe("sigma store migrate, of a store of layout 2", () => {
  test("keeps every decision, counts its failures and names their producers; a gateway goes on", async () => {
    const { cwd } = layout2Project();
    const dry = await sigma(["store", "migrate", "--dry-run", "--data", "data"], { cwd });
    expect(dry.stdout).toContain("layout 2 to 4:\n  add the producer to 6 failures");
    const done = await sigma(["store", "migrate", "--yes", "--json", "--data", "data"], { cwd });
    expect([done.code, jsonLines(done.stdout).at(-1)]).toMatchObject([0, { kind: "migrated", layouts: [2, 3, 4] }]);
    const { validated, failed, receipts } = LAYOUT_2_TALLY;
    const audited = async (more: number): Promise<void> => {
      const { code, stdout } = await sigma(["audit", "--source", "--json", "--data", "data"], { cwd });
      const totals = { validated: validated + more, failed, duplicates: receipts };
      expect([code, jsonLines(stdout).at(-1)]).toMatchObject([0, totals]);
    };
    await audited(0);
    expect(await failuresIn(cwd)).toEqual(MIGRATED);
    expect((await sigma(["ingest", "more.ndjson", "-q", "--data", "data"], { cwd })).code).toBe(0);
    await audited(3);
    expect(await failuresIn(cwd)).toEqual(MIGRATED);
  });

  test("is whole or not begun wherever it is killed", async () => {
    const { cwd, data } = layout2Project();
    for (let step = 1, through = false; !through; step += 1) {
      const child = spawn(process.execPath, [CHILD, data, "", String(step)], {
        stdio: ["ignore", "ignore", "inherit"],
      });
      const [code] = (await once(child, "exit")) as [number | null];
      through = code === 0;
    }
    expect((await sigma(["audit", "--data", "data"], { cwd })).code).toBe(0);
    expect(await failuresIn(cwd)).toEqual(MIGRATED);
  });

  test("is refused while a gateway works on the store", async () => {
    const { cwd, data } = layout2Project();
    const gateway = new DatabaseSync(join(data, "store.db"));
    gateway.exec("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; UPDATE sigma_traffic SET last_ms = last_ms + 1; COMMIT");
    const refused = await sigma(["store", "migrate", "--yes", "--data", "data"], { cwd });
    expect([refused.code, refused.stderr]).toEqual([40, expect.stringContaining("STORE_LOCKED") as string]);
    gateway.close();
    expect((await sigma(["store", "migrate", "--yes", "--data", "data"], { cwd })).code).toBe(0);
  });

  test("on MongoDB brings every failure to the bytes that a gateway of this build writes", async () => {
    const { raw, uri } = await testDatabase(mongo.server());
    const env = { MONGODB_URI: uri };
    const bad = (id: string): string =>
      JSON.stringify({ shipment_id: id, weight_kg: -1, destination: "x", priority: 1 });
    const cwd = project({ "a.ndjson": `${bad("a")}\n{\n`, "b.ndjson": `${bad("b")}\n` });
    for (const [file, producer] of [
      ["a", "harbour"],
      ["b", "warehouse"],
    ] as const)
      expect((await sigma(["ingest", `${file}.ndjson`, "--producer", producer, "-q"], { cwd, env })).code).toBe(0);
    const failures = async () => raw.collection("failed_shipments").find({}, { raw: true }).sort({ _id: 1 }).toArray();
    const [before, shown] = [await failures(), await failuresIn(cwd, env)];
    await putBackToLayout2(raw);

    const done = await sigma(["store", "migrate", "--yes", "--json", "--others-elsewhere"], { cwd, env });
    expect([done.code, jsonLines(done.stdout).at(-1)]).toMatchObject([0, { layouts: [2, 4] }]);
    expect(await failures()).toEqual(before);
    expect((await sigma(["audit"], { cwd, env })).code).toBe(0);
    // A gateway counts the failures of the last entry when it redoes it.
    expect((await sigma(["ingest", "b.ndjson", "-q"], { cwd, env })).code).toBe(0);
    expect(shown).toMatchObject({ counts: [1, 2], producers: ["harbour", "harbour", "warehouse"] });
    expect(await failuresIn(cwd, env)).toMatchObject({ counts: [1, 3] });
    expect((await sigma(["audit"], { cwd, env })).code).toBe(0);
  });
});
