import { hash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createLineHash, digestLines, putNumber, putText } from "../../src/ledger/line-hash.ts";

const SPACE = 0x20;
const NEWLINE = 0x0a;

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  // Longer than the bytes that are hashed at once, and just as long.
  fc.integer({ min: 2_700, max: 9_000 }).map((length) => "é".repeat(length)),
  fc.integer({ min: 2_700, max: 9_000 }).map((length) => "x".repeat(length)),
);
const number = fc.oneof(
  fc.bigInt({ min: 0n, max: 9_223_372_036_854_775_807n }),
  fc.maxSafeInteger(),
  fc.integer({ min: -1, max: 2_000 }),
  fc.double(),
  ...[0n, 9n, 10n, 999_999_999n, 1_000_000_000n, 1_999_999_999n, 10_000_000_000n, 9_007_199_254_740_991n].map((one) =>
    fc.constant(one),
  ),
);

test("a hash of fields is that of the text they stand for, whatever they hold", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(text, number), { maxLength: 40 }), (fields) => {
      const lines = createLineHash();
      let whole = "";
      for (const [index, field] of fields.entries()) {
        const end = index % 3 === 2 ? NEWLINE : SPACE;
        if (typeof field === "string") putText(lines, field, end);
        else putNumber(lines, field, end);
        whole += `${field}${String.fromCharCode(end)}`;
      }
      expect(digestLines(lines)).toBe(hash("sha256", whole));
    }),
    { numRuns: 300 },
  );
});

test("more lines than are hashed at once make the same hash", () => {
  const lines = createLineHash();
  let whole = "";
  for (let offset = 0n; offset < 3_000n; offset += 1n) {
    putNumber(lines, offset, SPACE);
    putNumber(lines, 1_700_000_000_000, SPACE);
    putText(lines, "ab".repeat(32), NEWLINE);
    whole += `${offset} 1700000000000 ${"ab".repeat(32)}\n`;
  }
  expect(digestLines(lines)).toBe(hash("sha256", whole));
});

test("hashes that are built at a time have nothing in common, and one that ended cannot end again", () => {
  const ended = createLineHash();
  putText(ended, "ended", NEWLINE);
  digestLines(ended);
  const [one, other] = [createLineHash(), createLineHash()];
  putText(one, "one", NEWLINE);
  putText(other, "other", NEWLINE);
  putText(ended, "late", NEWLINE);
  expect(digestLines(one)).toBe(hash("sha256", "one\n"));
  expect(() => digestLines(ended)).toThrow("twice");
  expect(digestLines(other)).toBe(hash("sha256", "other\n"));
  expect(digestLines(createLineHash())).toBe(hash("sha256", ""));
});
