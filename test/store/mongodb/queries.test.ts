import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { runInNewContext } from "node:vm";
import { UUID, type Db, type Document, type FindCursor } from "mongodb";
import { describe, expect, test } from "vitest";
import type { FailedRow, ValidatedRow } from "../../../src/store/store.ts";
import type { StreamNote } from "../../../src/store/stream-note.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { failedRow, insertFacts, insertFailed, receiptRow, validatedRow } from "../rows.ts";
import { testDatabase } from "./database.ts";

const TEXT = readFileSync(resolve(import.meta.dirname, "../../../docs/mongodb.md"), "utf8");
const [, SECTION = ""] = /\n## Queries\n([^]*?)\n## /.exec(TEXT) ?? [];

type Query = { readonly wanted: string; readonly line: string; readonly index: string | null };

const QUERIES: readonly Query[] = [
  ...SECTION.matchAll(/^\| ([^|]+?) +\| `(db\.[^|]+)` +\| (?:`(\w+)`|[a-z ]+) +\|$/gm),
].map(([, wanted = "", line = "", index]) => ({ wanted, line, index: index ?? null }));

const NOTE: StreamNote = { number: 1, stream: "cluster/topic/0", topic: "shipments", partition: 0 };
const COUNT = 2_000;

const SCHEMA = {
  kind: "schema",
  violations: [
    { pointer: "/n", keyword: "type", schemaPath: "/n", message: "must be a number", expected: "number", got: "text" },
  ],
} as const;

/** Of 2,000 records each; what the page looks for is in a few of them. */
const FACTS: readonly ValidatedRow[] = Array.from({ length: COUNT }, (_, n) => {
  const raw = Buffer.from(JSON.stringify({ n, destination: n % 500 === 0 ? "Dublin" : `city ${n}` }));
  return { ...validatedRow(`f${n}`, BigInt(n), { raw }), id: `0a1b2c3d-4e5f-8a6b-9c7d-${String(n).padStart(12, "0")}` };
});
const FAILED: readonly FailedRow[] = Array.from({ length: COUNT }, (_, n) =>
  failedRow(BigInt(n), {
    timestampMs: 1_700_000_000_000 + ((n * 7_919) % COUNT),
    fingerprint: n % 400 === 1 ? "0f3c9a5be1d24c77" : String(n % 7).repeat(16),
    ...(n % 50 === 0 ? { reason: SCHEMA } : {}),
  }),
);

/** What each line of the page finds: the offsets, in their order where it gives one. */
const newestFirst = (rows: readonly FailedRow[]): readonly bigint[] =>
  rows.toSorted((a, b) => Number(b.timestampMs) - Number(a.timestampMs)).map(({ position }) => position.offset);
const FOUND: Readonly<Record<string, readonly unknown[]>> = {
  "facts with a value": [0n, 500n, 1_000n, 1_500n],
  "the fact of an identity": [1_234n],
  "the newest failures": newestFirst(FAILED).slice(0, 20),
  "failures of a code": newestFirst(FAILED.filter(({ reason }) => reason.kind === "schema")).slice(0, 20),
  "failures of a group": newestFirst(FAILED.filter(({ fingerprint }) => fingerprint.startsWith("0f3c"))),
  "a failure of a topic and offset": [1_234n],
  "whether a record was a duplicate": [undefined],
};

describe("the queries of docs/mongodb.md", () => {
  const mongo = mongoForTests(0);

  async function database(): Promise<Db> {
    const { raw, open } = await testDatabase(mongo.server());
    const store = await open({ collections: ["shipments"] });
    await store.streamNote(NOTE);
    await insertFacts(store, "shipments", FACTS, NOTE);
    await insertFailed(store, "shipments", FAILED, NOTE);
    await store.insertReceipts(
      NOTE,
      Array.from({ length: COUNT }, (_, n) => receiptRow(BigInt(n))),
    );
    return raw;
  }

  test("are the ones that this test knows", () => {
    expect(QUERIES.map(({ wanted }) => wanted)).toEqual(Object.keys(FOUND));
  });

  test.each(QUERIES)("$wanted: finds it, by the index that the page promises", async ({ wanted, line, index }) => {
    const cursor = runLine(await database(), line);
    const plan = (await cursor.clone().explain("executionStats")) as Plan;
    const stages = stagesOf(plan.queryPlanner.winningPlan);
    const found = (await cursor.toArray()).map(offsetIn);
    expect(found).toEqual(FOUND[wanted]);
    if (index === null) return expect(stages.map(({ stage }) => stage)).toContain("COLLSCAN");
    expect(stages.map((one) => (one.stage === "IDHACK" ? "_id_" : one.indexName)).filter((name) => name)).toEqual([
      index,
    ]);
    expect(stages.filter(({ stage }) => stage === "COLLSCAN" || stage === "SORT")).toEqual([]);
    // As many as it finds, and the one behind them.
    expect(plan.executionStats.totalKeysExamined).toBeLessThanOrEqual(found.length + 1);
  });
});

type Stage = { readonly stage: string; readonly indexName?: string; readonly inputStage?: Stage };
type Plan = {
  readonly queryPlanner: { readonly winningPlan: Stage };
  readonly executionStats: { readonly totalKeysExamined: number };
};

function stagesOf(stage: Stage): readonly Stage[] {
  return [stage, ...(stage.inputStage === undefined ? [] : stagesOf(stage.inputStage))];
}

function offsetIn({ source }: Document): unknown {
  return (source as { readonly offset?: unknown } | undefined)?.offset;
}

/** What mongosh makes of a line. */
function runLine(real: Db, line: string): FindCursor<Document> {
  const db = new Proxy({}, { get: (_, name) => real.collection(String(name)) });
  return runInNewContext(line, { db, UUID: (text: string) => new UUID(text) }) as FindCursor<Document>;
}
