import { describe, expect, test } from "vitest";
import { createObjectiveCounter } from "../../src/slo/counter.ts";
import { rollUp, writeCounts } from "../../src/slo/keep.ts";
import { openObjectiveReports } from "../../src/slo/report.ts";
import { Unavailable } from "../../src/core/unavailable.ts";
import type { ObjectiveCount } from "../../src/store/objective-count.ts";
import type { Store } from "../../src/store/store.ts";
import { openEmbedded } from "../embedded.ts";
import { EXAMPLES } from "./export/objectives.ts";

const HOUR_S = 3_600;
const T0 = 1_800_000_000;
const FRESH = EXAMPLES.filter(({ kind }) => kind === "freshness");

function minute(startS: number, good: number, bad: number): ObjectiveCount {
  return { indicator: "freshness:shipment:5000", stepS: 60, startS, writer: "w", good, bad };
}

async function away(): Promise<never> {
  throw new Unavailable("STORE_UNREACHABLE", "away", "wait");
}

async function hours({ reads }: Store): Promise<readonly (readonly number[])[]> {
  const found = await reads.objectiveCounts("freshness:shipment:5000", HOUR_S, 0);
  return found.map(({ startS, good, bad }) => [(startS - T0) / HOUR_S, good, bad]);
}

describe("counts that are kept", () => {
  test("become hours, which are made anew and not added to, and minutes go once no window looks at them", async () => {
    const { store } = await openEmbedded();
    await store.putObjectiveCounts([minute(T0, 5, 1), minute(T0 + 60, 5, 0), minute(T0 + HOUR_S, 1, 0)]);
    await rollUp(FRESH, store, (T0 + HOUR_S + 60) * 1_000);
    expect(await hours(store)).toEqual([[0, 10, 1]]);
    // A worker whose store was away brings a minute late.
    await store.putObjectiveCounts([{ ...minute(T0 + 120, 7, 0), writer: "late" }]);
    await rollUp(FRESH, store, (T0 + 2 * HOUR_S) * 1_000);
    await rollUp(FRESH, store, (T0 + 2 * HOUR_S) * 1_000);
    expect(await hours(store)).toEqual([
      [0, 17, 1],
      [1, 1, 0],
    ]);
    await rollUp(FRESH, store, (T0 + 28 * HOUR_S) * 1_000);
    const left = await store.reads.objectiveCounts("freshness:shipment:5000", 60, 0);
    expect(left.map(({ startS }) => startS)).toEqual([T0 + HOUR_S]);
    expect((await hours(store)).length).toBe(2);
    const nowMs = (T0 + 60 * HOUR_S) * 1_000;
    await rollUp(FRESH, store, nowMs);
    const [report] = await openObjectiveReports(FRESH, store.reads, async () => undefined)(nowMs);
    expect(report).toMatchObject({ counted: { good: 18, bad: 1 }, sinceMs: T0 * 1_000, state: "breached" });
    await rollUp(FRESH, store, nowMs + 93 * 24 * HOUR_S * 1_000);
    expect(await hours(store)).toEqual([]);
  });

  test("wait while the store is away, and are written once", async () => {
    const { store } = await openEmbedded();
    const clock = { nowMs: () => T0 * 1_000, monotonicMs: () => 0 };
    const subjects = new Map([["t", "shipment"]]);
    const counter = createObjectiveCounter({ objectives: FRESH, subjects, writer: "w", ...clock });
    counter.observe({
      kind: "tail-redone",
      stream: { id: "c/t/0", topic: "t", partition: 0 },
      seq: 1,
      from: 0n,
      to: 1n,
      contractSet: "",
      count: 1,
      measures: {
        isRedrive: false,
        subject: "shipment",
        traced: null,
        decisions: [{ subject: "shipment", version: 1, outcome: "passed", code: null, count: 1 }],
        bytes: { evidence: 0, packed: 0 },
        produced: { ms: [0], counts: [1] },
        durableAtMs: 0,
        decideMs: { every: 1, timed: [] },
        stagesMs: { fetch: 0, turn: 0, decide: 0, queue: 0, ledger: 0, documents: 0, after: 0 },
      },
      groups: [],
      newGroups: [],
    });
    await writeCounts(counter, { ...store, putObjectiveCounts: away });
    await rollUp(FRESH, { ...store, dropObjectiveCounts: away }, T0 * 1_000);
    expect(await store.reads.objectiveCounts("freshness:shipment:5000", 60, 0)).toEqual([]);
    await writeCounts(counter, store);
    await writeCounts(counter, store);
    expect(await store.reads.objectiveCounts("freshness:shipment:5000", 60, 0)).toEqual([minute(T0, 1, 0)]);
  });
});
