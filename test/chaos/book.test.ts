import { expect, test } from "vitest";
import { arrivedAfterAll, type Doubt, type JournalEntry } from "./book.ts";

function doubt(partition: number, offset: bigint | null, sha256: string): Doubt {
  return { partition, offset, kind: "valid", shipmentId: "C-1", content: "c", sha256 };
}

const ENTRY: JournalEntry = { ...doubt(0, 5n, "aa"), offset: 5n };

test("a record in doubt that is in the log is entered where it is; one that is not there is no record", () => {
  const visible = [
    { partition: 0, offset: 5n, sha256: "aa" },
    { partition: 0, offset: 6n, sha256: "bb" },
  ];
  const doubtful = [doubt(0, null, "bb"), doubt(0, null, "cc")];
  expect(arrivedAfterAll(visible, { entries: [ENTRY], doubtful })).toEqual([doubt(0, 6n, "bb")]);
});

test("a record in doubt excuses one visible record of its partition and its bytes, and no more", () => {
  const visible = [6n, 7n].map((offset) => ({ partition: 0, offset, sha256: "bb" }));
  const both = { entries: [], doubtful: [doubt(0, null, "bb"), doubt(1, null, "bb")] };
  expect(arrivedAfterAll(visible, both)).toEqual([doubt(0, 6n, "bb")]);
});

test("a record whose offset is known is in the log there or nowhere", () => {
  const visible = [7n, 8n].map((offset) => ({ partition: 0, offset, sha256: "bb" }));
  expect(arrivedAfterAll(visible, { entries: [], doubtful: [doubt(0, 8n, "bb"), doubt(0, 9n, "bb")] })).toEqual([
    doubt(0, 8n, "bb"),
  ]);
});

test("what was acknowledged needs no doubt, and uses none up", () => {
  const visible = [5n, 6n].map((offset) => ({ partition: 0, offset, sha256: "aa" }));
  expect(arrivedAfterAll(visible, { entries: [ENTRY], doubtful: [doubt(0, null, "aa")] })).toEqual([
    doubt(0, 6n, "aa"),
  ]);
});

test("a record in doubt at a known offset excuses that one, and leaves a doubt without an offset to another record of its bytes", () => {
  const visible = [6n, 9n].map((offset) => ({ partition: 0, offset, sha256: "-" }));
  // What failed without an answer is booked first, then what its transaction had been told the offsets of.
  const doubtful = [doubt(0, null, "-"), doubt(0, 6n, "-")];
  expect(arrivedAfterAll(visible, { entries: [], doubtful })).toEqual([doubt(0, 6n, "-"), doubt(0, 9n, "-")]);
});
