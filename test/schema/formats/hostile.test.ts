import { expect, test } from "vitest";
import { FORMATS } from "../../../src/schema/formats/formats.ts";
import { hostileTexts } from "./hostile-texts.ts";

// What the count of characters looked at (linear.test.ts) cannot see: normalisation, expressions, the engine's properties.
// Quadratic time would be minutes here. Apart from the count, whose proxies make every look slow for the compiler.

test.each(hostileTexts())("every check ends on 300,000 characters of %s", (_, textOf) => {
  const text = textOf(300_000);
  expect([...FORMATS.values()].map((check) => typeof check(text))).toEqual(Array.from(FORMATS, () => "boolean"));
});
