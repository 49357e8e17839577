import fc from "fast-check";
import { expect, test } from "vitest";
import { checksumOf, decodeBatch, encodeBatch, sizeOf } from "../../../src/source/embedded/batch.ts";
import { plain } from "../../plain.ts";

const bytes = fc.uint8Array({ maxLength: 20 });
const record = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(fc.tuple(fc.string({ unit: "binary", maxLength: 5 }), bytes), { maxLength: 3 }),
  partition: fc.constant(null),
});

test("decoding gives back what was encoded, from any record on", () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 8 }), fc.nat(8), (records, skip) => {
      const decoded = [...decodeBatch(encodeBatch(records), records.length, skip)];
      const expected = records.slice(skip).map(({ key, value, headers }) => ({ key, headers, value }));
      expect(plain(decoded)).toEqual(plain(expected));
    }),
  );
});

test("the size of a record counts key, value, header names and header values", () => {
  const headers = [["ab", new Uint8Array(3)]] as const;
  expect(sizeOf({ key: new Uint8Array(10), value: new Uint8Array(100), headers })).toBe(115);
  expect(sizeOf({ key: null, value: null, headers: [] })).toBe(0);
});

test("the checksum covers the records and where they stand", () => {
  const span = { stream: "s", base: 1n, next: 2n, timestampMs: 3 };
  const blob = Buffer.from("records");
  const others = [
    checksumOf({ ...span, stream: "t" }, blob),
    checksumOf({ ...span, base: 0n }, blob),
    checksumOf({ ...span, next: 3n }, blob),
    checksumOf({ ...span, timestampMs: 4 }, blob),
    checksumOf(span, Buffer.from("recorde")),
  ];
  expect(others).not.toContain(checksumOf(span, blob));
});
