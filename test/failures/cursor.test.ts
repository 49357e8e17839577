import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { queryOf, readCursor, writeCursor } from "../../src/failures/cursor.ts";
import { ANY_FAILURE } from "../../src/failures/filter.ts";
import { exactInteger } from "../../src/json/exact-integer.ts";

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const time = fc.option(fc.maxSafeInteger());

/** A cursor whose parts somebody wrote. */
function forged(parts: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

describe("a cursor", () => {
  test("is read as it was written, whatever 64 bits it holds", () => {
    const cursor = fc.record({
      collection: fc.string(),
      atMs: int64.map(exactInteger),
      stream: fc.nat(),
      offset: int64,
      fromMs: time,
      toMs: time,
    });
    fc.assert(
      fc.property(cursor, (one) => {
        expect(readCursor(writeCursor(one, "q"), "q")).toEqual(one);
      }),
    );
  });

  test("is refused when it is any other text", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(readCursor(text, "q")).toBeNull();
      }),
    );
  });

  test.each([
    ["of another query", [1, "other", "orders", "1", 1, "1", null, null]],
    ["of another format", [2, "q", "orders", "1", 1, "1", null, null]],
    ["with a part too few", [1, "q", "orders", "1", 1, "1", null]],
    ["with a time of more than 64 bits", [1, "q", "orders", "9223372036854775808", 1, "1", null, null]],
    ["with an offset of more than 64 bits", [1, "q", "orders", "1", 1, "-9223372036854775809", null, null]],
    ["with a fraction as a bound", [1, "q", "orders", "1", 1, "1", 1.5, null]],
    ["with a bound that no double holds", [1, "q", "orders", "1", 1, "1", null, 1e300]],
    ["with no collection", [1, "q", null, "1", 1, "1", null, null]],
  ])("%s is refused", (_, parts) => {
    expect(readCursor(forged([1, "q", "orders", "1", 1, "1", null, null]), "q")).not.toBeNull();
    expect(readCursor(forged(parts), "q")).toBeNull();
  });

  test("belongs to a filter whose times may differ and nothing else", () => {
    const query = queryOf(ANY_FAILURE);
    expect(queryOf({ ...ANY_FAILURE, fromMs: 5, toMs: 6 })).toBe(query);
    const others = [{ code: "rule" }, { offset: 1n }, { field: { pointer: "/a", value: "b" } }, { partition: 0 }];
    for (const other of others) expect(queryOf({ ...ANY_FAILURE, ...other })).not.toBe(query);
  });
});
