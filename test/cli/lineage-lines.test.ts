import { expect, test } from "vitest";
import { lineageLines } from "../../src/cli/commands/failures/lineage-lines.ts";
import { exactInteger } from "../../src/json/exact-integer.ts";

const AT = { topic: "orders", partition: 0, offset: exactInteger(300n) };

test("the fact that a record repeats is told where it lies: in the log, or in a redrive of the record at that offset", () => {
  const shown = (stream: string): readonly string[] =>
    lineageLines({ fact: { ...AT, stream }, redrives: [], corrections: [] });
  expect(shown("cluster/topic/0")).toEqual(["fact at    orders/0@300"]);
  expect(shown("redrive/0bd454ac3a8e/1")).toEqual(["fact at    orders/0@300, redriven by plan 0bd454ac3a8e"]);
});
