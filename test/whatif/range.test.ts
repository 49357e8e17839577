import { describe, expect, test } from "vitest";
import { offsetsOf, parseBound, type Bound } from "../../src/whatif/range.ts";

const NOW = Date.parse("2026-03-10T12:00:00Z");
const STREAM = { id: "c/t/0", topic: "parcels", partition: 0 };

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
  /** Offset 0 is of 1,000 ms, 1 of 3,000, 2 of 2,000. */
  const reads = {
    firstSince: async (_: string, ms: number): Promise<bigint | null> => {
      const found = [1_000, 3_000, 2_000].findIndex((time) => time >= ms);
      return found < 0 ? null : BigInt(found);
    },
  };
  const time = (timestampMs: number): Bound => ({ kind: "time", timestampMs });
  const at = (partition: number, offset: bigint): Bound => ({ kind: "offset", topic: "parcels", partition, offset });
  const offsets = async (from: Bound | null, to: Bound | null) => offsetsOf(reads, STREAM, { from, to });

  test("begin at the first record that is not older, and end before the first that is not", async () => {
    expect(await offsets(null, null)).toEqual({ from: 0n, to: null });
    expect(await offsets(time(1_500), null)).toEqual({ from: 1n, to: null });
    expect(await offsets(time(500), time(1_500))).toEqual({ from: 0n, to: 1n });
    expect(await offsets(time(1_500), time(9_000))).toEqual({ from: 1n, to: null });
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
