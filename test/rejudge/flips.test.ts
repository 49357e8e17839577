import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countFlips, noCounts, sumOf, type Flip } from "../../src/rejudge/flips.ts";
import { CELLS, type Cell, type Flips, type Group } from "../../src/rejudge/report.ts";

function flipOf(cell: Cell, fingerprint: string | null = null, declared = false): Flip {
  return { cell, fingerprint, cause: () => `cause of ${fingerprint ?? "nothing"}`, declared, identityChanged: false };
}

function total(groups: readonly Group[]): number {
  return groups.reduce((sum, { counts }) => sum + sumOf(counts), 0);
}

const RECORDS = fc.array(
  fc.record({
    cell: fc.constantFrom(...CELLS),
    producer: fc.option(fc.constantFrom("a", "b", "c", "(unknown)", "__proto__")),
    fingerprint: fc.option(fc.constantFrom("1", "2", "constructor")),
    declared: fc.boolean(),
    identityChanged: fc.boolean(),
  }),
  { maxLength: 200 },
);

describe("the flip matrix", () => {
  test("sums to the records it was given, in whole and by producer, whatever they are", () => {
    fc.assert(
      fc.property(RECORDS, (records) => {
        const { add, flips } = countFlips(2);
        records.forEach((one, index) => add({ ...one, cause: () => "" }, one.producer, () => `t/0@${index}`));
        const all = flips();
        const apart = records.filter(({ declared }) => declared).length;
        expect([sumOf(all.counts), sumOf(all.declared)]).toEqual([records.length - apart, apart]);
        expect(total(all.producers)).toBe(records.length - apart);
        const named = records.filter(({ declared, fingerprint }) => !declared && fingerprint !== null);
        expect(total(all.fingerprints)).toBe(named.length);
        expect(all.identityChanged).toBe(records.filter(({ identityChanged }) => identityChanged).length);
        for (const { examples, counts } of [all, ...all.producers, ...all.fingerprints]) {
          for (const cell of CELLS) expect(examples[cell]?.length ?? 0).toBe(Math.min(2, counts[cell]));
        }
      }),
      { seed: 11, numRuns: 100 },
    );
  });

  test("goes on from where another counter stopped as if there had been one", () => {
    fc.assert(
      fc.property(RECORDS, fc.nat(200), (records, cut) => {
        const place = (index: number) => (): string => `t/0@${index}`;
        const whole = countFlips(3);
        const first = countFlips(3);
        records.forEach((one, index) => whole.add({ ...one, cause: () => "" }, one.producer, place(index)));
        records
          .slice(0, cut)
          .forEach((one, index) => first.add({ ...one, cause: () => "" }, one.producer, place(index)));
        const second = countFlips(3, JSON.parse(JSON.stringify(first.flips())) as Flips);
        records
          .slice(cut)
          .forEach((one, index) => second.add({ ...one, cause: () => "" }, one.producer, place(cut + index)));
        expect(second.flips()).toEqual(whole.flips());
      }),
      { seed: 12, numRuns: 50 },
    );
  });

  test("of parts that are joined in their order is that of one counter, whichever groups are told apart", () => {
    fc.assert(
      fc.property(RECORDS, fc.nat(200), fc.constantFrom(1, 2, 1_000), (records, cut, groupsMax) => {
        const whole = countFlips(3, null, groupsMax);
        const joined = countFlips(3, null, groupsMax);
        records.forEach((one, index) => whole.add({ ...one, cause: () => "" }, one.producer, () => `t/0@${index}`));
        for (const [from, to] of [
          [0, cut],
          [cut, cut],
          [cut, records.length],
        ] as const) {
          const part = countFlips(3, null, Number.POSITIVE_INFINITY);
          for (const [index, one] of [...records.entries()].slice(from, to)) {
            part.add({ ...one, cause: () => "" }, one.producer, () => `t/0@${index}`);
          }
          joined.join(structuredClone(part.tally()));
        }
        // The rest is joined group by group: which of its positions are shown is not said to be the first.
        const told = ({ producers, fingerprints, ...others }: Flips): unknown => [
          others,
          ...[...producers, ...fingerprints].map((one) => (one.name === "(other)" ? one.counts : one)),
        ];
        expect(told(joined.flips())).toEqual(told(whole.flips()));
      }),
      { seed: 13, numRuns: 200 },
    );
  });

  test("keeps the first positions of each cell, and puts the worst group first", () => {
    const { add, flips } = countFlips(1);
    add(flipOf("passToPass"), "calm", () => "t/0@0");
    add(flipOf("passToFail", "f"), "loud", () => "t/0@1");
    add(flipOf("passToFail", "f"), "loud", () => "t/0@2");
    add(flipOf("failToPass", "g"), null, () => "t/0@3");
    const { examples, producers, fingerprints } = flips();
    expect(examples).toEqual({ passToPass: ["t/0@0"], passToFail: ["t/0@1"], failToPass: ["t/0@3"] });
    expect(producers.map(({ name }) => name)).toEqual(["loud", "(unknown)", "calm"]);
    expect(fingerprints).toEqual([
      { name: "f", cause: "cause of f", counts: { ...noCounts(), passToFail: 2 }, examples: { passToFail: ["t/0@1"] } },
      { name: "g", cause: "cause of g", counts: { ...noCounts(), failToPass: 1 }, examples: { failToPass: ["t/0@3"] } },
    ]);
  });

  test("tells a thousand producers and fingerprints apart, sums the rest and says so", () => {
    const { add, flips } = countFlips(0);
    for (let n = 0; n < 1_500; n += 1) add(flipOf("passToFail", `f${n}`), `p${n}`, () => "");
    const { producers, fingerprints, otherProducers, otherFingerprints, counts } = flips();
    expect([producers.length, fingerprints.length, otherProducers, otherFingerprints]).toEqual([
      1_001,
      1_001,
      true,
      true,
    ]);
    expect([producers[0]?.name, producers[0]?.counts.passToFail]).toEqual(["(other)", 500]);
    expect([total(producers), total(fingerprints), counts.passToFail]).toEqual([1_500, 1_500, 1_500]);
    expect(countFlips(0).flips().otherProducers).toBe(false);
  });
});
