import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { canonicalText } from "../../src/json/canonical.ts";
import { compileContractSet } from "../../src/core/compile.ts";
import { DEFAULT_LIMITS } from "../../src/core/contract-set.ts";
import { decide } from "../../src/core/decide.ts";
import { failureCode } from "../../src/core/failure.ts";
import { toContractSet } from "../../src/contract/files.ts";
import { loaded } from "./contract-files.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** Lines of NDJSON as bytes: one of them is not UTF-8. */
function lines(bytes: Buffer): readonly Buffer[] {
  const found: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
    found.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return start < bytes.length ? [...found, bytes.subarray(start)] : found;
}

/** What becomes of the example lines, in order, by the words of examples/README.md. */
function tally(): Readonly<Record<string, number>> {
  const binding = { topic: "shipments", subject: "shipment", defaultVersion: 1 };
  const set = compileContractSet(toContractSet(loaded(join(ROOT, "contracts")), [binding], DEFAULT_LIMITS));
  const contents = new Map<string, string>();
  const counts: Record<string, number> = {};
  for (const value of lines(readFileSync(join(ROOT, "examples/shipments.ndjson")))) {
    const become = value.length === 0 ? "skipped" : becomes(value);
    counts[become] = (counts[become] ?? 0) + 1;
  }
  return counts;

  function becomes(value: Buffer): string {
    const decision = decide({ topic: "shipments", headers: [], value }, set);
    if (decision.status === "FAILED") return failureCode(decision.reason);
    const content = canonicalText(decision.payload);
    const before = contents.get(decision.id);
    if (before === undefined) contents.set(decision.id, content);
    return before === undefined ? "PASSED" : before === content ? "duplicate" : "conflict";
  }
}

/** The rows `| code | number |` of the table. */
function documented(): Readonly<Record<string, number>> {
  const text = readFileSync(join(ROOT, "examples/README.md"), "utf8");
  return Object.fromEntries(
    [...text.matchAll(/^\| `([^`]+)` +\| +(\d+) \|/gm)].map((match) => [match[1]!, Number(match[2])]),
  );
}

test("the example lines become what the table beside them says", () => {
  expect(tally()).toEqual(documented());
});

test("the example has a line for every code a record without headers can get, but those of missing and huge records", () => {
  expect(Object.keys(tally()).toSorted()).toEqual([
    "PASSED",
    "conflict",
    "duplicate",
    "malformed-duplicate-key",
    "malformed-forbidden-key",
    "malformed-lone-surrogate",
    "malformed-lossy-number",
    "malformed-not-json",
    "malformed-not-utf8",
    "malformed-too-deep",
    "rule",
    "schema",
    "skipped",
  ]);
});
