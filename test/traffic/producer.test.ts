import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createProducerReader, PRODUCER_NAME_MAX, producerOf } from "../../src/traffic/producer.ts";
import type { Header } from "../../src/core/record.ts";

function named(...headers: readonly (readonly [string, string | Uint8Array])[]): string | null {
  return producerOf({
    headers: headers.map(([name, value]): Header => [name, typeof value === "string" ? Buffer.from(value) : value]),
  });
}

describe("the producer of a record", () => {
  test("is null when no header names one", () => {
    expect([named(), named(["trace-id", "7"]), named(["sigma-producer", ""])]).toEqual([null, null, null]);
  });

  test("is named by sigma-producer before the CloudEvents source before the client id, in any order of headers", () => {
    const all = [
      ["client-id", "librdkafka"],
      ["ce_source", "//depot/7"],
      ["sigma-producer", "depot"],
    ] as const;
    expect([named(...all), named(...all.toReversed()), named(all[0], all[1]), named(all[0])]).toEqual([
      "depot",
      "depot",
      "//depot/7",
      "librdkafka",
    ]);
  });

  test("is found under every spelling of the headers", () => {
    const spellings = ["Sigma-Producer", "ce-source", "Ce_Source", "CLIENT-ID", "client.id"];
    expect(spellings.map((name) => named([name, "depot"]))).toEqual(spellings.map(() => "depot"));
  });

  test("is the first one where a header repeats, and a later header where an earlier is empty", () => {
    expect(named(["client-id", "a"], ["client.id", "b"])).toBe("a");
    expect(named(["sigma-producer", ""], ["client-id", "b"])).toBe("b");
  });

  test("is cut to 256 code units, never through a surrogate pair", () => {
    expect(named(["client-id", "x".repeat(5_000)])).toBe("x".repeat(PRODUCER_NAME_MAX));
    expect(named(["client-id", `x${"\u{1F69A}".repeat(200)}`])).toBe(`x${"\u{1F69A}".repeat(127)}\uFFFD`);
    expect(named(["client-id", "\u20AC".repeat(300)])).toBe("\u20AC".repeat(PRODUCER_NAME_MAX));
  });

  test("shows bytes that are not UTF-8 and control characters as U+FFFD", () => {
    expect(named(["client-id", Uint8Array.of(0x61, 0xff, 0x62)])).toBe("a\uFFFDb");
    expect(named(["client-id", "a\u001b[31mb\n"])).toBe("a\uFFFD[31mb\uFFFD");
  });

  test("is the same for a reader of many records, whose names come and go and whose headers look alike", () => {
    const name = fc.constantFrom(
      "sigma-producer",
      "Sigma-Producer",
      "ce_source",
      "client-id",
      "x",
      "nine-long",
      "client.id",
    );
    const value = fc.oneof(
      fc.constantFrom("", "a", "b", "ab", "ba", "svc-orders").map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 3 }),
    );
    const header = fc.tuple(name, value);
    fc.assert(
      fc.property(fc.array(fc.array(header, { maxLength: 3 }), { maxLength: 40 }), (records) => {
        const read = createProducerReader();
        const found = records.map((headers) => read({ headers }));
        expect(found).toEqual(records.map((headers) => producerOf({ headers })));
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  test("is short, well-formed and printable whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 2_000 }), (bytes) => {
        const name = named(["sigma-producer", bytes]) ?? "";
        expect(name.length).toBeGreaterThan(0);
        expect(name.length).toBeLessThanOrEqual(PRODUCER_NAME_MAX);
        expect([name.isWellFormed(), /\p{Cc}/u.test(name)]).toEqual([true, false]);
      }),
      { seed: 7, numRuns: 300 },
    );
  });
});
