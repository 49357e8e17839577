import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evidenceOf } from "../../src/ledger/evidence.ts";
import { runPython } from "../servers/python.ts";
import { drawn, place, range } from "./drawn-records.ts";

describe("evidence", () => {
  test("is read by the decoder in docs/evidence.md, which is in another language", () => {
    const [, decoder = ""] = /```python\n([^]*?)```/.exec(readFileSync("docs/evidence.md", "utf8")) ?? [];
    expect(decoder.split("\n").length).toBeLessThan(61);
    fc.assert(
      fc.property(range, fc.array(drawn, { maxLength: 6 }), (where, all) => {
        const records = place(where.from, all);
        const printed = runPython(decoder, evidenceOf(where, records));
        const told = records.map(({ position: { offset }, timestampMs, key, headers, value }) => [
          String(offset),
          String(timestampMs),
          hex(key),
          headers.map(([name, content]) => [name, hex(content)]),
          hex(value),
        ]);
        expect(JSON.parse(printed)).toEqual([where.topic, where.partition, String(where.from), told]);
      }),
      { numRuns: 20 },
    );
  });
});

function hex(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString("hex");
}
