import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CANARIES } from "../canaries.ts";
import { faultsOfOutput } from "../output.ts";

test("there are forty canaries, and none is part of another", () => {
  const values: readonly string[] = Object.values(CANARIES);
  expect(values).toHaveLength(40);
  expect(values.filter((one) => values.some((other) => other !== one && other.includes(one)))).toEqual([]);
});

test("each canary is put somewhere", () => {
  const text = readFileSync(join(import.meta.dirname, "../e2e/canaries.test.ts"), "utf8");
  expect(Object.keys(CANARIES).filter((name) => !new RegExp(`\\bC\\.${name}\\b`).test(text))).toEqual([]);
});

test("output that shows a canary, or a line of the log that does not conform, is found out", () => {
  expect(faultsOfOutput(`fine\n{"kind":"started"}\n`)).toEqual([]);
  expect(faultsOfOutput(`error for ${CANARIES.mail}\n`)).toEqual([expect.stringMatching(/^shows the canary mail/)]);
  expect(faultsOfOutput(`error for ${CANARIES.mail}\n`, [CANARIES.mail])).toEqual([]);
  expect(faultsOfOutput('{"level":"info","payload":1}\n')).not.toEqual([]);
});
