import { describe, expect, test } from "vitest";
import { FORMATS } from "../../../src/schema/formats/formats.ts";

/** A text, whether it is of the format, and what says so. */
export type Clause = readonly [text: string, valid: boolean, clause: string];

/** One test for each text. */
export function judgesByClauses(format: string, clauses: readonly Clause[]): void {
  const check = FORMATS.get(format)!;
  describe(`format ${format}`, () => {
    test.each(clauses)("%j is %s: %s", (text, valid) => {
      expect(check(text)).toBe(valid);
    });
  });
}
