import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { jsonLines, project, shipmentLines, sigma } from "./run.ts";

const BROKEN = '{"shipment_id":"S-9","weight_kg":"heavy","destination":"Oslo","priority":2}\n';

/** Two facts and a failure, whose index of ids leads to none of the facts. */
async function withoutIndex(
  damage = "DELETE FROM sigma_ids_shipments; UPDATE sigma_id_runs_shipments SET ids = x'', settled = settled + 128",
): Promise<{ readonly cwd: string; readonly facts: () => unknown }> {
  const cwd = project({ "two.ndjson": shipmentLines(0, 2) });
  expect((await sigma(["ingest", "-", "-q"], { cwd, input: `${shipmentLines(0, 2)}${BROKEN}` })).code).toBe(0);
  const path = join(cwd, ".sigma/data/store.db");
  const db = new DatabaseSync(path);
  db.exec(damage);
  db.close();
  const facts = (): unknown => {
    const reading = new DatabaseSync(path, { readOnly: true });
    try {
      return reading.prepare("SELECT count(*) AS count, count(erased) AS erased FROM validated_shipments").get();
    } finally {
      reading.close();
    }
  };
  return { cwd, facts };
}

test.each([
  ["sigma ingest", ["ingest", "two.ndjson", "-q"], {}],
  ["sigma erase", ["erase", "--position", "sigma-aetl.shipments/0@0", "--yes", "--reason", "asked"], {}],
  ["sigma retention run", ["retention", "run", "--yes"], { SIGMA_RETENTION_FACTS: "0d" }],
])(
  "%s refuses a store whose facts are not found by their ids, and goes on once it is repaired",
  async (_, args, env) => {
    const { cwd, facts } = await withoutIndex();
    const { code, stderr } = await sigma(args, { cwd, env });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/error STORE_CORRUPT .*index of ids.*\n +fix: run `.*store repair/) as string,
    ]);
    expect(facts()).toEqual({ count: 2, erased: 0 });
    expect((await sigma(["store", "repair"], { cwd })).code).toBe(0);
    expect((await sigma(args, { cwd, env })).code).toBe(0);
    expect(facts()).toMatchObject({ count: 2 });
    expect((await sigma(["audit"], { cwd })).code).toBe(0);
  },
);

test("sigma redrive run refuses a store whose facts are not found by their ids", async () => {
  const { cwd } = await withoutIndex();
  const planned = await sigma(["redrive", "plan", "--json", "--reason", "try"], { cwd });
  const id = String(jsonLines(planned.stdout).at(-1)?.["id"]);
  const { code, stderr } = await sigma(["redrive", "run", id, "--reason", "go", "--expect", "1"], { cwd });
  expect([code, stderr]).toEqual([1, expect.stringContaining("error STORE_CORRUPT") as string]);
});

test("an index of ids that was dropped is named by whoever reads, and made anew by sigma store repair", async () => {
  const { cwd, facts } = await withoutIndex("DROP TABLE sigma_ids_shipments");
  const audit = await sigma(["audit"], { cwd });
  expect([audit.code, audit.stdout]).toEqual([30, expect.stringContaining("STORE_DAMAGED") as string]);
  const dry = await sigma(["store", "repair", "--dry-run"], { cwd });
  expect([dry.code, dry.stderr]).toEqual([
    1,
    expect.stringMatching(/table sigma_ids_shipments is missing\n +fix: run/) as string,
  ]);
  expect((await sigma(["store", "repair"], { cwd })).code).toBe(0);
  expect((await sigma(["ingest", "two.ndjson", "-q"], { cwd })).code).toBe(0);
  expect(facts()).toEqual({ count: 2, erased: 0 });
  expect((await sigma(["audit"], { cwd })).code).toBe(0);
});

test("sigma store repair removes an exact copy of a fact, and names one that differs", async () => {
  const columns = "_id, payload, contract, declared, stream, offset, at, erased, origin";
  const copy = `INSERT INTO validated_shipments (${columns}) SELECT ${columns} FROM validated_shipments WHERE offset = 0`;
  const { cwd, facts } = await withoutIndex(copy);
  expect(facts()).toMatchObject({ count: 3 });
  expect((await sigma(["store", "repair"], { cwd })).code).toBe(0);
  expect(facts()).toMatchObject({ count: 2 });
  expect((await sigma(["audit"], { cwd })).code).toBe(0);
  const db = new DatabaseSync(join(cwd, ".sigma/data/store.db"));
  db.exec(copy);
  db.exec("UPDATE validated_shipments SET at = at + 1 WHERE place = (SELECT max(place) FROM validated_shipments)");
  db.close();
  const named = await sigma(["store", "repair"], { cwd });
  expect([named.code, named.stdout]).toEqual([
    30,
    expect.stringContaining("DAMAGED  No id leads to 1 of the facts") as string,
  ]);
  expect((await sigma(["audit"], { cwd })).code).toBe(30);
});
