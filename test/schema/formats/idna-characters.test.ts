import { domainToASCII } from "node:url";
import { expect, test } from "vitest";
import { characterOf } from "../../../src/schema/formats/idna-characters.ts";
import { decodePunycode, encodePunycode } from "../../../src/schema/formats/punycode.ts";

/** Code points that are PVALID, CONTEXTJ or CONTEXTO in Unicode 16.0; a runtime with a later version knows more. */
const ALLOWED_16_0 = 138_568;

function allowed(): readonly number[] {
  return Array.from({ length: 0x110000 }, (_, codePoint) => codePoint).filter((one) => characterOf(one) !== null);
}

test("the table allows as many code points as the rules of RFC 5892 in Unicode 16.0", () => {
  expect(allowed().length).toBe(ALLOWED_16_0);
});

test("what the table allows is what the runtime's own properties make of RFC 5892 section 3", () => {
  const exceptions =
    /[\xdf\u03c2\u06fd\u06fe\u0f0b\u3007\xb7\u0375\u05f3\u05f4\u30fb\u0660-\u0669\u06f0-\u06f9\u200c\u200d]/u;
  const letters = /[\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}\p{Mn}\p{Mc}-]/u;
  const refused =
    /[\p{Changes_When_NFKC_Casefolded}\p{White_Space}\p{Noncharacter_Code_Point}\p{Default_Ignorable_Code_Point}]/u;
  // Exceptions, old Hangul jamo, and blocks of marks for symbols and music.
  const ranges = [
    [0x640, 0x640],
    [0x7fa, 0x7fa],
    [0x302e, 0x302f],
    [0x3031, 0x3035],
    [0x303b, 0x303b],
    [0x1100, 0x11ff],
    [0xa960, 0xa97c],
    [0xd7b0, 0xd7c6],
    [0xd7cb, 0xd7fb],
    [0x20d0, 0x20ff],
    [0x1d100, 0x1d1ff],
    [0x1d200, 0x1d24f],
  ] as const;
  const differing = allowed().filter((codePoint) => {
    const text = String.fromCodePoint(codePoint);
    const listed = ranges.some(([from, to]) => codePoint >= from && codePoint <= to);
    return !exceptions.test(text) && (!letters.test(text) || refused.test(text) || listed);
  });
  expect(differing).toEqual([]);
});

test("knows marks and scripts as the runtime does", () => {
  const differing = allowed().filter((codePoint) => {
    const text = String.fromCodePoint(codePoint);
    const { mark, script } = characterOf(codePoint)!;
    return (
      mark !== /\p{M}/u.test(text) ||
      (script === "Greek") !== /\p{Script=Greek}/u.test(text) ||
      (script === "Hebrew") !== /\p{Script=Hebrew}/u.test(text) ||
      // Later versions than 16.0 moved five Tangut-like marks into Han.
      (script === "Hiragana, Katakana or Han" && !/[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u.test(text))
    );
  });
  expect(differing).toEqual([]);
});

test("writes Punycode as the platform does, and reads it back", () => {
  const labels = [
    "bücher",
    "例え",
    "παράδειγμα",
    "실례",
    "почта",
    "ab-ü-cd",
    "😀",
    "a😀b😀",

    "üüüüüüüü",
    "中ü文ö",
  ];
  const written = labels.map((label) => {
    const codePoints = Array.from(label.normalize("NFKC"), (character) => character.codePointAt(0)!);
    return { codePoints, encoded: encodePunycode(codePoints, 63) };
  });
  expect(written.map(({ encoded }) => `xn--${encoded}`)).toEqual(labels.map((label) => domainToASCII(label)));
  expect(written.map(({ encoded }) => decodePunycode(encoded!))).toEqual(written.map(({ codePoints }) => codePoints));
});

test("a label that is too long has no Punycode", () => {
  expect(
    encodePunycode(
      Array.from({ length: 64 }, () => 0xfc),
      63,
    ),
  ).toBe(null);
  expect(encodePunycode([0x10fff0, 0x80, 0x4e00], 5)).toBe(null);
});
