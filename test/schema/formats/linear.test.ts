import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { lintPatterns } from "../../../src/contract/pattern-lint.ts";
import { FORMATS } from "../../../src/schema/formats/formats.ts";
import { hostileTexts } from "./hostile-texts.ts";

const FOLDER = fileURLToPath(new URL("../../../src/schema/formats", import.meta.url));

/** Regular expressions in the sources of the checks, comments left out. */
function patternsOfSources(): readonly { readonly pattern: string; readonly flags: string }[] {
  return readdirSync(FOLDER).flatMap((file) => {
    const code = readFileSync(`${FOLDER}/${file}`, "utf8")
      .replaceAll(/\/\*[\s\S]*?\*\//g, "")
      .replaceAll(/^\s*\/\/.*$/gm, "");
    const literals = code.matchAll(/(?<=[=(,:?&|]\s*)\/((?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/([a-z]*)/g);
    return Array.from(literals, ([, pattern = "", flags = ""]) => ({ pattern, flags }));
  });
}

describe("no check takes more than linear time", () => {
  test("by its regular expressions, of which there are three", () => {
    const patterns = patternsOfSources();
    expect(patterns.map(({ pattern }) => pattern).toSorted()).toEqual(
      [
        String.raw`[\uff01-\uffee]`,
        String.raw`^[\p{ID_Continue}$\u200c\u200d]$`,
        String.raw`^[\p{ID_Start}$_]$`,
      ].toSorted(),
    );
    const place = { file: "", line: 1, column: 1 };
    expect(
      lintPatterns(patterns.map(({ pattern, flags }) => ({ pattern, flags: flags.includes("u") ? "u" : "", place }))),
    ).toEqual([]);
  });

  test.each(hostileTexts())("by the characters that it looks at in %s", (_, textOf) => {
    const text = textOf(10_000);
    const looks = [...FORMATS].map(([name, check]) => {
      const counted = countLooks(text);
      check(counted.text);
      return { name, perCharacter: counted.looks() / text.length };
    });
    expect(looks.filter(({ perCharacter }) => perCharacter > 8)).toEqual([]);
  });
});

/** A text that counts how many of its characters are looked at; a method that looks at all of it counts so. */
function countLooks(raw: string): { readonly text: string; readonly looks: () => number } {
  let looks = 0;
  const text = new Proxy(new String(raw), {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function") return value;
      return (...given: readonly unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, raw, given);
        looks += costOf(String(property), given, result);
        return result;
      };
    },
  });
  const costOf = (method: string, given: readonly unknown[], result: unknown): number => {
    switch (method) {
      case "charCodeAt":
      case "codePointAt":
      case "charAt":
        return 1;
      case "startsWith":
        return String(given[0]).length;
      case "indexOf":
        return (result === -1 ? raw.length : (result as number)) - ((given[1] as number | undefined) ?? 0) + 1;
      case "slice":
        return (result as string).length;
      default:
        return raw.length;
    }
  };
  return { text: text as unknown as string, looks: () => looks };
}
