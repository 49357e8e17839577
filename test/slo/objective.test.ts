import { describe, expect, test } from "vitest";
import {
  budgetOf,
  describeDuration,
  describeObjective,
  indicatorOf,
  parseDuration,
  parseTarget,
  type Objective,
} from "../../src/slo/objective.ts";

const DAY_MS = 86_400_000;

const QUALITY: Objective = {
  name: "q",
  kind: "quality",
  subject: "shipment",
  targetMillionths: 995_000,
  windowMs: 30 * DAY_MS,
  withinMs: null,
};

describe("an objective", () => {
  test("reads durations in one unit, and nothing else", () => {
    expect(["500ms", "5s", "10m", "12h", "30d"].map(parseDuration)).toEqual([
      500,
      5_000,
      600_000,
      43_200_000,
      30 * DAY_MS,
    ]);
    expect(["", "0s", "5", "5 s", "-1d", "1w", "1.5h", "1h30m", "1e3s", "9999999999s"].map(parseDuration)).toEqual(
      Array.from({ length: 10 }, () => null),
    );
  });

  test("writes a duration in its largest whole unit", () => {
    expect([500, 5_000, 90_000, 5_400_000, 129_600_000, 30 * DAY_MS].map(describeDuration)).toEqual([
      "500ms",
      "5s",
      "90s",
      "90m",
      "36h",
      "30d",
    ]);
  });

  test("reads a target exactly, with its sign and at most four decimals", () => {
    expect(["99.5%", "99.9999%", "0.0001%", "100%", "95 %"].map(parseTarget)).toEqual([
      995_000, 999_999, 1, 1_000_000, 950_000,
    ]);
    expect(["", "99.5", "0.995", "0%", "101%", "99.99999%", "-1%", "%"].map(parseTarget)).toEqual(
      Array.from({ length: 8 }, () => null),
    );
  });

  test("has a budget, and a key that its name, target and window are no part of", () => {
    expect(budgetOf(QUALITY)).toBe(0.005);
    expect(indicatorOf({ ...QUALITY, name: "other", targetMillionths: 1, windowMs: 1 } as Objective)).toBe(
      indicatorOf(QUALITY),
    );
    expect([
      indicatorOf(QUALITY),
      indicatorOf({ ...QUALITY, kind: "availability", subject: null }),
      indicatorOf({ ...QUALITY, kind: "freshness", withinMs: 5_000 }),
    ]).toEqual(["quality:shipment", "availability:*", "freshness:shipment:5000"]);
  });

  test("says what it promises", () => {
    expect([
      describeObjective(QUALITY),
      describeObjective({ ...QUALITY, kind: "availability", subject: null }),
      describeObjective({ ...QUALITY, kind: "availability" }),
      describeObjective({ ...QUALITY, kind: "freshness", withinMs: 5_000 }),
    ]).toEqual([
      "99.5% of new records of shipment pass, over 30d",
      "99.5% of the time streams decide, over 30d",
      "99.5% of the time streams of shipment decide, over 30d",
      "99.5% of records of shipment are durable within 5s, over 30d",
    ]);
  });
});
