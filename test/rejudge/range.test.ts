import { describe, expect, test } from "vitest";
import { evidenceOf } from "../../src/ledger/evidence.ts";
import { evidenceDigest, packEvidence } from "../../src/ledger/packed.ts";
import type { LedgerEntry } from "../../src/ledger/entry.ts";
import { offsetsOf, parseBound, type Bound } from "../../src/rejudge/what-if/range.ts";
import { ledgerEntry, STREAM } from "../store/rows.ts";

const NOW = Date.parse("2026-03-10T12:00:00Z");
const NOTE = { number: 1, stream: STREAM, topic: "parcels", partition: 0 } as const;

function timeOf(text: string): string | null {
  const bound = parseBound(text, NOW);
  return bound?.kind === "time" ? new Date(bound.timestampMs).toISOString() : null;
}

describe("an end of a range", () => {
  test("is a day or a time, in UTC unless it says otherwise", () => {
    expect(["2026-03-01", "2026-03-01T08:30Z", "2026-03-01T08:30:01.5+02:00", "2026-03-01 08:30"].map(timeOf)).toEqual([
      "2026-03-01T00:00:00.000Z",
      "2026-03-01T08:30:00.000Z",
      "2026-03-01T06:30:01.500Z",
      "2026-03-01T08:30:00.000Z",
    ]);
  });

  test("is no day that there is not", () => {
    expect(
      ["2026-02-31", "2026-02-29T08:30Z", "2026-04-31T00:00:00+02:00", "2026-13-01", "2026-00-10"].map(timeOf),
    ).toEqual(Array.from({ length: 5 }, () => null));
    expect(timeOf("2024-02-29")).toBe("2024-02-29T00:00:00.000Z");
  });

  test("is an age before now", () => {
    expect(["90s", "30m", "24h", "7d", "999999d"].map(timeOf)).toEqual([
      "2026-03-10T11:58:30.000Z",
      "2026-03-10T11:30:00.000Z",
      "2026-03-09T12:00:00.000Z",
      "2026-03-03T12:00:00.000Z",
      "1970-01-01T00:00:00.000Z",
    ]);
  });

  test("is a position", () => {
    const bound = { kind: "offset", topic: "a.b_c-d", partition: 3, offset: 9_223_372_036_854_775_807n };
    expect(parseBound("a.b_c-d/3@9223372036854775807", NOW)).toEqual(bound);
  });

  test("is nothing else", () => {
    const wrong = [
      "",
      "now",
      "yesterday",
      "24",
      "0h",
      "-1h",
      "2026-13-01",
      "2026-03-01T25:00Z",
      "t/0",
      "t/0@-1",
      "1e3h",
    ];
    expect(wrong.map((text) => parseBound(text, NOW))).toEqual(wrong.map(() => null));
  });
});

describe("the offsets of a range", () => {
  /** Offset 0 is of 1,000 ms; 1 of 500, 2 of 3,000 and 3 of 2,000 are in the entry behind it. */
  const written = [entryOf(1, 0n, [1_000]), entryOf(2, 1n, [500, 3_000, 2_000])];
  const reads = {
    ledger: async (_: string, from: number, limit: number): Promise<readonly LedgerEntry[]> =>
      [ledgerEntry(0), ...written.map(({ entry }) => entry)].slice(from, from + limit),
    evidenceAt: async (_: string, seq: number): Promise<Uint8Array | null> => written[seq - 1]?.packed ?? null,
    operatorLog: async () => [],
  };
  const time = (timestampMs: number): Bound => ({ kind: "time", timestampMs });
  const at = (partition: number, offset: bigint): Bound => ({ kind: "offset", topic: "parcels", partition, offset });
  const offsets = async (from: Bound | null, to: Bound | null) => offsetsOf(reads, NOTE, { from, to });

  test("begin at the first record that is not older, and end before the first that is not", async () => {
    expect(await offsets(null, null)).toEqual({ from: 0n, to: null });
    expect(await offsets(time(1_500), null)).toEqual({ from: 2n, to: null });
    expect(await offsets(time(500), time(1_500))).toEqual({ from: 0n, to: 2n });
    expect(await offsets(time(1_500), time(9_000))).toEqual({ from: 2n, to: null });
  });

  test("begin with the whole entry where its evidence is not kept", async () => {
    const dropped = { ...reads, evidenceAt: async () => null };
    expect(await offsetsOf(dropped, NOTE, { from: time(1_500), to: null })).toEqual({ from: 1n, to: null });
  });

  test("are none when everything is older, when the end is not after the beginning, or in another partition", async () => {
    expect(await offsets(time(9_000), null)).toBeNull();
    expect(await offsets(time(3_000), time(2_500))).toBeNull();
    expect(await offsets(at(0, 7n), at(0, 7n))).toBeNull();
    expect(await offsets(at(1, 7n), null)).toBeNull();
    expect(await offsets(null, { ...at(0, 7n), topic: "others" } as Bound)).toBeNull();
    expect(await offsets(at(0, 7n), at(0, 9n))).toEqual({ from: 7n, to: 9n });
  });
});

/** An entry of records with these times, and its evidence. */
function entryOf(
  seq: number,
  from: bigint,
  times: readonly number[],
): { readonly entry: LedgerEntry; readonly packed: Uint8Array } {
  const records = times.map((timestampMs, index) => ({
    position: { offset: from + BigInt(index) },
    timestampMs,
    key: null,
    headers: [],
    value: Buffer.from("{}"),
  }));
  const evidence = evidenceOf({ ...NOTE, from }, records);
  const [count, newestMs] = [records.length, Math.max(...times)];
  const range = { from, to: from + BigInt(count), count, outcomes: `P${count}`, newestMs };
  return {
    entry: ledgerEntry(seq, { ...range, evidence: evidenceDigest(evidence) }),
    packed: packEvidence(evidence),
  };
}
