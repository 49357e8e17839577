import { describe, expect, test } from "vitest";
import { ANY_FAILURE } from "../../src/failures/filter.ts";
import { parseFilter, parseTime, parseTimeToCome, type FilterText } from "../../src/failures/parse-filter.ts";

const NOW = 1_700_000_000_000;

function parsed(text: FilterText): unknown {
  const read = parseFilter(text, NOW);
  return read.ok ? read.filter : `${read.parameter} ${read.message}`;
}

describe("a filter", () => {
  test.each<[FilterText, object]>([
    [{}, {}],
    [
      { since: "1h", until: "30m" },
      { fromMs: NOW - 3_600_000, toMs: NOW - 1_800_000 },
    ],
    [{ since: "2023-11-14T00:00:00+01:00" }, { fromMs: Date.UTC(2023, 10, 13, 23) }],
    [{ since: "2024-02-29T12:30Z" }, { fromMs: Date.UTC(2024, 1, 29, 12, 30) }],
    [{ since: "2023-11-14t00:00:00.123456789z" }, { fromMs: Date.UTC(2023, 10, 14, 0, 0, 0, 123) }],
    [{ since: "999999999d" }, { fromMs: -8_640_000_000_000_000 }],
    [{ contract: "shipment" }, { subject: "shipment", version: null }],
    [{ contract: "shipment@3" }, { subject: "shipment", version: 3 }],
    [
      { contract: "shipment@3", version: "3" },
      { subject: "shipment", version: 3 },
    ],
    [
      { contract: "shipment", version: "2" },
      { subject: "shipment", version: 2 },
    ],
    [{ offset: "9223372036854775807" }, { offset: 2n ** 63n - 1n }],
    [{ partition: "0" }, { partition: 0 }],
    [{ pointer: "" }, { pointer: "" }],
    [{ field: "/a=b=c" }, { field: { pointer: "/a", value: "b=c" } }],
    [{ field: "/a=" }, { field: { pointer: "/a", value: "" } }],
    [{ group: "0".repeat(32) }, { fingerprint: "0".repeat(32) }],
    [{ state: "fixed-in" }, { state: "fixed-in" }],
  ])("%j is understood", (text, expected) => {
    expect(parsed(text)).toEqual({ ...ANY_FAILURE, ...expected });
  });

  test.each<[FilterText, string]>([
    [{ since: "yesterday" }, "since"],
    [{ since: "1w" }, "since"],
    [{ since: "-1h" }, "since"],
    [{ since: "1.5h" }, "since"],
    [{ since: "2026-02-30T00:00:00Z" }, "since"],
    [{ since: "2025-02-29T00:00:00Z" }, "since"],
    [{ until: "2026-13-01T00:00:00Z" }, "until"],
    [{ until: "2026-11-29" }, "until"],
    [{ until: "2026-11-29T10:00:00" }, "until"],
    [{ code: "" }, "code"],
    [{ group: "ABC" }, "group"],
    [{ group: "0".repeat(31) }, "group"],
    [{ partition: "-1" }, "partition"],
    [{ partition: "2147483648" }, "partition"],
    [{ offset: "9223372036854775808" }, "offset"],
    [{ offset: "1e3" }, "offset"],
    [{ contract: "shipment@0" }, "contract"],
    [{ contract: "ship ment" }, "contract"],
    [{ version: "0" }, "version"],
    [{ version: "1.0" }, "version"],
    [{ contract: "shipment@1", version: "2" }, "version"],
    [{ pointer: "weight" }, "pointer"],
    [{ state: "closed" }, "state"],
    [{ field: "destination=Dublin" }, "field"],
    [{ field: "/destination" }, "field"],
    [{ field: "/=x" }, "field"],
  ])("%j is refused by its name", (text, parameter) => {
    expect(parsed(text)).toMatch(new RegExp(`^${parameter} is `));
  });
});

describe("a time to come", () => {
  test("is one after now: an hour means the next hour, where of a filter it means the last", () => {
    expect(parseTimeToCome("1h", NOW)).toBe(NOW + 3_600_000);
    expect(parseTime("1h", NOW)).toBe(NOW - 3_600_000);
    expect(parseTimeToCome("2033-01-01T00:00:00Z", NOW)).toBe(Date.UTC(2033, 0, 1));
  });

  test.each(["0s", "2020-01-01T00:00:00Z", "soon", ""])("is not %j", (text) => {
    expect(parseTimeToCome(text, NOW)).toBeNull();
  });
});
