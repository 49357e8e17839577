import { describe, expect, test } from "vitest";
import { createBacklog } from "../../../src/observe/metrics/backlog.ts";

describe("createBacklog()", () => {
  test("a stream that has settled everything has no lag", () => {
    const backlog = createBacklog();
    expect(backlog.lag(5n, 5n, 1_000)).toEqual({ records: 0, seconds: 0 });
  });

  test("after a start with a backlog nothing is known of its age, until the first batch", () => {
    const backlog = createBacklog();
    expect(backlog.lag(5n, 9n, 100_000)).toEqual({ records: 4, seconds: null });
    backlog.settled(6n, 40_000);
    expect(backlog.lag(6n, 9n, 101_000)).toEqual({ records: 3, seconds: 61 });
  });

  test("a record that came after hours of silence is no older than the look that did not see it", () => {
    const backlog = createBacklog();
    backlog.settled(5n, 0);
    backlog.lag(5n, 5n, 7_200_000);
    expect(backlog.lag(5n, 6n, 7_215_000)).toEqual({ records: 1, seconds: 15 });
  });

  test("ages while it stands still, and is younger when older records are settled", () => {
    const backlog = createBacklog();
    backlog.lag(5n, 5n, 0);
    backlog.lag(5n, 8n, 15_000);
    backlog.lag(5n, 20n, 30_000);
    expect(backlog.lag(5n, 20n, 45_000).seconds).toBe(45);
    backlog.settled(8n, null);
    expect(backlog.lag(8n, 20n, 60_000).seconds).toBe(45);
  });

  test("remembers a bounded number of looks", () => {
    const backlog = createBacklog();
    backlog.lag(0n, 0n, 0);
    for (let look = 1; look <= 5_000; look += 1) backlog.lag(0n, BigInt(look), look * 1_000);
    expect(backlog.lag(0n, 6_000n, 5_001_000).seconds).toBe(5_001);
  });
});
