import { describe, expect, test } from "vitest";
import { createVolumeTally, NAMED_MAX, type Cell } from "../../src/gateway/volume-tally.ts";
import { repeatKind } from "../../src/gateway/duplicate.ts";
import type { VolumeTally } from "../../src/store/volume.ts";
import { failedRow, validatedRow } from "../store/rows.ts";

const HOUR_MS = 3_600_000;

function named(producer: string): readonly (readonly [string, Buffer])[] {
  return [["sigma-producer", Buffer.from(producer)]];
}

function sent(producer: string, timestampMs: number | bigint = HOUR_MS) {
  return validatedRow(`${producer}-${timestampMs}`, 1n, { headers: named(producer), timestampMs });
}

/** Kind, version, producer ("-": none, "+": others), hour ("-": none) and count, in text order. */
function shown(tallies: readonly VolumeTally[]): readonly string[] {
  return tallies
    .map(({ kind, version, producer, isOthers, hour, count }) => {
      const who = isOthers ? "+" : (producer ?? "-");
      return `${kind} ${version ?? "-"} ${who} ${hour ?? "-"}: ${count}`;
    })
    .toSorted();
}

describe("the volume of a batch", () => {
  test("is counted by decision, version, producer and hour of the records", () => {
    const tally = createVolumeTally("order");
    const rows = [
      sent("erp"),
      sent("erp", HOUR_MS * 2 - 1),
      sent("erp", HOUR_MS * 2),
      sent("crm"),
      sent("erp"),
      validatedRow("none", 2n, { timestampMs: HOUR_MS }),
      failedRow(3n, { timestampMs: HOUR_MS, contract: null }),
      failedRow(4n, { timestampMs: HOUR_MS, headers: named("erp"), producer: "erp" }),
    ];
    rows.forEach(tally.see);
    expect(shown(tally.end().decided())).toEqual([
      "failed - - 1: 1",
      "failed 2 erp 1: 1",
      "passed 2 - 1: 1",
      "passed 2 crm 1: 1",
      "passed 2 erp 1: 3",
      "passed 2 erp 2: 1",
    ]);
  });

  test("has no hour for records of a time before 1970 or after 9999", () => {
    const tally = createVolumeTally("order");
    for (const at of [-1, 253_402_300_800_000, 2n ** 63n - 1n, -(2n ** 63n)]) tally.see(sent("erp", at));
    tally.see(sent("erp", 0));
    expect(shown(tally.end().decided())).toEqual(["passed 2 erp -: 4", "passed 2 erp 0: 1"]);
  });

  test("says what became of records whose id was taken, where they are counted", () => {
    const tally = createVolumeTally("order");
    const cells: Cell[] = [sent("erp"), sent("erp"), sent("crm"), sent("erp")].map(tally.see);
    cells.forEach(tally.addFact);
    const volume = tally.end();
    const taken = volume.taken([
      { cell: volume.cellOf(1), kind: "duplicate" },
      { cell: volume.cellOf(3), kind: "duplicate" },
      { cell: volume.cellOf(2), kind: "conflict" },
      { cell: volume.cellOf(0), kind: "redelivery" },
    ]);
    expect(shown(taken)).toEqual(["conflict 2 crm 1: 1", "duplicate 2 erp 1: 2", "redelivery 2 erp 1: 1"]);
    expect(() => volume.cellOf(4)).toThrow("Cannot count fact 4 of 4");
  });

  test("tells a message delivered again from a fact said again by the time of the record", () => {
    expect(repeatKind({ timestampMs: 5 }, { timestampMs: 5 })).toBe("redelivery");
    expect(repeatKind({ timestampMs: 6 }, { timestampMs: 5 })).toBe("duplicate");
    expect(repeatKind({ timestampMs: 2n ** 60n }, { timestampMs: 2n ** 60n })).toBe("redelivery");
    expect(repeatKind({ timestampMs: 5 }, { timestampMs: null })).toBe("duplicate");
  });

  test("names the producers that sent most, and counts the others together", () => {
    const tally = createVolumeTally("order");
    for (let number = 0; number < NAMED_MAX + 3; number += 1) {
      const name = `p${String(number).padStart(3, "0")}`;
      tally.see(sent(name));
      if (number >= 3) tally.see(sent(name));
    }
    const [last] = [sent("p000")].map(tally.see);
    const volume = tally.end();
    const found = shown(volume.decided());
    // p001 and p002 sent one record each; p000 two, as all others did, and of these the last by name is left out.
    expect(found).toHaveLength(NAMED_MAX + 1);
    expect(found[0]).toBe("passed 2 + 1: 4");
    expect(found).toContain("passed 2 p000 1: 2");
    expect(found.join()).not.toContain(`p0${NAMED_MAX + 2} `);
    expect(shown(volume.taken([{ cell: last as Cell, kind: "conflict" }]))).toEqual(["conflict 2 p000 1: 1"]);
  });
});
