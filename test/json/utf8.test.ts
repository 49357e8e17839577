import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { expect, test } from "vitest";
import { firstInvalidByte } from "../../src/json/utf8.ts";

test("agrees with the runtime on random bytes, and what is before the byte it names is UTF-8", () => {
  const near = fc.array(
    fc.oneof(
      fc.constantFrom(
        [0xc0, 0x80],
        [0xe0, 0x80, 0x80],
        [0xed, 0xa0, 0x80],
        [0xf4, 0x90, 0x80, 0x80],
        [0xf0, 0x8f, 0xbf, 0xbf],
        [0xff],
      ),
      fc.string({ unit: "binary", maxLength: 3 }).map((text) => [...Buffer.from(text)]),
      fc.uint8Array({ maxLength: 3 }).map((bytes) => [...bytes]),
    ),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(near, (parts) => {
      const bytes = Buffer.from(parts.flat());
      const at = firstInvalidByte(bytes);
      expect(at === -1).toBe(isUtf8(bytes));
      if (at !== -1) expect(isUtf8(bytes.subarray(0, at))).toBe(true);
    }),
    { numRuns: 20_000, seed: 20_261_128 },
  );
});

test.each([
  [[0x22, 0xff, 0x22], 1],
  [[0x61, 0xe2, 0x82], 1],
  [[0xf0, 0x9f, 0x98, 0x80, 0xed, 0xa0, 0x80], 4],
  [[], -1],
])("of %j the first is at %i", (bytes, at) => {
  expect(firstInvalidByte(Uint8Array.from(bytes))).toBe(at);
});
