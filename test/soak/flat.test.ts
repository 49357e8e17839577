import { expect, test } from "vitest";
import { rulesOf, trendOf, type Sample } from "./flat.ts";

const MIB = 1_048_576;

function samples(rss: (index: number) => number, everyMs = 2_000): readonly Sample[] {
  return Array.from({ length: 200 }, (_, index) => ({
    atMs: index * everyMs,
    rssBytes: rss(index) * MIB,
    heapBytes: 50 * MIB,
    descriptors: 30,
    lag: 0,
  }));
}

const REST = { before: 30, after: 31 };

function broken(of: readonly Sample[], rest = REST): readonly string[] {
  return rulesOf(of, rest).flatMap(({ name, holds }) => (holds ? [] : [name]));
}

test("waves are flat, and what rose in the first half as well", () => {
  expect(broken(samples((index) => 200 + 20 * Math.sin(index / 3)))).toEqual([]);
  expect(broken(samples((index) => Math.min(100 + 2 * index, 250)))).toEqual([]);
});

test("what goes on rising is a leak, however it waves", () => {
  expect(broken(samples((index) => 200 + index / 2 + 20 * Math.sin(index / 3)))).toEqual(["resident memory is flat"]);
  const { rise, mean } = trendOf(
    samples((index) => 100 + index),
    (one) => one.rssBytes / MIB,
  );
  expect([Math.round(rise), Math.round(mean)]).toEqual([99, 250]);
});

test("descriptors that stay open are told", () => {
  expect(
    broken(
      samples(() => 200),
      { before: 30, after: 40 },
    ),
  ).toEqual(["descriptors are flat"]);
});

test("a run of seconds says nothing of memory", () => {
  expect(broken(samples((index) => 200 + index, 100))).toEqual([]);
});
