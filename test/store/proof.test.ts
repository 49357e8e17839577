import fc from "fast-check";
import { expect, test } from "vitest";
import { createProof, decodeOutcomes, outcomeRoot, rawRoot, type RawLeaf } from "../../src/store/proof.ts";
import type { Outcome } from "../../src/store/ledger.ts";

type Given = { readonly record: RawLeaf; readonly outcome: Outcome; readonly id: string };

/** Also where an offset stops to be exact as a number. */
const start = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 62n }),
  fc.bigInt({ min: 2n ** 53n - 40n, max: 2n ** 53n + 2n }),
);
const steps = fc.array(
  fc.record({
    hole: fc.constantFrom(0n, 0n, 0n, 1n, 17n),
    outcome: fc.constantFrom("P" as const, "F" as const),
    key: fc.option(fc.uint8Array({ maxLength: 3 })),
    timestampMs: fc.nat(),
  }),
  { maxLength: 60 },
);

test("the proof of a batch is its outcomes, read back, and the roots of its records and decisions", () => {
  fc.assert(
    fc.property(start, steps, fc.constantFrom(0n, 5n), (from, given, behind) => {
      let next = from;
      const leaves = given.map(({ hole, outcome, key, timestampMs }, index): Given => {
        const offset = next + hole;
        next = offset + 1n;
        const position = { stream: "s", topic: "t", partition: 0, offset };
        const record = { position, timestampMs, rawHash: String(index).padStart(64, "0"), key, headers: [] };
        return { record, outcome, id: `id-${index}` };
      });
      const to = next + behind;
      const proof = createProof(from);
      for (const { record, outcome, id } of leaves) proof.add(record, outcome, id);
      const { count, outcomes, rawRoot: raw, root } = proof.end(to);
      const told = leaves.map(({ record, outcome, id }) => ({ offset: record.position.offset, outcome, id }));
      expect(count).toBe(leaves.length);
      expect(decodeOutcomes(from, outcomes)).toEqual({
        to,
        leaves: told.map(({ offset, outcome }) => ({ offset, outcome })),
      });
      expect(raw).toBe(rawRoot(leaves.map(({ record }) => record)));
      expect(root).toBe(outcomeRoot(told));
    }),
  );
});

test("two proofs that are built at the same time do not disturb each other", () => {
  const of = (offset: bigint): RawLeaf => ({
    position: { stream: "s", topic: "t", partition: 0, offset },
    timestampMs: 1,
    rawHash: String(offset).padStart(64, "0"),
    key: null,
    headers: [],
  });
  const [one, other, alone] = [createProof(0n), createProof(100n), createProof(0n)];
  for (let offset = 0n; offset < 50n; offset += 1n) {
    one.add(of(offset), "P", `id-${offset}`);
    other.add(of(100n + offset), "F", `id-${offset}`);
    alone.add(of(offset), "P", `id-${offset}`);
  }
  other.end(150n);
  expect(one.end(50n)).toEqual(alone.end(50n));
});
