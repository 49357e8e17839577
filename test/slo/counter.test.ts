import { describe, expect, test } from "vitest";
import type { BatchMeasures, GatewayEvent } from "../../src/gateway/event.ts";
import { createObjectiveCounter, type ObjectiveCounter } from "../../src/slo/counter.ts";
import { EXAMPLES } from "./export/objectives.ts";

const STREAM = { id: "c/t/0", topic: "shipments", partition: 0 };
const NOW = 1_800_000_000_000;

const MEASURES: BatchMeasures = {
  isRedrive: false,
  subject: "shipment",
  traced: null,
  decisions: [
    { subject: "shipment", version: 1, outcome: "passed", code: null, count: 6 },
    { subject: "shipment", version: 1, outcome: "duplicate", code: null, count: 2 },
    { subject: "shipment", version: 1, outcome: "failed", code: "schema", count: 2 },
  ],
  bytes: { evidence: 0, packed: 0 },
  produced: { ms: [NOW - 5_000, NOW - 5_001, -1], counts: [7, 2, 1] },
  durableAtMs: NOW,
  decideMs: { every: 1, timed: [] },
  stagesMs: { fetch: 0, turn: 0, decide: 0, queue: 0, ledger: 0, documents: 0, after: 0 },
};

function settled(measures: Partial<BatchMeasures> = {}, topic = STREAM.topic): GatewayEvent {
  return {
    kind: "tail-redone",
    stream: { ...STREAM, topic },
    seq: 1,
    from: 0n,
    to: 10n,
    contractSet: "",
    count: 10,
    measures: { ...MEASURES, ...measures },
    groups: [],
    newGroups: [],
  };
}

type Clocked = { readonly counter: ObjectiveCounter; readonly clock: { nowMs: number; monotonicMs: number } };

function counting(): Clocked {
  const clock = { nowMs: NOW, monotonicMs: 0 };
  const counter = createObjectiveCounter({
    objectives: EXAMPLES,
    subjects: new Map([
      ["shipments", "shipment"],
      ["orders", "order"],
    ]),
    writer: "w",
    nowMs: () => clock.nowMs,
    monotonicMs: () => clock.monotonicMs,
  });
  return { counter, clock };
}

function totals({ counter }: Clocked): Readonly<Record<string, readonly [number, number]>> {
  return Object.fromEntries(counter.totals().map(({ name, good, bad }) => [name, [good, bad]]));
}

describe("a counter of objectives", () => {
  test("counts new records by what became of them, and all by how long they took", () => {
    const made = counting();
    made.counter.observe(settled());
    // Six passed and two failed; seven were in time, two were a millisecond late, one has no time.
    expect(totals(made)).toEqual({ decisions: [0, 0], "shipment-quality": [6, 2], "shipment-fresh": [7, 2] });
  });

  test("counts no redrive, of what was stored already only what FAILED, and nothing of other topics", () => {
    const made = counting();
    made.counter.observe(settled({ isRedrive: true }));
    const replay = MEASURES.decisions.map((one) => (one.outcome === "duplicate" ? { ...one, count: 9 } : one));
    made.counter.observe(settled({ decisions: replay }));
    made.counter.observe(settled({}, "orders"));
    made.counter.observe(settled({}, "unknown"));
    made.counter.observe({ kind: "stream-resumed", stream: STREAM });
    expect(totals(made)).toEqual({ decisions: [0, 0], "shipment-quality": [6, 2], "shipment-fresh": [0, 0] });
  });

  test("counts the time of streams, good while they run", () => {
    const made = counting();
    const streams = [
      { topic: "shipments", isRunning: true },
      { topic: "orders", isRunning: false },
    ];
    made.clock.monotonicMs = 1_000;
    made.counter.look(streams);
    made.clock.monotonicMs = 2_500;
    made.counter.look([]);
    made.clock.monotonicMs = 4_000;
    made.counter.look(streams);
    expect(totals(made)["decisions"]).toEqual([2.5, 2.5]);
  });

  test("counts at most five seconds for a look that comes late", () => {
    const made = counting();
    made.clock.monotonicMs = 3_600_000;
    made.counter.look([{ topic: "shipments", isRunning: true }]);
    expect(totals(made)["decisions"]).toEqual([5, 0]);
  });

  test("writes each minute once it changed, and again until it is written", () => {
    const made = counting();
    made.counter.observe(settled());
    const first = made.counter.due();
    const row = { stepS: 60, startS: NOW / 1_000, writer: "w" };
    expect(first).toEqual([
      { indicator: "quality:shipment", ...row, good: 6, bad: 2 },
      { indicator: "freshness:shipment:5000", ...row, good: 7, bad: 2 },
    ]);
    expect(made.counter.due()).toEqual(first);
    made.counter.written(first);
    expect(made.counter.due()).toEqual([]);
    made.clock.nowMs += 60_000;
    made.counter.observe(settled());
    expect(made.counter.due().map(({ startS, good }) => [startS, good])).toEqual([
      [NOW / 1_000 + 60, 6],
      [NOW / 1_000 + 60, 7],
    ]);
  });

  test("loses nothing that is counted while a write goes on", () => {
    const made = counting();
    made.counter.observe(settled());
    const first = made.counter.due();
    made.counter.observe(settled());
    made.counter.written(first);
    expect(made.counter.due().map(({ good }) => good)).toEqual([12, 14]);
  });
});
