import { expect, test } from "vitest";
import { migrationOf } from "../../src/volume/migration.ts";
import type { VolumeRow } from "../../src/volume/volume-report.ts";

const NONE = { stored: 0, failed: 0, duplicate: 0, redelivery: 0, conflict: 0, redriven: 0, replayed: 0 };
const row = (changes: Partial<VolumeRow>): VolumeRow => ({
  hour: 0,
  subject: "shipment",
  version: 1,
  producer: "svc",
  isOthers: false,
  counts: { ...NONE, stored: 1 },
  ...changes,
});

test("records that no version judged and records decided once more say nothing of who sends what", () => {
  const { records, producers } = migrationOf(
    2,
    [],
    [
      row({ version: null }),
      row({ counts: { ...NONE, redriven: 5, replayed: 5 } }),
      row({ version: 2, counts: { ...NONE, stored: 2, failed: 1, conflict: 1, duplicate: 1 } }),
    ],
  );
  expect(records).toBe(5);
  expect(producers).toMatchObject([
    { producer: "svc", state: "moved", sent: [{ records: 0 }, { records: 5, failed: 2 }] },
  ]);
});

test("producers that are not counted by name are one row, and nobody is behind where no version is to be written", () => {
  const { producers } = migrationOf(null, [], [row({ isOthers: true, producer: null }), row({ producer: null })]);
  expect(producers.map(({ producer, isOthers, state }) => [producer, isOthers, state])).toEqual([
    ["", false, "moved"],
    ["(others)", true, "moved"],
  ]);
});
