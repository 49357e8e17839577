import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { LAYOUT_3_TALLY, putLayout3Files } from "../store/layout-3/fixture.ts";
import { jsonLines, project, sigma } from "./run.ts";

const CHILD = fileURLToPath(new URL("../store/migrate.child.ts", import.meta.url));
const shipment = (id: number): string =>
  JSON.stringify({ shipment_id: `SHIP-${id}`, weight_kg: 1.5, destination: "Dublin", priority: 1 });

function layout3Project(): { readonly cwd: string; readonly data: string } {
  // Two of the facts that are there, the erased one, and a new one.
  const cwd = project({ "more.ndjson": [1, 7, 4, 100].map(shipment).join("\n") });
  const data = join(cwd, "data");
  mkdirSync(data);
  putLayout3Files(data);
  return { cwd, data };
}

async function totals(cwd: string): Promise<unknown> {
  const { code, stdout } = await sigma(["audit", "--source", "--json", "--data", "data"], { cwd });
  const last = jsonLines(stdout).at(-1);
  return { code, validated: last?.["validated"], failed: last?.["failed"], receipts: last?.["duplicates"] };
}

/** The facts, with the row numbers that they have. */
function factsIn(data: string): unknown {
  const db = new DatabaseSync(join(data, "store.db"), { readOnly: true });
  try {
    const columns = "_id, payload, contract, declared, stream, offset, at, erased, origin";
    return db.prepare(`SELECT rowid AS place, ${columns} FROM validated_shipments ORDER BY rowid`).all();
  } finally {
    db.close();
  }
}

describe("sigma store migrate, of a store of layout 3", () => {
  test("keeps every fact in its place, and a gateway knows them again", async () => {
    const { cwd, data } = layout3Project();
    const before = factsIn(data);
    const refused = await sigma(["ingest", "more.ndjson", "-q", "--data", "data"], { cwd });
    expect(refused.stderr).toContain("STORE_OLDER");
    const dry = await sigma(["store", "migrate", "--dry-run", "--data", "data"], { cwd });
    expect(dry.stdout).toContain("layout 3 to 4:\n  copy 6 facts into tables whose rows keep their place");
    const done = await sigma(["store", "migrate", "--yes", "--json", "--data", "data"], { cwd });
    expect([done.code, jsonLines(done.stdout).at(-1)]).toMatchObject([0, { kind: "migrated", layouts: [3, 4] }]);
    expect(factsIn(data)).toEqual(before);
    const { validated, failed, receipts } = LAYOUT_3_TALLY;
    expect(await totals(cwd)).toEqual({ code: 0, ...LAYOUT_3_TALLY });
    expect((await sigma(["ingest", "more.ndjson", "-q", "--data", "data"], { cwd })).code).toBe(0);
    expect(await totals(cwd)).toEqual({ code: 0, validated: validated + 1, failed, receipts: receipts + 3 });
  });

  test("is whole or not begun wherever it is killed", async () => {
    const { cwd, data } = layout3Project();
    const before = factsIn(data);
    for (let step = 1, through = false; !through; step += 1) {
      const child = spawn(process.execPath, [CHILD, data, "", String(step)], {
        stdio: ["ignore", "ignore", "inherit"],
      });
      const [code] = (await once(child, "exit")) as [number | null];
      through = code === 0;
    }
    expect(factsIn(data)).toEqual(before);
    expect(await totals(cwd)).toEqual({ code: 0, ...LAYOUT_3_TALLY });
  });
});
