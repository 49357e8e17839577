import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import type { Store } from "../../src/store/store.ts";
import type { VolumeTally } from "../../src/store/volume.ts";
import { parseQuestion, type QuestionText, type VolumeQuestion } from "../../src/volume/volume-query.ts";
import { ROWS_MAX, volumeReport } from "../../src/volume/volume-report.ts";
import { temporaryDirectory } from "../embedded.ts";
import { PATIENCE_MS } from "../patience.ts";
import { ledgerEntry } from "../store/rows.ts";

const HOUR = 24 * 20_000;
const NOW_MS = (HOUR + 12) * 3_600_000 + 5;

function openStore(): Store {
  const path = join(temporaryDirectory(), "store.db");
  const store = openSqliteStore({ path, collections: ["orders"], busyTimeoutMs: PATIENCE_MS });
  onTestFinished(async () => store.close());
  return store;
}

function tally(kind: VolumeTally["kind"], count: number, changes: Partial<VolumeTally> = {}): VolumeTally {
  return { kind, subject: "order", version: 2, producer: "erp", isOthers: false, hour: HOUR, count, ...changes };
}

function asked(text: QuestionText = {}): VolumeQuestion {
  const parsed = parseQuestion({ since: "30d", ...text }, NOW_MS);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.question;
}

async function raise(store: Store, stream: string, ...tallies: readonly VolumeTally[]): Promise<void> {
  const note = await store.streamNote({ stream, topic: "orders", partition: 0 });
  await store.countVolume(note, 1, tallies);
}

/** The rows of an answer: hour within the day, producer, and the kinds that are not 0. */
async function rows(store: Store, text: QuestionText = {}) {
  const report = await volumeReport(store.reads, asked(text));
  return report?.rows.map(({ hour, producer, isOthers, counts }) => [
    hour - HOUR,
    isOthers ? "+" : producer,
    Object.fromEntries(Object.entries(counts).filter(([, number]) => number !== 0)),
  ]);
}

describe("the volume", () => {
  test("counts each decision once, under one kind", async () => {
    const store = openStore();
    const repeated = [tally("duplicate", 3), tally("redelivery", 2), tally("conflict", 1)];
    await raise(store, "log/topic/0", tally("passed", 10), tally("failed", 4), ...repeated);
    const kinds = { stored: 4, failed: 4, duplicate: 3, redelivery: 2, conflict: 1 };
    expect(await rows(store)).toEqual([[0, "erp", kinds]]);
    const report = await volumeReport(store.reads, asked());
    expect(report?.totals).toEqual({ ...kinds, redriven: 0, replayed: 0 });
  });

  test("tells redrives and replays from what a log brought, whatever came of them", async () => {
    const store = openStore();
    await store.putRedrive("0000000000aa", JSON.stringify({ selection: { kind: "failures" } }));
    await store.putRedrive("0000000000bb", JSON.stringify({ selection: { kind: "range" } }));
    await raise(store, "log/topic/0", tally("failed", 8));
    await raise(store, "redrive/0000000000aa/1", tally("passed", 5), tally("failed", 2), tally("conflict", 1));
    await raise(store, "redrive/0000000000bb/1", tally("passed", 16), tally("redelivery", 16));
    await raise(store, "redrive/0000000000cc/1", tally("passed", 32));
    expect(await rows(store)).toEqual([[0, "erp", { failed: 8, redriven: 39, replayed: 16 }]]);
  });

  test("is of hours or days, and of the contract, producer and kind that are asked for", async () => {
    const store = openStore();
    await raise(
      store,
      "log/topic/0",
      tally("passed", 1),
      tally("passed", 2, { hour: HOUR + 3 }),
      tally("passed", 4, { hour: HOUR + 3, producer: null }),
      tally("failed", 8, { hour: HOUR + 3, producer: null, isOthers: true }),
      tally("passed", 16, { hour: HOUR - 1 }),
      tally("passed", 32, { subject: "invoice" }),
      tally("failed", 64, { hour: null }),
    );
    const only = { subject: "order" };
    expect(await rows(store, { ...only, by: "day" })).toEqual([
      [-24, "erp", { stored: 16 }],
      [0, null, { stored: 4 }],
      [0, "erp", { stored: 3 }],
      [0, "+", { failed: 8 }],
    ]);
    expect(await rows(store, { ...only, since: "2024-10-04T00:59:59Z", until: "2024-10-04T01:00:00Z" })).toEqual([
      [0, "erp", { stored: 1 }],
    ]);
    expect(await rows(store, { ...only, producer: "erp", since: "12h" })).toEqual([
      [0, "erp", { stored: 1 }],
      [3, "erp", { stored: 2 }],
    ]);
    expect(await rows(store, { kind: "failed" })).toEqual([[3, "+", { failed: 8 }]]);
    expect(await rows(store, { subject: "invoice" })).toEqual([[0, "erp", { stored: 32 }]]);
  });

  test("refuses an answer of too many rows", async () => {
    const store = openStore();
    const many = Array.from({ length: ROWS_MAX + 1 }, (_, at) => tally("passed", 1, { producer: `p${at}` }));
    await raise(store, "log/topic/0", ...many);
    expect(await volumeReport(store.reads, asked())).toBeNull();
    expect(await rows(store, { producer: "p7" })).toEqual([[0, "p7", { stored: 1 }]]);
  });
});

describe("what is counted", () => {
  async function counting(first: number | null): Promise<unknown> {
    const store = openStore();
    const stream = ledgerEntry(0).stream;
    for (let seq = 0; seq < 5; seq += 1)
      await store.insertLedger(ledgerEntry(seq, { count: seq < 2 ? 0 : 1, newestMs: seq * 1_000 }), null);
    const note = await store.streamNote({ stream, topic: "orders", partition: 0 });
    if (first !== null) await store.countVolume(note, first, [tally("passed", 1)]);
    return (await volumeReport(store.reads, asked()))?.counting;
  }

  test.each([
    ["everything, where counting began with the first record", 2, { isComplete: true, sinceMs: null }],
    ["later times, where a program before did not count", 4, { isComplete: false, sinceMs: 3_000 }],
    ["nothing that is known, where no gateway has counted a stream yet", null, { isComplete: false, sinceMs: null }],
  ])("is %s", async (_, first, expected) => {
    expect(await counting(first)).toEqual(expected);
  });
});

describe("a question about the volume", () => {
  test("is of the last day by hour, or of the last 30 days by day, without a time", () => {
    const hours = parseQuestion({}, NOW_MS);
    const days = parseQuestion({ by: "day" }, NOW_MS);
    expect([hours, days]).toMatchObject([
      { question: { fromHour: HOUR + 12 - 23 } },
      { question: { fromHour: HOUR - 24 * 29 } },
    ]);
  });

  test.each([
    [{ by: "week" }, "by"],
    [{ kind: "lost" }, "kind"],
    [{ since: "yesterday" }, "since"],
    [{ until: "" }, "until"],
    [{ since: "1h", until: "2h" }, "until"],
    [{ subject: "" }, "subject"],
    [{ producer: "" }, "producer"],
  ])("%j is refused, and the parameter named", (text, parameter) => {
    expect(parseQuestion(text, NOW_MS)).toMatchObject({ ok: false, parameter });
  });
});
