import { expect, test } from "vitest";
import type { Fetched, Stream } from "../../src/source/source.ts";
import { undecidedOffsets } from "../../src/source/undecided.ts";

const STREAM: Stream = { id: "cluster/topic/0", topic: "orders", partition: 0 };

/** A log that answers what the test says, one fetch after another, and notes from where it was asked. */
function log(...answers: readonly ("empty" | { readonly to: bigint; readonly count: number })[]) {
  const from: bigint[] = [];
  const left = [...answers];
  const fetch = async (_: Stream, at: bigint): Promise<Fetched> => {
    from.push(at);
    const next = left.shift() ?? "empty";
    if (next === "empty") return { kind: "empty" };
    return { kind: "records", from: at, to: next.to, count: next.count, bytes: 0, read: () => [] };
  };
  return { from, source: { fetch } };
}

test("offsets count only where a record is among them", async () => {
  const marks = log({ to: 12n, count: 0 }, "empty", { to: 15n, count: 0 });
  expect([await undecidedOffsets(marks.source, STREAM, 10n, 15n), marks.from]).toEqual([0n, [10n, 12n, 12n]]);
  const record = log({ to: 12n, count: 0 }, { to: 13n, count: 1 });
  expect(await undecidedOffsets(record.source, STREAM, 10n, 15n)).toBe(5n);
  const settled = log();
  expect([await undecidedOffsets(settled.source, STREAM, 15n, 15n), settled.from]).toEqual([0n, []]);
});

test("a log that does not answer is no proof that nothing waits", async () => {
  expect(await undecidedOffsets(log().source, STREAM, null, 15n)).toBe(15n);
});

test("what the log has deleted, or does not have, is looked at no more", async () => {
  const passed = { fetch: async (): Promise<Fetched> => ({ kind: "below-start", logStart: 15n }) };
  const beyond = { fetch: async (): Promise<Fetched> => ({ kind: "beyond-end", logEnd: 3n }) };
  expect(await undecidedOffsets(passed, STREAM, 10n, 15n)).toBe(0n);
  expect(await undecidedOffsets(beyond, STREAM, 10n, 15n)).toBe(0n);
});
