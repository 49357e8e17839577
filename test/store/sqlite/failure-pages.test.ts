import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import type { FailureOrder, FailurePageQuery } from "../../../src/store/failures.ts";
import { pageOf } from "../../../src/store/sqlite/failures.ts";
import { createCollection } from "../../../src/store/sqlite/layout.ts";

const ORDERS: readonly (readonly [string, FailureOrder])[] = [
  ["time", { kind: "time" }],
  ["group", { kind: "group", fingerprint: "a" }],
  ["code", { kind: "code", code: "rule" }],
];
const BEGINNING: Omit<FailurePageQuery, "along"> = {
  fromMs: null,
  toMs: null,
  after: null,
  limit: 100,
  withPayload: false,
};
const CURSOR = { atMs: 500, stream: { number: 1, stream: "s", topic: "t", partition: 0 }, offset: 500n };

test.each([
  ["from the beginning", {}],
  ["behind a cursor", { after: CURSOR }],
  ["between two times", { fromMs: 100, toMs: 900 }],
  ["behind a cursor, between two times", { after: CURSOR, fromMs: 100, toMs: 900 }],
])(
  "a page of failures %s follows one index in its order and sorts nothing, so it reads no more than it gives",
  (_, where) => {
    const db = new DatabaseSync(":memory:");
    onTestFinished(() => db.close());
    createCollection(db, "orders");
    const plans = ORDERS.map(([name, along]) => {
      const { sql, values } = pageOf("orders", { ...BEGINNING, ...where, along });
      const steps = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
      return [name, ...steps.map(({ detail }) => / USING INDEX (\w+)/.exec(String(detail))?.[1] ?? String(detail))];
    });
    expect(plans).toEqual(ORDERS.map(([name]) => [name, `failed_orders_${name}`]));
  },
);
