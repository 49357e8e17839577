import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonValue } from "../../src/json/json.ts";
import { locate } from "../../src/json/locate.ts";

function valueAt(text: string, pointer: string): string {
  const bytes = Buffer.from(text);
  const [found] = locate(bytes, [pointer]);
  return found === undefined ? "" : bytes.toString("utf8", ...found.value);
}

function memberAt(text: string, pointer: string): string {
  const bytes = Buffer.from(text);
  const [found] = locate(bytes, [pointer]);
  return found === undefined ? "" : bytes.toString("utf8", ...found.member);
}

/** Every pointer of a value, with the value. */
function pointersOf(value: JsonValue, pointer = ""): readonly (readonly [string, JsonValue])[] {
  if (value === null || typeof value !== "object") return [[pointer, value]];
  const below = Object.entries(value).flatMap(([step, part]) =>
    pointersOf(part, `${pointer}/${step.replaceAll("~", "~0").replaceAll("/", "~1")}`),
  );
  return [[pointer, value], ...below];
}

describe("locate()", () => {
  test.each([
    ['{"a":1}', "/a", "1"],
    [' {"ü😀":[true, "b\\"}" ]} ', "/ü😀/1", '"b\\"}"'],
    ['{"\\u0061/~":{"x":-1.5e3}}', "/a~1~0/x", "-1.5e3"],
    ['[[],{},[{"a":null}]]', "/2/0/a", "null"],
    ["  12 ", "", "12"],
    ['{"a":{"b":[1,2]}}', "/a", '{"b":[1,2]}'],
  ])("in %s finds %s", (text, pointer, value) => {
    expect(valueAt(text, pointer)).toBe(value);
  });

  test("marks a member from its key on", () => {
    expect(memberAt('{"b" : 1, "ä": [2] }', "/ä")).toBe('"ä": [2]');
    expect(memberAt("[1, 2]", "/1")).toBe("2");
  });

  test("marks what is around a field that is missing, and says so", () => {
    const text = '{"a":{"b":1},"c":[]}';
    const bytes = Buffer.from(text);
    const pointers = ["/a/x", "/a/b/y/z", "/c/0", "/q"];
    const found = locate(bytes, pointers);
    const marked = found.map(({ value, isThere }) => [bytes.toString("utf8", ...value), isThere]);
    expect(marked).toEqual([
      ['{"b":1}', false],
      ["1", false],
      ["[]", false],
      [text, false],
    ]);
  });

  test("finds every value of random documents, in any white space", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.constantFrom(0, 1, "\t"), (text, indent) => {
        const value = JSON.parse(text) as JsonValue;
        const bytes = Buffer.from(JSON.stringify(value, null, indent));
        const all = pointersOf(value).filter(([pointer]) => !pointer.includes("__proto__"));
        const found = locate(
          bytes,
          all.map(([pointer]) => pointer),
        );
        for (const [index, [, part]] of all.entries()) {
          const one = found[index];
          expect(one?.isThere).toBe(true);
          expect(JSON.parse(bytes.toString("utf8", ...(one?.value ?? [0, 0])))).toEqual(part);
        }
      }),
      { numRuns: 2_000, seed: 20_261_128 },
    );
  });

  test("overflows no stack, however deep the text", () => {
    const text = `{"a":${"[".repeat(200_000)}${"]".repeat(200_000)},"b":7}`;
    expect(valueAt(text, "/b")).toBe("7");
  });
});
