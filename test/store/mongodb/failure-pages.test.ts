import type { Document } from "mongodb";
import { describe, expect, test } from "vitest";
import type { FailureOrder, FailurePageQuery, FailurePlace } from "../../../src/store/failures.ts";
import { filterOf, NEWEST_FIRST } from "../../../src/store/mongodb/failure-reads.ts";
import { exactInteger, type ExactInteger } from "../../../src/json/exact-integer.ts";
import type { Store } from "../../../src/store/store.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { failedRow, insertFailed, LAW_COLLECTION, NOTE, noteOf } from "../rows.ts";
import { testDatabase, type TestDatabase } from "./database.ts";

const QUERY: Omit<FailurePageQuery, "along"> = {
  fromMs: null,
  toMs: null,
  after: null,
  limit: 20,
  withPayload: false,
};
const COUNT = 1_000;
const LAST = 2n ** 63n - 1n;

const ORDERS: readonly (readonly [string, FailureOrder])[] = [
  ["time", { kind: "time" }],
  ["group", { kind: "group", fingerprint: "a" }],
  ["code", { kind: "code", code: "rule" }],
];

const at = (atMs: ExactInteger): FailurePlace => ({ atMs, stream: NOTE, offset: 500n });

const PLACES: readonly (readonly [string, Partial<FailurePageQuery>])[] = [
  ["from the beginning", {}],
  ["behind a cursor", { after: at(500) }],
  ["behind a cursor, between two times", { after: at(500), fromMs: 100, toMs: 900 }],
  ["between two times", { fromMs: 100, toMs: 900 }],
  ["behind a cursor beyond JavaScript's dates", { after: at(LAST) }],
  ["before a time beyond JavaScript's dates", { toMs: LAST, fromMs: -LAST }],
];

type Explained = {
  readonly queryPlanner: { readonly winningPlan: Document };
  readonly executionStats: { readonly totalKeysExamined: number; readonly totalDocsExamined: number };
};

function stagesOf(plan: Document): readonly string[] {
  const inputs = [...((plan["inputStages"] ?? []) as readonly Document[]), plan["inputStage"], plan["queryPlan"]];
  return [String(plan["stage"]), ...inputs.flatMap((one) => (one === undefined ? [] : stagesOf(one as Document)))];
}

describe("pages of failures in MongoDB", () => {
  const mongo = mongoForTests(0);

  async function filled(): Promise<TestDatabase & { readonly store: Store }> {
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    await noteOf(store);
    const rows = Array.from({ length: COUNT }, (_, n) =>
      failedRow(BigInt(n), { timestampMs: n, fingerprint: n % 2 === 0 ? "a" : "b" }),
    );
    await insertFailed(store, LAW_COLLECTION, rows);
    return { ...database, store };
  }

  test("follow an index in each order, from wherever they begin: nothing is sorted, and no more is looked at than is given", async () => {
    const { raw } = await filled();
    const seen: unknown[] = [];
    for (const [name, along] of ORDERS) {
      for (const [where, changes] of PLACES) {
        const query: FailurePageQuery = { ...QUERY, ...changes, along };
        const found = raw.collection(`failed_${LAW_COLLECTION}`).find(filterOf(query) as Document, {
          sort: NEWEST_FIRST,
          limit: query.limit,
        });
        const { queryPlanner, executionStats } = (await found.explain("executionStats")) as unknown as Explained;
        const stages = stagesOf(queryPlanner.winningPlan);
        const wrong = stages.filter((stage) => ["SORT", "COLLSCAN"].includes(stage));
        const { totalKeysExamined: keys, totalDocsExamined: documents } = executionStats;
        if (wrong.length > 0 || keys > query.limit + 3 || documents > query.limit + 1 || !stages.includes("IXSCAN"))
          seen.push({ name, where, stages, keys, documents });
      }
    }
    expect(seen).toEqual([]);
  });

  test("find a failure of a position by its id", async () => {
    const { raw } = await filled();
    const found = raw.collection<{ _id: string }>(`failed_${LAW_COLLECTION}`).find({ _id: "orders/0@7#1" });
    const { executionStats } = (await found.explain("executionStats")) as unknown as Explained;
    expect(executionStats).toMatchObject({ totalKeysExamined: 1, totalDocsExamined: 1 });
  });

  test("give failures beyond JavaScript's dates in their order, behind each other, and between times", async () => {
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    await noteOf(store);
    const times = [LAST, LAST - 1n, LAST - 1n, 8_640_000_000_000_001n, 8_640_000_000_000_000n, 0n, -LAST, -LAST - 1n];
    const rows = times.map((ms, n) => failedRow(BigInt(n), { timestampMs: exactInteger(ms), fingerprint: "a" }));
    await insertFailed(store, LAW_COLLECTION, rows);
    for (const [, along] of ORDERS) {
      const read = async (changes: Partial<FailurePageQuery>) =>
        store.reads.failurePage(LAW_COLLECTION, { ...QUERY, ...changes, along });
      const found: ExactInteger[] = [];
      for (let after: FailurePlace | null = null; ;) {
        const [next] = await read({ after, limit: 1 });
        if (next === undefined) break;
        found.push(next.atMs);
        after = next;
      }
      expect(found).toEqual(times.map(exactInteger));
      const between = await read({ fromMs: exactInteger(-LAST), toMs: exactInteger(LAST - 1n) });
      expect(between.map(({ atMs }) => atMs)).toEqual(times.slice(3, 7).map(exactInteger));
    }
  });
});
