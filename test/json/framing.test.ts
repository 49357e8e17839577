import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readRecordBatches, type FramingOptions } from "../../src/json/framing.ts";
import { createTextScanner } from "../../src/json/text-scanner.ts";

const LIMITS = { recordsMax: 1_000, bytesMax: 1_048_576, lineBytesMax: 1_048_576, eager: true };

type Read = { readonly records: readonly string[]; readonly lines: readonly number[]; readonly error: string | null };

/** Reads a text that comes in pieces of so many bytes. */
async function read(text: string | Buffer, piece = 1_000_000, options: FramingOptions = {}): Promise<Read> {
  const bytes = Buffer.from(text);
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
  }
  const records: string[] = [];
  const lines: number[] = [];
  try {
    for await (const batch of readRecordBatches(chunks(), LIMITS, options)) {
      records.push(...batch.lines.map((line) => line.toString()));
      lines.push(...batch.lineNumbers);
    }
    return { records, lines, error: null };
  } catch (error) {
    return { records, lines, error: (error as Error).message };
  }
}

const PRETTY = '{\n  "a": [\n    1,\n    "}"\n  ]\n}';

describe("how records are told apart", () => {
  test.each<[string, string, readonly string[], readonly number[]]>([
    ["one line", '{"a":1}', ['{"a":1}'], [1]],
    ["two lines", '{"a":1}\n{"a":2}\n', ['{"a":1}', '{"a":2}'], [1, 2]],
    ["lines of which the second is broken", '{"a":1}\n{"a":\n{"a":3}\n', ['{"a":1}', '{"a":', '{"a":3}'], [1, 2, 3]],
    ["lines of which the first is broken", '{"a":\n{"a":2}\n{"a":3}', ['{"a":', '{"a":2}', '{"a":3}'], [1, 2, 3]],
    ["lines of which the first ends in a string", '{"a":"\n{"a":2}\n', ['{"a":"', '{"a":2}'], [1, 2]],
    ["a first line that is cut off, and no more", '{"a":[1,\n', ['{"a":[1,'], [1]],
    ["a first line that is no JSON", "hello\n{}\n", ["hello", "{}"], [1, 2]],
    ["two texts on one line, which is one bad record", '{"a":1} {"a":2}\n', ['{"a":1} {"a":2}'], [1]],
    ["an array on one line", "[1,2]\n[3]\n", ["[1,2]", "[3]"], [1, 2]],
    ["numbers and words", "1\ntrue\nnull\n-2.5e3", ["1", "true", "null", "-2.5e3"], [1, 2, 3, 4]],
    ["blank lines before and between", '\n \r\n{"a":1}\n\n{"a":2}', ['{"a":1}', '{"a":2}'], [3, 5]],
    ["nothing", "", [], []],
    ["white space", " \n\t\r\n", [], []],
    ["one text over several lines", `\n${PRETTY}\n\n`, [PRETTY], [2]],
    ["one with carriage returns", PRETTY.replaceAll("\n", "\r\n"), [PRETTY.replaceAll("\n", "\r\n")], [1]],
    ["texts over several lines, one after another", `${PRETTY}\n${PRETTY}`, [PRETTY, PRETTY], [1, 7]],
    ["texts with nothing between them", `${PRETTY}${PRETTY}{}7`, [PRETTY, PRETTY, "{}", "7"], [1, 6, 11, 11]],
    [
      "a text over several lines and then compact ones",
      `${PRETTY}\n{"b":1}\n{"b":2}\n`,
      [PRETTY, '{"b":1}', '{"b":2}'],
      [1, 7, 8],
    ],
  ])("%s", async (_, text, records, lines) => {
    for (const piece of [1_000_000, 7, 1]) expect(await read(text, piece)).toEqual({ records, lines, error: null });
  });

  test.each([
    [
      "an array over several lines",
      '[\n{"a":1},\n{"a":2}\n]',
      "it is one JSON array over several lines, which is not taken apart",
    ],
    [
      "an endless one",
      `[\n${'{"a":1},\n'.repeat(200_000)}`,
      "it is one JSON array over several lines, which is not taken apart",
    ],
    ["a comma too many", '{\n  "a": 1,\n}\n', "a key is expected"],
    ["a comma too few", '{\n "a": 1\n "b": 2\n}', "a comma or the end of what is open is expected"],
    ["a bracket that is never closed", '{\n "a": [1, 2]\n', "the input ends inside it"],
    ["records in braces without commas", '[\n{"a":1}\n{"a":2}\n]', "a comma or the end of what is open is expected"],
    ["a table", "id,name\n1,x\n2,y\n", expect.stringContaining("it is a CSV table") as string],
    [
      "a table with quotes and semicolons",
      '"id";"full name"\n"1";"a;b"\n',
      expect.stringContaining("it is a CSV table") as string,
    ],
  ])("nothing of %s is handed on", async (_, text, error) => {
    for (const piece of [1_000_000, 64, 7]) {
      expect(await read(text, piece)).toEqual({ records: [], lines: [], error });
    }
  });

  test("a broken text says where, after those before it, or is handed on as one record with all behind it", async () => {
    const text = `${PRETTY}\n{\n "b": 1,\n}\n{"c":1}\n`;
    expect(await read(text)).toEqual({ records: [PRETTY], lines: [1], error: "a key is expected" });
    expect(await read(text, 3, { onBroken: "hand on" })).toEqual({
      records: [PRETTY, '{\n "b": 1,\n}\n{"c":1}'],
      lines: [1, 7],
      error: null,
    });
  });

  test("a byte order mark between texts over several lines is named", async () => {
    expect((await read(`${PRETTY}\n\uFEFF${PRETTY}`)).error).toBe("a byte order mark (EF BB BF)");
  });

  test("every line is a record where that is asked for", async () => {
    expect((await read("{\n}\n", 9, { ndjson: true })).records).toEqual(["{", "}"]);
  });

  test("what begins before the line to start from is skipped, and how records are told apart stays", async () => {
    const text = `${PRETTY}\n${PRETTY}\n{}\n`;
    expect(await read(text, 5, { fromLine: 7 })).toEqual({ records: [PRETTY, "{}"], lines: [7, 13], error: null });
    expect((await read(text, 5, { fromLine: 8 })).records).toEqual(["{}"]);
  });

  test("no text begins before the line that a batch says to go on from", async () => {
    const text = Buffer.from(`${PRETTY}${PRETTY}\n{}{}\n${PRETTY}`);
    for (let piece = 1; piece < text.length; piece += 1) {
      const pieces = [text.subarray(0, piece), text.subarray(piece)];
      const first = readRecordBatches(
        (async function* () {
          yield* pieces;
        })(),
        { ...LIMITS, recordsMax: 1 },
      );
      const seen: string[] = [];
      let next = 1;
      for await (const { lines, lastLine } of first) {
        seen.push(...lines.map(String));
        next = lastLine + 1;
        if (seen.length >= 2) break;
      }
      const rest = (await read(text, 9, { fromLine: next })).records;
      expect(seen.length + rest.length).toBeGreaterThanOrEqual(5);
    }
  });
});

describe("the end of a JSON text", () => {
  test("is found where JSON.parse says so, and nowhere else, however the bytes are cut", () => {
    const anything = fc.oneof(
      fc.json(),
      fc
        .tuple(fc.json(), fc.nat(), fc.constantFrom("", ",", "}", "]", '"', "0", "e", "-", ".", " ", "\n", "\\", "t"))
        .map(
          ([text, at, with_]) =>
            `${text.slice(0, at % (text.length + 1))}${with_}${text.slice((at % (text.length + 1)) + 1)}`,
        ),
    );
    fc.assert(
      fc.property(anything, fc.integer({ min: 1, max: 5 }), (raw, piece) => {
        const text = raw.trim();
        fc.pre(text !== "");
        expect(scanned(text, piece)).toBe(parses(text));
      }),
      { numRuns: 3_000 },
    );
  });
});

/** Whether the scanner takes the whole text for one JSON text. */
function scanned(text: string, piece: number): boolean {
  const bytes = Buffer.from(text);
  const scanner = createTextScanner();
  for (let at = 0; at < bytes.length; at += piece) {
    const chunk = bytes.subarray(at, at + piece);
    const scan = scanner.scan(chunk, 0);
    if (scan.kind === "fault") return false;
    if (scan.kind === "end") return at + scan.at === bytes.length;
  }
  return scanner.endsHere();
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
