import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unlimited } from "../../src/inclusion/effort.ts";
import { FORMAT_LANGUAGES, FORMAT_SAMPLES, isFormatWithin } from "../../src/inclusion/format-languages.ts";
import { seededPick } from "../../src/inclusion/seeded-pick.ts";
import { textOutside } from "../../src/inclusion/string-limits.ts";
import { FORMATS } from "../../src/schema/formats/formats.ts";

/** Random texts near every format: samples, with a few characters changed, and texts of the characters formats are made of. */
const nearSample = fc
  .tuple(
    fc.constantFrom(...Object.values(FORMAT_SAMPLES).flat()),
    fc.array(fc.tuple(fc.nat(40), fc.constantFrom(...Array.from("0129:-.@/#?%aZTzPü~+[]x "))), { maxLength: 2 }),
  )
  .map(([text, edits]) =>
    edits.reduce((changed, [at, character]) => changed.slice(0, at) + character + changed.slice(at + 1), text),
  );
const made = fc.string({ maxLength: 24, unit: fc.constantFrom(...Array.from("0123459:-.@/#?%aZTtzPYMDHSWwü~+[]x f")) });
const TEXTS: readonly string[] = [
  ...fc.sample(nearSample, { numRuns: 30_000, seed: 20_261_123 }),
  ...fc.sample(made, { numRuns: 10_000, seed: 20_261_124 }),
  ...Object.values(FORMAT_SAMPLES).flat(),
];

function isOf(format: string, text: string): boolean {
  return FORMATS.get(format)?.(text) ?? false;
}

describe.each(Object.entries(FORMAT_LANGUAGES))("what is known of %s", (format, { within, surely, most }) => {
  test("holds for every text that is of the format", () => {
    const texts = TEXTS.filter((text) => isOf(format, text));
    const outside = texts.filter((text) => within !== undefined && !new RegExp(within, "u").test(text));
    const longer = texts.filter((text) => Array.from(text).length > (most ?? Infinity));
    expect([texts.length > 5, outside.slice(0, 3), longer.slice(0, 3)]).toEqual([true, [], []]);
  });

  test("makes texts of the format where it says so", () => {
    if (surely === undefined) return expect(within).toBeDefined();
    const matching = TEXTS.filter((text) => new RegExp(surely, "u").test(text));
    const pick = seededPick(1);
    const shared = { texts: new Map(), effort: unlimited() };
    for (let count = 0; count < 300; count += 1) {
      const least = pick(40);
      const found = textOutside({ least, most: 60, patterns: [surely], refused: [] }, null, shared, pick);
      if (found.kind === "text") matching.push(found.text);
    }
    expect(matching.length).toBeGreaterThan(100);
    expect(matching.filter((text) => !isOf(format, text)).slice(0, 3)).toEqual([]);
  });

  test("is a pattern that can be searched", () => {
    for (const pattern of [within, surely].filter((one) => one !== undefined)) {
      const shared = { texts: new Map(), effort: unlimited() };
      expect(textOutside({ least: 0, most: Infinity, patterns: [pattern], refused: [] }, null, shared).kind).toBe(
        "text",
      );
    }
  });
});

test("a format within another one is so for every text", () => {
  const names = [...FORMATS.keys()];
  const pairs = names.flatMap((one) =>
    names.filter((other) => isFormatWithin(one, other)).map((other) => [one, other]),
  );
  const wrong = pairs.flatMap(([one = "", other = ""]) =>
    TEXTS.filter((text) => isOf(one, text) && !isOf(other, text)).map((text) => `${one} ${other} ${text}`),
  );
  expect([pairs.length > names.length, wrong.slice(0, 3)]).toEqual([true, []]);
});

test("there are texts to try of every format, of it and not", () => {
  const lacking = [...FORMATS.keys()].filter((format) => {
    const samples = FORMAT_SAMPLES[format] ?? [];
    return !samples.some((text) => isOf(format, text)) || samples.every((text) => isOf(format, text));
  });
  expect(lacking).toEqual([]);
});
