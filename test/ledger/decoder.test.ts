import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evidenceOf } from "../../src/ledger/evidence.ts";
import { runPython } from "../servers/python.ts";
import type { Tombstone } from "../../src/ledger/tombstone.ts";
import { drawn, place, range, tombstone } from "./drawn-records.ts";

describe("evidence", () => {
  test("is read by the decoder in docs/evidence.md, which is in another language", () => {
    fc.assert(
      fc.property(range, fc.array(drawn, { maxLength: 6 }), (where, all) => {
        const records = place(where.from, all);
        const printed = runPython(decoder(), evidenceOf(where, records));
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

  test("of erased records is read by it, too", () => {
    fc.assert(
      fc.property(range, fc.array(fc.tuple(drawn, fc.option(tombstone)), { maxLength: 6 }), (where, all) => {
        const placed = place(
          where.from,
          all.map(([record]) => record),
        );
        const records = placed.map(({ position, timestampMs, ...whole }, at) => {
          const erased = all[at]?.[1] ?? null;
          return erased === null ? { position, timestampMs, ...whole } : { position, timestampMs, erased };
        });
        const printed = JSON.parse(runPython(decoder(), evidenceOf(where, records))) as readonly unknown[];
        const told = records.map((record): readonly unknown[] =>
          "erased" in record
            ? [String(record.position.offset), String(record.timestampMs), settledRowsOf(record.erased)]
            : [expect.any(String), expect.any(String), hex(record.key), expect.any(Array), hex(record.value)],
        );
        expect(printed[3]).toEqual(told);
      }),
      { numRuns: 20 },
    );
  });
});

function decoder(): string {
  const [, text = ""] = /```python\n([^]*?)```/.exec(readFileSync("docs/evidence.md", "utf8")) ?? [];
  expect(text.split("\n").length).toBeLessThan(61);
  return text;
}

function settledRowsOf(erased: Tombstone): readonly unknown[] {
  const { record, contract, declaredBy } = erased;
  const said =
    erased.outcome === "P" ? [erased.id.replaceAll("-", ""), erased.content] : [erased.code, erased.fingerprint];
  const version = contract === null ? null : [contract.subject, contract.version, contract.digest];
  return [record, ...said, version, declaredBy ?? ""];
}

function hex(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString("hex");
}
