import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MUTANTS } from "./mutants.ts";

const ROOT = join(import.meta.dirname, "../..");

test("each deliberate bug changes a place that is in its file exactly once", () => {
  const counts = MUTANTS.map(({ name, file, find }) => [
    name,
    readFileSync(join(ROOT, file), "utf8").split(find).length - 1,
  ]);
  expect(counts).toEqual(MUTANTS.map(({ name }) => [name, 1]));
});
