import fc from "fast-check";
import { expect, test } from "vitest";
import { createProof, decodeApplied, decodeOutcomes, outcomeRoot } from "../../src/ledger/proof.ts";
import { resolvedOf, type Resolution } from "../../src/gateway/resolution.ts";
import type { SourceRecord } from "../../src/core/record.ts";
import type { Outcome } from "../../src/ledger/entry.ts";

type Timed = Pick<SourceRecord, "position" | "timestampMs">;

type Given = { readonly record: Timed; readonly outcome: Outcome; readonly id: string };

/** Also where an offset stops to be exact as a number. */
const start = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 62n }),
  fc.bigInt({ min: 2n ** 53n - 40n, max: 2n ** 53n + 2n }),
);
const steps = fc.array(
  fc.record({
    hole: fc.constantFrom(0n, 0n, 0n, 1n, 17n),
    outcome: fc.constantFrom("P" as const, "F" as const),
    timestampMs: fc.nat(),
  }),
  { maxLength: 60 },
);

test("the proof of a batch is its outcomes, read back, and the roots of its records and decisions", () => {
  fc.assert(
    fc.property(start, steps, fc.constantFrom(0n, 5n), (from, given, behind) => {
      let next = from;
      const leaves = given.map(({ hole, outcome, timestampMs }, index): Given => {
        const offset = next + hole;
        next = offset + 1n;
        const position = { stream: "s", topic: "t", partition: 0, offset };
        const record = { position, timestampMs };
        return { record, outcome, id: `id-${index}` };
      });
      const to = next + behind;
      const proof = createProof(from);
      for (const { record, outcome, id } of leaves) proof.add(record, outcome, id);
      const { count, outcomes, newestMs, root } = proof.end(to);
      const told = leaves.map(({ record, outcome, id }) => ({ offset: record.position.offset, outcome, id }));
      expect(count).toBe(leaves.length);
      expect(decodeOutcomes(from, outcomes)).toEqual({
        to,
        leaves: told.map(({ offset, outcome }) => ({ offset, outcome })),
      });
      expect(newestMs).toBe(Math.max(0, ...given.map(({ timestampMs }) => timestampMs)));
      expect(root).toBe(outcomeRoot(told));
    }),
  );
});

test("two proofs that are built at the same time do not disturb each other", () => {
  const of = (offset: bigint): Timed => ({
    position: { stream: "s", topic: "t", partition: 0, offset },
    timestampMs: 1,
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

test("what applying did is told by offset: which records are facts, duplicates, conflicts and failures, and who holds them", () => {
  const position = (offset: bigint) => ({ stream: "s", topic: "t", partition: 0, offset });
  const others: readonly Resolution[] = [
    { offset: 8n, letter: "C", holder: position(1n) },
    { offset: 6n, letter: "D", holder: position(5n) },
  ];
  const entry = { from: 5n, outcomes: "P2F1P2-3" };
  expect(resolvedOf(entry, [])).toEqual({ applied: "S2F1S2-3", holders: "" });
  const resolved = resolvedOf(entry, others);
  expect(resolved.applied).toBe("S1D1F1C1S1-3");
  expect(resolvedOf(entry, others.toReversed())).toEqual(resolved);
  expect(resolved.holders).toMatch(/^[0-9a-f]{64}$/);
  const moved = others.map((one) => ({ ...one, holder: position(2n) }));
  expect(resolvedOf(entry, moved)).toEqual({
    applied: resolved.applied,
    holders: expect.not.stringMatching(resolved.holders) as unknown,
  });
  expect(decodeApplied(5n, resolved.applied)?.leaves.map(({ outcome }) => outcome)).toEqual(["S", "D", "F", "C", "S"]);
  expect(decodeApplied(5n, "P5")).toBeNull();
});
