import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evidenceOf, readEvidence } from "../../src/ledger/evidence.ts";
import { packEvidence, unpackEvidence } from "../../src/ledger/packed.ts";
import { drawn, place, range, tombstone } from "./drawn-records.ts";

describe("evidence", () => {
  test("gives back every record exactly, whatever it holds", () => {
    fc.assert(
      fc.property(range, fc.array(drawn, { maxLength: 8 }), (where, all) => {
        const records = place(where.from, all);
        const read = readEvidence(evidenceOf(where, records), "log/topic/0");
        if (typeof read === "string") throw new Error(read);
        expect({ topic: read.topic, partition: read.partition, from: read.from }).toEqual(where);
        expect(read.records).toEqual(
          records.map(({ position: { offset }, ...record }) => ({
            ...record,
            position: { stream: "log/topic/0", topic: where.topic, partition: where.partition, offset },
          })),
        );
      }),
      { numRuns: 500 },
    );
  });

  test("gives back what is left of erased records, and the others exactly", () => {
    fc.assert(
      fc.property(range, fc.array(fc.tuple(drawn, fc.option(tombstone)), { maxLength: 8 }), (where, all) => {
        const placed = place(
          where.from,
          all.map(([record]) => record),
        );
        const records = placed.map(({ position: { offset }, timestampMs, ...whole }, at) => {
          const position = { stream: "log/topic/0", topic: where.topic, partition: where.partition, offset };
          const erased = all[at]?.[1] ?? null;
          return erased === null ? { position, timestampMs, ...whole } : { position, timestampMs, erased };
        });
        const bytes = evidenceOf(where, records);
        expect(bytes[4]).toBe(records.some((record) => "erased" in record) ? 2 : 1);
        const read = readEvidence(bytes, "log/topic/0");
        if (typeof read === "string") throw new Error(read);
        expect(read.records).toEqual(records);
      }),
      { numRuns: 500 },
    );
  });

  test("is read, or refused with a sentence, whatever became of its bytes", () => {
    fc.assert(
      fc.property(
        range,
        fc.array(drawn, { maxLength: 4 }),
        fc.option(tombstone),
        fc.nat(),
        fc.nat({ max: 255 }),
        fc.boolean(),
        (where, all, erased, at, byte, cut) => {
          const placed = place(where.from, all);
          const first = erased === null ? placed : placed.map(({ position }) => ({ position, timestampMs: 0, erased }));
          const whole = Buffer.from(evidenceOf(where, first));
          const damaged = cut
            ? whole.subarray(0, at % whole.length)
            : whole.fill(byte, at % whole.length, (at % whole.length) + 1);
          const read = readEvidence(damaged, "s");
          expect(["string", "object"]).toContain(typeof read);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test("of one batch is the same bytes, however they are packed", () => {
    const records = place(0n, [{ gap: 0n, timestampMs: 1, key: null, headers: [], value: Buffer.from("{}") }]);
    const few = evidenceOf({ topic: "t", partition: 0, from: 0n }, records);
    const many = evidenceOf({ topic: "t".repeat(5_000), partition: 0, from: 0n }, records);
    expect([packEvidence(few).length, packEvidence(many).length < 200]).toEqual([few.length, true]);
    for (const evidence of [few, many]) {
      expect(unpackEvidence(packEvidence(evidence), evidence.length)).toEqual(evidence);
      expect(unpackEvidence(packEvidence(evidence), evidence.length - 1)).toBeNull();
    }
    expect(unpackEvidence(Buffer.from("no zstd"), 1_000)).toBeNull();
  });
});
