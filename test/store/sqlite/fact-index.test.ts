import { copyFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import type { Store } from "../../../src/store/store.ts";
import { temporaryDirectory } from "../../embedded.ts";
import { idOf, insertFacts, LAW_COLLECTION, NOTE, noteOf, validatedRow } from "../rows.ts";

const [IDS, RUNS] = [`sigma_ids_${LAW_COLLECTION}`, `sigma_id_runs_${LAW_COLLECTION}`];

function open(path: string): Store {
  const store = openSqliteStore({ path, collections: [LAW_COLLECTION], busyTimeoutMs: 1_000 });
  onTestFinished(store.close);
  return store;
}

async function opened(): Promise<{ readonly path: string; readonly store: Store; readonly db: DatabaseSync }> {
  const path = join(temporaryDirectory(), "store.db");
  const store = open(path);
  await noteOf(store);
  const db = new DatabaseSync(path, { timeout: 1_000 });
  onTestFinished(() => db.close());
  return { path, store, db };
}

/** Stores facts of these names, each at an offset of its own. @returns the names whose ids were taken. */
async function put(store: Pick<Store, "insertFacts" | "stageFacts">, names: readonly number[], from: number) {
  const rows = names.map((name, index) => validatedRow(`fact-${name}`, BigInt(from + index)));
  const outcomes = await insertFacts(store, LAW_COLLECTION, rows);
  return names.filter((_, place) => outcomes[place] === "exists");
}

async function offsetsOf(store: Store, names: readonly number[]): Promise<readonly (readonly [number, bigint])[]> {
  const byId = new Map(names.map((name) => [idOf(`fact-${name}`), name]));
  const held = await store.reads.holders(LAW_COLLECTION, [...byId.keys()]);
  const found = [...held].map(([id, { position }]) => [byId.get(id) ?? -1, position.offset] as const);
  return found.toSorted(([a], [b]) => a - b);
}

/** So many units that each slice is settled, and the runs of before are dropped. */
const MANY = 140;

async function putMany(store: Store, from: number): Promise<void> {
  for (const name of range(from, from + MANY)) expect(await put(store, [name], name)).toEqual([]);
}

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

describe("the index of ids", () => {
  test("knows every fact, whichever of two programs stored it, whatever was undone and removed", async () => {
    const name = fc.integer({ min: 0, max: 40 });
    const names = fc.array(name, { maxLength: 12 });
    const writer = fc.constantFrom(0, 1);
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant("put"), writer, names }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("undo"), writer, names }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("remove"), writer, names }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete"), writer, names }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("open"), writer, names }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("many"), writer, names }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const { path, store, db } = await opened();
        const stores = [store, open(path)];
        const model = new Map<number, bigint>();
        let offset = 0;
        let others = 1_000;
        for (const { kind, writer: at, names: given } of steps) {
          const one = stores[at] as Store;
          const fresh = [...new Set(given)];
          if (kind === "put" || kind === "many") {
            if (kind === "many") await putMany(one, (others += MANY) - MANY);
            const from = offset;
            expect(await put(one, fresh, from)).toEqual(fresh.filter((each) => model.has(each)));
            for (const [index, each] of fresh.entries()) if (!model.has(each)) model.set(each, BigInt(from + index));
            offset += fresh.length;
          } else if (kind === "undo") {
            const undone = one.unit(async (writes) => {
              await put({ ...one, ...writes }, fresh, 900);
              throw new Error("undone");
            });
            await expect(undone).rejects.toThrow("undone");
          } else if (kind === "remove") {
            const keys = fresh.map((each) => ({ id: idOf(`fact-${each}`), offset: 0n }));
            await one.removeDocuments(LAW_COLLECTION, NOTE, "validated", keys);
            fresh.forEach((each) => model.delete(each));
          } else if (kind === "delete") {
            for (const each of fresh) {
              const id = Buffer.from(idOf(`fact-${each}`).replaceAll("-", ""), "hex");
              db.prepare(`DELETE FROM validated_${LAW_COLLECTION} WHERE _id = ?`).run(id);
              model.delete(each);
            }
          } else {
            await one.close();
            stores[at] = open(path);
          }
          for (const reading of stores) {
            if (kind === "many") expect(await offsetsOf(reading, range(others - MANY, others))).toHaveLength(MANY);
            expect(await offsetsOf(reading, range(0, 41))).toEqual([...model].toSorted(([a], [b]) => a - b));
            for (const each of fresh.slice(0, 2)) {
              const is = model.get(each);
              expect(await offsetsOf(reading, [each])).toEqual(is === undefined ? [] : [[each, is]]);
            }
          }
        }
        const [last] = stores as [Store, Store];
        expect(await last.mendIndex(true)).toBe(0);
        expect(await last.reads.integrity()).toEqual([]);
        for (const each of stores) await each.close();
      }),
      { numRuns: 60 },
    );
  });

  test("settles ids in turn, and keeps no more runs than there are slices", async () => {
    const { store, db } = await opened();
    for (let unit = 0; unit < 300; unit += 1) await put(store, range(unit * 5, unit * 5 + 5), unit * 5);
    const runs = db.prepare(`SELECT count(*) AS count, max(settled) AS settled FROM ${RUNS}`).get();
    expect(runs).toEqual({ count: 128, settled: 300 });
    const settled = Number(db.prepare(`SELECT count(*) AS count FROM ${IDS}`).get()?.["count"]);
    // Those of the last round wait, half of them on the average.
    expect(settled).toBeGreaterThan(1_500 - 128 * 5);
    expect(settled).toBeLessThan(1_500);
    expect(await offsetsOf(store, range(0, 1_500))).toEqual(range(0, 1_500).map((name) => [name, BigInt(name)]));
  });

  test("settles more at once where more is stored at once", async () => {
    const { store, db } = await opened();
    await put(store, range(0, 20_000), 0);
    expect(db.prepare(`SELECT settled FROM ${RUNS}`).all()).toEqual([{ settled: 5 }]);
    expect(await put(store, [7, 20_000, 19_999], 30_000)).toEqual([7, 19_999]);
  });

  test("does not take a fact for another that has its place by now", async () => {
    const { store, db } = await opened();
    await put(store, [1, 2], 0);
    db.exec(`DELETE FROM validated_${LAW_COLLECTION} WHERE offset = 1`);
    // SQLite gives the place of the last row away again.
    expect(await put(store, [3], 2)).toEqual([]);
    expect(await put(store, [2, 3, 1], 3)).toEqual([3, 1]);
    expect(await offsetsOf(store, [1, 2, 3])).toEqual([
      [1, 0n],
      [2, 3n],
      [3, 2n],
    ]);
    expect(await store.mendIndex(true)).toBe(0);
  });

  test("follows a fact that somebody deleted to the place where it is stored again", async () => {
    const { store, db } = await opened();
    await put(store, [1], 0);
    await putMany(store, 1_000);
    db.exec(`DELETE FROM validated_${LAW_COLLECTION} WHERE offset = 0`);
    expect(await put(store, [1], 5)).toEqual([]);
    await putMany(store, 2_000);
    expect(db.prepare(`SELECT count(*) AS count FROM ${RUNS} WHERE place < 1000`).get()).toEqual({ count: 128 });
    expect(await put(store, [1], 6)).toEqual([1]);
    expect(await offsetsOf(store, [1])).toEqual([[1, 5n]]);
  });

  test.each([
    ["its settled ids are gone", `DELETE FROM ${IDS}`],
    ["its runs are gone", `DELETE FROM ${RUNS}`],
    ["a place is another", `UPDATE ${IDS} SET place = place + 1; DELETE FROM ${RUNS}`],
    ["a run is cut short", `UPDATE ${RUNS} SET ids = substr(ids, 1, 20)`],
    ["its last run says that all is settled", `UPDATE ${RUNS} SET settled = 9000000000000000000 WHERE run = 199`],
    [
      "its last run has a number behind which there is none",
      `UPDATE ${RUNS} SET run = ${2n ** 63n - 1n} WHERE run = 199`,
    ],
    [
      "its last run says that more is settled than can be",
      `UPDATE ${RUNS} SET settled = ${2n ** 63n - 1n} WHERE run = 199`,
    ],
    ["a run begins at the last place that there is", `UPDATE ${RUNS} SET place = ${2n ** 63n - 1n} WHERE run = 198`],
    ["facts lie elsewhere", `UPDATE validated_${LAW_COLLECTION} SET place = place + 100000`],
  ])("is made anew where %s", async (_, damage) => {
    const { path, store, db } = await opened();
    for (let unit = 0; unit < 200; unit += 1) await put(store, range(unit * 3, unit * 3 + 3), unit * 3);
    db.exec(damage);
    const reopened = open(path);
    const missing = await reopened.mendIndex(true);
    expect(missing).toBeGreaterThan(0);
    const [fault] = await reopened.reads.integrity();
    expect(fault).toContain(`for ${missing} of validated_${LAW_COLLECTION}: run \`sigma store repair\``);
    // Only counted so far.
    expect(await reopened.mendIndex(false)).toBe(missing);
    expect(await reopened.reads.integrity()).toEqual([]);
    expect(await reopened.mendIndex(false)).toBe(0);
    // Another program that had the file open meanwhile sees it too.
    for (const each of [store, reopened]) {
      expect(await offsetsOf(each, range(0, 600))).toEqual(range(0, 600).map((name) => [name, BigInt(name)]));
      expect(await put(each, range(590, 600), 700)).toEqual(range(590, 600));
    }
  });

  test("is made anew at the start where somebody dropped it", async () => {
    const { path, store, db } = await opened();
    await put(store, range(0, 10), 0);
    await store.close();
    db.exec(`DROP TABLE ${IDS}`);
    const reopened = open(path);
    expect(await put(reopened, range(5, 12), 20)).toEqual(range(5, 10));
  });

  test("is made anew whole or not at all where the disk is full meanwhile", async () => {
    const { path, store, db } = await opened();
    await put(store, range(0, 3_000), 0);
    await store.close();
    db.exec(`DROP TABLE ${IDS}; DROP TABLE ${RUNS}; VACUUM`);
    const pages = Number(db.prepare("PRAGMA page_count").get()?.["page_count"]);
    const full = { path, collections: [LAW_COLLECTION], busyTimeoutMs: 1_000, pagesMax: pages + 6 };
    expect(() => openSqliteStore(full)).toThrow(expect.objectContaining({ code: "STORE_FULL" }) as Error);
    expect(await put(open(path), range(0, 10), 5_000)).toEqual(range(0, 10));
  });

  test("is right after a full disk although the file was away when the unit ended", async () => {
    const { path, store } = await opened();
    for (let unit = 0; unit < 150; unit += 1) await put(store, range(unit * 5, unit * 5 + 5), unit * 5);
    await store.close();
    const pages = Math.ceil(statSync(path).size / 4_096);
    const ends: unknown[] = [];
    for (let more = 100; more < 600; more += 20) {
      const copy = `${path}-${more}`;
      copyFileSync(path, copy);
      const small = openSqliteStore({
        path: copy,
        collections: [LAW_COLLECTION],
        busyTimeoutMs: 1_000,
        pagesMax: pages + more,
      });
      onTestFinished(small.close);
      const ended = small.unit(async (writes) => {
        try {
          await put({ ...small, ...writes }, range(1_000, 9_000), 10_000);
        } finally {
          renameSync(copy, `${copy}.away`);
        }
      });
      ends.push(
        await ended.then(
          () => "stored",
          (error: { readonly code: string }) => error.code,
        ),
      );
      renameSync(`${copy}.away`, copy);
      expect(await put(small, range(0, 750), 20_000)).toEqual(range(0, 750));
    }
    expect(new Set(ends)).toEqual(new Set(["STORE_MOVED", "stored"]));
  });

  test("outlives VACUUM, which may give rows other numbers", async () => {
    const { store, db } = await opened();
    await put(store, range(0, 100), 0);
    db.exec(`DELETE FROM validated_${LAW_COLLECTION} WHERE offset < 50`);
    db.exec("VACUUM");
    expect(await offsetsOf(store, range(0, 100))).toEqual(range(50, 100).map((name) => [name, BigInt(name)]));
    expect(await put(store, range(40, 60), 200)).toEqual(range(50, 60));
  });
});
