import { closeSync, openSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { startIntegrityCheck } from "../../src/sqlite/integrity.ts";
import { openDatabase } from "../../src/sqlite/open.ts";
import { temporaryDirectory } from "../embedded.ts";
import { KIND } from "./kind.ts";

const PAGE = 4_096;
/** Two of them are checked here, two thousand in a thread. */
const ROW = "x".repeat(1_000);

function boxOf(rows: number): string {
  const path = join(temporaryDirectory(), "box.db");
  const create = (db: DatabaseSync): void =>
    db.exec("CREATE TABLE things (name TEXT NOT NULL) STRICT; CREATE INDEX names ON things (name)");
  const { db } = openDatabase(KIND, { path, busyTimeoutMs: 0 }, create, () => null);
  const insert = db.prepare("INSERT INTO things VALUES (?)");
  db.exec("BEGIN");
  for (let row = 0; row < rows; row += 1) insert.run(`${row}${ROW}`);
  db.exec("COMMIT");
  db.close();
  return path;
}

async function damageOf(path: string): Promise<unknown> {
  const check = startIntegrityCheck(KIND, path);
  const found = await check.damage;
  await check.stop();
  return found === null ? null : { code: found.code, remedy: found.remedy };
}

test.each([2, 2_000])("a file of %i rows is found sound, and damaged once a page of it is", async (rows) => {
  const path = boxOf(rows);
  expect(statSync(path).size > 2 ** 20).toBe(rows > 2);
  expect(await damageOf(path)).toBeNull();
  const file = openSync(path, "r+");
  writeSync(file, Buffer.alloc(PAGE, 0xff), 0, PAGE, statSync(path).size - PAGE);
  closeSync(file);
  expect(await damageOf(path)).toEqual({ code: "LOG_CORRUPT", remedy: KIND.recovery });
});

test("a file that cannot be read at all is no finding: whoever opens it says so", async () => {
  expect(await damageOf(temporaryDirectory())).toBeNull();
});
