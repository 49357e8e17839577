import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { UUID } from "mongodb";
import { describe, expect, test } from "vitest";
import { mongoForTests } from "../servers/with-mongo.ts";
import {
  LAYOUT_3_DATABASE_TALLY,
  LAYOUT_3_TALLY,
  makeLayout3Database,
  putLayout3Files,
  putLayout3LogOfDatabase,
} from "../store/layout-3/fixture.ts";
import { testDatabase, type TestDatabase } from "../store/mongodb/database.ts";
import { receiptsIn } from "../store/mongodb/receipts-in.ts";
import { jsonLines, project, sigma } from "./run.ts";

const mongo = mongoForTests(1);
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

async function totals(cwd: string, env: Record<string, string> = {}): Promise<unknown> {
  const { code, stdout } = await sigma(["audit", "--source", "--json", "--data", "data"], { cwd, env });
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

/** A project whose log, and whose database, the last program before this layout left. */
async function layout3Database(): Promise<
  TestDatabase & { readonly cwd: string; readonly env: { MONGODB_URI: string } }
> {
  const database = await testDatabase(mongo.server());
  await makeLayout3Database(database.raw);
  // Two of the facts that are there, and a new one.
  const cwd = project({ "more.ndjson": [1, 7, 400].map(shipment).join("\n") });
  mkdirSync(join(cwd, "data"));
  putLayout3LogOfDatabase(join(cwd, "data"));
  return { ...database, cwd, env: { MONGODB_URI: database.uri } };
}

/** The receipts of layout 3, by where they are. */
async function unpackedIn({ raw }: TestDatabase): Promise<ReadonlyMap<string, string>> {
  const found = await raw.collection<{ _id: string; of: unknown }>("sigma_receipts").find().toArray();
  return new Map(found.map(({ _id, of }) => [_id, String(of)]));
}

describe("sigma store migrate, of a database of layout 3", () => {
  test("puts the receipts together, and a gateway adds to them", async () => {
    const database = await layout3Database();
    const { cwd, env, raw } = database;
    const before = await unpackedIn(database);
    expect((await sigma(["ingest", "more.ndjson", "-q", "--data", "data"], { cwd, env })).stderr).toContain(
      "STORE_OLDER",
    );
    const dry = await sigma(["store", "migrate", "--dry-run", "--data", "data"], { cwd, env });
    expect(dry.stdout).toContain("layout 3 to 4:\n  put 9 receipts into documents of 256 offsets");
    const migrate = ["store", "migrate", "--yes", "--json", "--others-elsewhere", "--data", "data"];
    const done = await sigma(migrate, { cwd, env });
    expect([done.code, jsonLines(done.stdout).at(-1)]).toMatchObject([0, { kind: "migrated", layouts: [3, 4] }]);
    expect(await receiptsIn(raw)).toEqual(before);
    expect(await raw.collection("sigma_receipts").countDocuments()).toBe(2);
    expect(await totals(cwd, env)).toEqual({ code: 0, ...LAYOUT_3_DATABASE_TALLY });
    expect((await sigma(["ingest", "more.ndjson", "-q", "--data", "data"], { cwd, env })).code).toBe(0);
    const { validated, failed, receipts } = LAYOUT_3_DATABASE_TALLY;
    expect(await totals(cwd, env)).toEqual({ code: 0, validated: validated + 1, failed, receipts: receipts + 2 });
  });

  test("is whole or not begun wherever it is killed, and a gateway of before cannot write into it", async () => {
    const database = await layout3Database();
    const { cwd, env, raw, uri } = database;
    const before = await unpackedIn(database);
    for (let step = 1, through = false; !through; step += 1) {
      const child = spawn(process.execPath, [CHILD, join(cwd, "data"), uri, String(step)], {
        stdio: ["ignore", "ignore", "inherit"],
      });
      const [code] = (await once(child, "exit")) as [number | null];
      through = code === 0;
    }
    expect(await receiptsIn(raw)).toEqual(before);
    expect(await totals(cwd, env)).toEqual({ code: 0, ...LAYOUT_3_DATABASE_TALLY });
    const ofBefore = { _id: "shipments/0@1#1", of: new UUID() };
    await expect(raw.collection<{ _id: string }>("sigma_receipts").insertOne(ofBefore)).rejects.toThrow(
      "Document failed validation",
    );
  });

  test("is opened by no build while it is not done, this one and the one of before", async () => {
    const { cwd, env, raw, uri } = await layout3Database();
    const args = [CHILD, join(cwd, "data"), uri, "3"];
    await once(spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] }), "exit");
    // One of layout 3 refuses a version beyond 3 as STORE_NEWER, and looks at nothing else.
    expect(await raw.collection("sigma_layout").findOne()).toEqual({
      _id: "store",
      version: 4,
      migratingTo: 4,
      from: 3,
      aside: "",
      by: expect.stringMatching(/^[0-9a-f]{24}$/) as string,
    });
    for (const command of ["audit", "status", "start"]) {
      const { code, stderr } = await sigma([command, "--data", "data"], { cwd, env });
      expect([code, stderr]).toEqual([1, expect.stringContaining("STORE_OLDER") as string]);
      expect(stderr).toContain("a migration of it was broken off");
    }
  });

  test("goes on where an earlier build was killed, which noted the layout of before", async () => {
    const database = await layout3Database();
    const { cwd, env, raw } = database;
    const before = await unpackedIn(database);
    await raw.collection("sigma_layout").updateOne({}, { $set: { migratingTo: 4, aside: "" } });
    await raw.renameCollection("sigma_receipts", "sigma_receipts_3");
    const done = await sigma(["store", "migrate", "--yes", "--others-elsewhere", "--data", "data"], { cwd, env });
    expect(done.code).toBe(0);
    expect(await receiptsIn(raw)).toEqual(before);
    expect(await raw.collection("sigma_layout").findOne()).toEqual({ _id: "store", version: 4 });
  });

  test("takes up receipts that a gateway of before wrote in the moment in which they had no collection", async () => {
    const database = await layout3Database();
    const { cwd, env, raw } = database;
    const before = await unpackedIn(database);
    // As a migration leaves it that is killed between setting the receipts aside and making their new collection.
    await raw.renameCollection("sigma_receipts", "sigma_receipts_3");
    // One that is nowhere else, and one that redoing a tail wrote again.
    const [[place, of], [again, ofAgain]] = [...before] as [[string, string], [string, string]];
    await raw.collection("sigma_receipts_3").deleteOne({ _id: place as never });
    const written = raw.collection<{ _id: string; of: UUID }>("sigma_receipts");
    await written.insertMany([
      { _id: place, of: new UUID(of) },
      { _id: again, of: new UUID(ofAgain) },
    ]);
    const done = await sigma(["store", "migrate", "--yes", "--others-elsewhere", "--data", "data"], { cwd, env });
    expect(done.code).toBe(0);
    expect(await receiptsIn(raw)).toEqual(before);
    expect(await raw.listCollections({ name: /^sigma_receipts_/ }).toArray()).toEqual([]);
  });

  test("refuses receipts that no gateway wrote so, and changes nothing", async () => {
    const database = await layout3Database();
    const { cwd, env, raw } = database;
    await raw.collection("sigma_receipts").updateOne({}, { $set: { more: 1 } });
    const before = await unpackedIn(database);
    const refused = await sigma(["store", "migrate", "--yes", "--others-elsewhere", "--data", "data"], { cwd, env });
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("STORE_CORRUPT") as string]);
    expect(refused.stderr).toContain("sigma_receipts holds documents (1) that no gateway of its layout writes");
    expect(await unpackedIn(database)).toEqual(before);
    expect(await raw.collection("sigma_layout").findOne()).toEqual({ _id: "store", version: 3 });
  });
});
