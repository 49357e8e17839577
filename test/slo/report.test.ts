import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hoursOf, timeline } from "../../src/slo/report.ts";
import type { ObjectiveCount } from "../../src/store/objective-count.ts";

const HOUR_S = 3_600;
const HOUR_MS = 3_600_000;
/** A whole hour. */
const T0 = 1_800_000_000;

function minute(startS: number, good: number, bad: number, writer = "a"): ObjectiveCount {
  return { indicator: "i", stepS: 60, startS, writer, good, bad };
}

/** The same in each minute of `[fromS, toS)`. */
function minutes(fromS: number, toS: number, good: number, bad: number): readonly ObjectiveCount[] {
  return Array.from({ length: (toS - fromS) / 60 }, (_, index) => minute(fromS + index * 60, good, bad));
}

describe("what was counted of records", () => {
  test("is the sum of all writers' minutes in the window", () => {
    const known = [minute(T0 - 120, 1, 0), minute(T0 - 60, 10, 1), minute(T0 - 60, 20, 2, "b"), minute(T0, 5, 0)];
    const counted = timeline({ kind: "quality" }, { hours: [], minutes: known, beganS: T0 - 120, nowS: T0 + 30 });
    expect(counted(60_000)).toEqual({ good: 35, bad: 3 });
    expect(counted(300_000)).toEqual({ good: 36, bad: 3 });
  });

  test("is of hours where minutes are gone, and no event counts twice", () => {
    const nowS = T0 + 30 * 24 * HOUR_S;
    const all = minutes(nowS - 27 * HOUR_S, nowS, 1, 0);
    const old = Array.from({ length: 10 * 24 }, (_, index): ObjectiveCount => {
      return { indicator: "i", stepS: 3_600, startS: nowS - (index + 1) * HOUR_S, writer: "", good: 60, bad: 0 };
    });
    const counted = timeline(
      { kind: "quality" },
      { hours: old, minutes: all, beganS: nowS - 10 * 24 * HOUR_S, nowS: nowS - 1 },
    );
    for (const hours of [1, 6, 24, 72, 7 * 24, 10 * 24])
      expect(Math.abs(counted(hours * HOUR_MS).good - hours * 60)).toBeLessThanOrEqual(60);
    expect(counted(30 * 24 * HOUR_MS)).toEqual({ good: 10 * 24 * 60, bad: 0 });
  });

  test("is nothing in an hour without events", () => {
    const counted = timeline(
      { kind: "quality" },
      { hours: [], minutes: [minute(T0, 1, 0)], beganS: T0, nowS: T0 + HOUR_S * 40 },
    );
    expect(counted(HOUR_MS)).toEqual({ good: 0, bad: 0 });
    expect(counted(50 * HOUR_MS)).toEqual({ good: 1, bad: 0 });
  });

  test("makes the same hours of the same minutes, however often and by whomever", () => {
    const row = fc.record({
      startS: fc.integer({ min: 0, max: 300 }).map((index) => T0 + index * 60),
      writer: fc.constantFrom("a", "b"),
      good: fc.nat(1_000),
      bad: fc.nat(1_000),
    });
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const known = rows.map(({ startS, writer, good, bad }) => minute(startS, good, bad, writer));
        const hours = hoursOf("quality", known, T0);
        const sum = (of: readonly ObjectiveCount[]): number =>
          of.reduce((total, { good, bad }) => total + good + bad, 0);
        expect(sum(hours)).toBe(sum(known));
        expect(hoursOf("quality", known.toReversed(), T0)).toEqual(hours);
      }),
    );
  });
});

describe("what was counted of time", () => {
  test("is the share of each minute, whatever number of streams were there", () => {
    const known = [minute(T0, 60_000, 0), minute(T0 + 60, 540_000, 60_000), minute(T0 + 120, 0, 60_000)];
    const counted = timeline({ kind: "availability" }, { hours: [], minutes: known, beganS: T0, nowS: T0 + 179 });
    expect(counted(HOUR_MS)).toEqual({ good: 60_000 + 54_000, bad: 6_000 + 60_000 });
  });

  test("is bad in minutes in which nobody counted, once they are over", () => {
    const known = [minute(T0, 60_000, 0), minute(T0 + 240, 60_000, 0)];
    const at = (nowS: number): unknown =>
      timeline({ kind: "availability" }, { hours: [], minutes: known, beganS: T0, nowS })(HOUR_MS);
    expect(at(T0 + 299)).toEqual({ good: 120_000, bad: 180_000 });
    expect(at(T0 + 330)).toEqual({ good: 120_000, bad: 180_000 });
    expect(at(T0 + 360)).toEqual({ good: 120_000, bad: 240_000 });
  });

  test("is bad in hours in which nobody counted, and nothing before counting began", () => {
    const known = minutes(T0, T0 + HOUR_S, 60_000, 0);
    const nowS = T0 + 50 * HOUR_S;
    const counted = timeline({ kind: "availability" }, { hours: [], minutes: known, beganS: T0, nowS });
    const { good, bad } = counted(30 * 24 * HOUR_MS);
    expect([good, bad]).toEqual([HOUR_MS, 49 * HOUR_MS]);
  });

  test("makes an hour of its minutes, from where counting began", () => {
    const known = [
      ...minutes(T0 + 30 * 60, T0 + 45 * 60, 60_000, 0),
      ...minutes(T0 + 45 * 60, T0 + 50 * 60, 0, 120_000),
    ];
    expect(hoursOf("availability", known, T0 + 30 * 60)).toEqual([
      { indicator: "i", stepS: 3_600, startS: T0, writer: "", good: 15 * 60_000, bad: 15 * 60_000 },
    ]);
  });
});
