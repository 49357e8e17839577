import { expect, test } from "vitest";
import { murmur2, partitionOf } from "../../src/source/partitioner.ts";

/** From the tests of Kafka's own clients (UtilsTest.testMurmur2). */
const VECTORS = [
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
] as const;

test.each(VECTORS)("murmur2 of %j is %i, as Kafka has it", (key, hash) => {
  expect(murmur2(Buffer.from(key))).toBe(hash);
});

test("the partition is the hash without its sign bit, modulo the partitions", () => {
  expect(partitionOf(Buffer.from("21"), 7)).toBe((-973932308 & 0x7fffffff) % 7);
  expect(partitionOf(Buffer.from("abc"), 7)).toBe(479470107 % 7);
  expect(partitionOf(new Uint8Array(0), 1)).toBe(0);
});
