import { expect, test } from "vitest";
import { createHotKeys, createKeyCounter, hashedKey } from "../../src/traffic/hot-keys.ts";

/** The same sequence at each run (Park and Miller). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

test("keys with a large part of a partition are named, the hottest first, whatever else comes", () => {
  const random = randomFrom(7);
  const counter = createKeyCounter(randomFrom(11));
  for (let at = 0; at < 200_000; at += 1) {
    const turn = random();
    counter.see(Buffer.from(turn < 0.4 ? "hot" : turn < 0.55 ? "warm" : `cold-${at}`), null);
  }
  const { records, keys } = counter.load();
  expect([records, keys.map(({ key }) => key)]).toEqual([200_000, ["hot", "warm"]]);
  expect(keys[0]?.share).toBeGreaterThan(0.33);
  expect(keys[0]?.share).toBeLessThanOrEqual(0.43);
});

test("keys that come in turns are each seen: the distance between looks is no period", () => {
  const counter = createKeyCounter(randomFrom(3));
  for (let at = 0; at < 100_000; at += 1) counter.see(Buffer.from(`k-${at % 4}`), null);
  expect(
    counter
      .load()
      .keys.map(({ key }) => key)
      .toSorted(),
  ).toEqual(["k-0", "k-1", "k-2", "k-3"]);
});

test("where no key is hot none is named, and a few records name none", () => {
  const counter = createKeyCounter(randomFrom(5));
  for (let at = 0; at < 100_000; at += 1) counter.see(Buffer.from(`k-${at % 1_000}`), null);
  expect(counter.load().keys).toEqual([]);
  const few = createKeyCounter(randomFrom(5), 1);
  for (let at = 0; at < 99; at += 1) few.see(Buffer.from("same"), null);
  expect(few.load()).toEqual({ records: 99, keys: [] });
  few.see(Buffer.from("same"), null);
  expect(few.load()).toEqual({ records: 100, keys: [{ key: "same", share: 1 }] });
});

test("what was hot is forgotten when other keys come", () => {
  const counter = createKeyCounter(randomFrom(9), 1);
  for (let at = 0; at < 20_000; at += 1) counter.see(Buffer.from("before"), null);
  for (let at = 0; at < 60_000; at += 1) counter.see(Buffer.from("now"), null);
  expect(counter.load().keys.map(({ key }) => key)).toEqual(["now"]);
});

test("a record without a key counts by its machine id, and one without either by nothing", () => {
  const counter = createKeyCounter(randomFrom(9), 1);
  for (let at = 0; at < 200; at += 1) counter.see(null, at % 2 === 0 ? "0a1b" : null);
  expect(counter.load().keys).toEqual([{ key: "0a1b", share: 0.5 }]);
});

test("a long key is named by its hash", () => {
  const counter = createKeyCounter(randomFrom(9), 1);
  const long = "x".repeat(200);
  for (let at = 0; at < 100; at += 1) counter.see(Buffer.from(long), null);
  expect(counter.load().keys).toEqual([{ key: hashedKey(long), share: 1 }]);
});

test("partitions are counted apart, and one that is left is forgotten", () => {
  const keys = createHotKeys(randomFrom(1));
  keys.of("a").see(Buffer.from("x"), null);
  keys.of("a").see(Buffer.from("x"), null);
  expect([keys.load("a")?.records, keys.load("b")]).toEqual([2, null]);
  keys.forget("a");
  expect(keys.load("a")).toBeNull();
});
