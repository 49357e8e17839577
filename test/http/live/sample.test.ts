import { expect, test } from "vitest";
import { createSample, thinned } from "../../../src/http/live/sample.ts";

function sampleOf(count: number, most: number, stride?: number) {
  const sample = createSample<number>(most, stride);
  for (let at = 0; at < count; at += 1) sample.add(at);
  return sample;
}

test("a sample of few is all of them", () => {
  const sample = sampleOf(5, 5);
  expect([sample.kept(), sample.seen(), sample.stride()]).toEqual([[0, 1, 2, 3, 4], 5, 1]);
});

test.each([6, 11, 100, 12_345])("a sample of %i has as many as it may, spread evenly over all of them", (count) => {
  const sample = sampleOf(count, 5);
  const kept = sample.kept();
  expect([kept.length, sample.seen()]).toEqual([5, count]);
  const steps = kept.map((at, index) => at - (kept[index - 1] ?? 0));
  expect(Math.max(...steps)).toBeLessThanOrEqual((2 * count) / 5 + sample.stride());
  expect(kept.toSorted((a, b) => a - b)).toEqual(kept);
});

test("a sample that expects many takes the first and one of so many", () => {
  expect(sampleOf(9, 5, 4).kept()).toEqual([0, 4, 8]);
});

test("what is thinned keeps its last", () => {
  expect([thinned([1, 2, 3, 4, 5], 2), thinned([1], 2)]).toEqual([[3, 5], [1]]);
});
