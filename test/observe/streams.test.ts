import { expect, test } from "vitest";
import type { BatchMeasures, GatewayEvent } from "../../src/gateway/event.ts";
import { logEvents } from "../../src/observe/streams.ts";
import { faultsOf, keepLines } from "./lines.ts";

/** What single batches took is no matter of the log. */
const MEASURES: BatchMeasures = {
  isRedrive: false,
  subject: "order",
  decisions: [
    { subject: "order", version: 1, outcome: "passed", code: null, count: 6 },
    { subject: "order", version: 1, outcome: "duplicate", code: null, count: 1 },
    { subject: "order", version: 1, outcome: "failed", code: "schema", count: 2 },
    { subject: "order", version: null, outcome: "failed", code: "conflict", count: 1 },
  ],
  bytes: { evidence: 0, packed: 0 },
  produced: { ms: [], counts: [] },
  durableAtMs: 0,
  decideMs: { every: 1, timed: [] },
  stagesMs: { fetch: 0, turn: 0, decide: 0, queue: 0, ledger: 0, documents: 0, after: 0 },
  traced: null,
};

const STREAM = { id: "log/topic/0", topic: "orders", partition: 0 };

type Batch = Extract<GatewayEvent, { readonly kind: "batch-settled" }>;

function settled(seq: number, failed: number): Batch {
  return {
    kind: "batch-settled",
    stream: STREAM,
    seq,
    hash: "ab",
    from: BigInt(seq * 10),
    to: BigInt(seq * 10 + 10),
    count: 10,
    stored: 9 - failed,
    duplicates: 1,
    conflicts: 0,
    failures: new Map(failed > 0 ? [["schema", failed]] : []),
    groups: [],
    newGroups: [],
    contractSet: "sha256:cd",
    measures: MEASURES,
    trace: null,
  };
}

const WHERE = { "messaging.destination.name": "orders", "messaging.destination.partition.id": "0" };

function line(seq: number, from: string, batches: number, failures: Readonly<Record<string, number>>) {
  const failed = failures["schema"] ?? 0;
  return {
    event_name: "batches.settled",
    "sigma.layer": "orchestration",
    ...WHERE,
    "sigma.ledger.seq": seq,
    "sigma.offset.from": from,
    "sigma.offset.to": String(seq * 10 + 10),
    "sigma.contract_set": "sha256:cd",
    "messaging.batch.message_count": batches * 10,
    "sigma.stored": batches * 9 - failed,
    "sigma.duplicates": batches,
    "sigma.conflicts": 0,
    "sigma.failures": failures,
    "sigma.batches": batches,
    msg: "batches settled",
  };
}

test("the first batch has a line at once, and those after it one line together", () => {
  const { log, later, lines, pass, texts } = keepLines();
  const observe = logEvents(log, later);
  observe(settled(1, 0));
  expect(lines()).toEqual([line(1, "10", 1, {})]);
  observe(settled(2, 3));
  observe(settled(3, 2));
  expect(lines()).toHaveLength(1);
  pass();
  expect(lines()[1]).toEqual(line(3, "20", 2, { schema: 5 }));
  // Nothing came since: nothing is written, and the next batch is a first one again.
  pass();
  observe(settled(4, 0));
  expect(lines()[2]).toEqual(line(4, "40", 1, {}));
  expect(texts.flatMap(faultsOf)).toEqual([]);
});

test("what waits is written when its stream stops or halts", () => {
  const { log, later, lines } = keepLines();
  const observe = logEvents(log, later);
  observe(settled(1, 0));
  observe(settled(2, 0));
  observe({ kind: "stream-stopped", stream: STREAM });
  expect(lines().map((one) => [one["event_name"], one["sigma.ledger.seq"]])).toEqual([
    ["batches.settled", 1],
    ["batches.settled", 2],
    ["stream.stopped", undefined],
  ]);
  observe(settled(3, 0));
  const halt = { code: "LOG_TRUNCATED", message: "Cannot go on", remedy: "restore it" } as const;
  observe({ kind: "stream-halted", stream: STREAM, halt });
  expect(lines().slice(3)).toEqual([
    line(3, "30", 1, {}),
    {
      event_name: "stream.halted",
      "sigma.layer": "orchestration",
      ...WHERE,
      "error.type": "LOG_TRUNCATED",
      "sigma.remedy": "restore it",
      "sigma.runbook": "docs/runbooks/log-truncated.md",
      msg: "Cannot go on",
    },
  ]);
});

test("each batch has a line of its own at debug level", () => {
  const { log, later, lines } = keepLines("debug");
  const observe = logEvents(log, later);
  for (const seq of [1, 2, 3]) observe(settled(seq, 0));
  expect(lines().map((one) => one["event_name"])).toEqual([
    "batch.settled",
    "batches.settled",
    "batch.settled",
    "batch.settled",
  ]);
});

test("a batch that was stored only after trouble is counted like any other, and a tail of before is not", () => {
  const { log, later, lines, texts } = keepLines();
  const observe = logEvents(log, later);
  const entry = { seq: 5, from: 50n, to: 60n, count: 10, contractSet: "sha256:cd", groups: [], newGroups: [] };
  observe({ kind: "tail-redone", stream: STREAM, ...entry, measures: null });
  expect(lines()).toEqual([]);
  observe({ kind: "tail-redone", stream: STREAM, ...entry, measures: MEASURES });
  expect(lines()).toEqual([
    {
      ...line(5, "50", 1, {}),
      "sigma.stored": 6,
      "sigma.conflicts": 1,
      "sigma.failures": { schema: 2, conflict: 1 },
    },
  ]);
  expect(texts.flatMap(faultsOf)).toEqual([]);
});
