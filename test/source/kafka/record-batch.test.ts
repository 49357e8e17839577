import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cutPage, joinPages, readPage, recordsIn, recordsOf, type Page } from "../../../src/source/kafka/page.ts";
import { inflate, splitBatches } from "../../../src/source/kafka/record-batch.ts";
import { exactInteger } from "../../../src/json/exact-integer.ts";
import type { Stream } from "../../../src/source/source.ts";
import { batchOf, CODECS, type Written } from "./batch-writer.ts";

// What real brokers send is in the laws and in source.test.ts; here are the bytes that no broker can be made to send.

const STREAM: Stream = { id: "c/t/0", topic: "t", partition: 0 };
const ALL = { recordsMax: 10_000, bytesMax: 1_000_000_000 };

const bytes = fc.uint8Array({ maxLength: 300 }).map((one) => Buffer.from(one));
const written: fc.Arbitrary<Written> = fc.record({
  key: fc.option(bytes, { nil: undefined }),
  value: fc.option(bytes, { nil: undefined }),
  timestamp: fc.oneof(
    fc.bigInt(0n, 2n ** 41n),
    fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
    fc.constantFrom(-1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 1_700_000_000_000_000_001n, 2n ** 63n - 1n),
  ),
  headers: fc.array(fc.tuple(bytes, bytes), { maxLength: 4 }).map((entries) => new Map(entries)),
});

function message(text: string): Written {
  return { key: undefined, value: Buffer.from(text), timestamp: 1_700_000_000_000n, headers: new Map() };
}

function pageOf(data: Buffer, from = 0n): Page {
  return readPage(STREAM, from, { abortedTransactions: null, bytes: data });
}

function textsOf(page: Page | null): readonly string[] {
  return page === null ? [] : recordsOf(page).map(({ value }) => Buffer.from(value ?? []).toString());
}

describe("a page of record batches", () => {
  test("holds every record as it was written, with every codec and wherever it is cut", () => {
    const input = fc.record({
      messages: fc.array(written, { minLength: 1, maxLength: 12 }),
      codec: fc.constantFrom(...CODECS),
      firstOffset: fc.oneof(fc.bigInt(0n, 1_000n), fc.bigInt(2n ** 53n - 4n, 2n ** 62n)),
      recordsMax: fc.integer({ min: 1, max: 12 }),
    });
    fc.assert(
      fc.property(input, ({ messages, codec, firstOffset, recordsMax }) => {
        const expected = messages.map(({ key, value, timestamp, headers }, index) => ({
          position: { stream: STREAM.id, topic: "t", partition: 0, offset: firstOffset + BigInt(index) },
          timestampMs: exactInteger(timestamp),
          key: key ?? null,
          headers: [...headers].map(([name, of]) => [name.toString("utf8"), of]),
          value: value ?? null,
        }));
        const found: unknown[] = [];
        let left: Page | null = pageOf(batchOf(messages, firstOffset, codec), firstOffset);
        for (let next = firstOffset; left !== null;) {
          const { head, count, rest } = cutPage(left, { ...ALL, recordsMax });
          const records = recordsOf(head);
          expect([head.from, records.length]).toEqual([next, count]);
          found.push(...records);
          next = head.to;
          left = rest;
        }
        expect(found).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test("is refused when any byte that was written is another", () => {
    const good = batchOf([message("one"), message("two")], 5n);
    for (let at = 0; at < good.length; at += 1) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 0x10;
      // Offset, length and epoch of the leader are the broker's, and not in the checksum.
      if (at < 8 || (at >= 12 && at < 16)) continue;
      const read = (): unknown => pageOf(bad, 5n).to;
      // A batch that claims to be longer may be one that the response cut off.
      if (at < 12 && bad.readInt32BE(8) > good.readInt32BE(8)) expect(read()).toBe(5n);
      else expect(read).toThrow(expect.objectContaining({ code: at === 16 ? "LOG_FORMAT" : "LOG_DAMAGED" }));
    }
  });

  test("leaves out a last batch that the response cut off", () => {
    const [first, second] = [batchOf([message("one")], 0n), batchOf([message("two")], 1n)];
    for (let kept = 0; kept < second.length; kept += 1) {
      const page = pageOf(Buffer.concat([first, second.subarray(0, kept)]));
      expect([page.to, textsOf(page)]).toEqual([1n, ["one"]]);
    }
  });

  test("begins inside a batch, and inside one it is cut", () => {
    const data = Buffer.concat([batchOf(["a", "b", "c"].map(message), 10n), batchOf(["d", "e"].map(message), 13n)]);
    const page = pageOf(data, 11n);
    const { head, count, rest } = cutPage(page, ALL, 14n);
    expect([head.to, count, textsOf(head)]).toEqual([14n, 3, ["b", "c", "d"]]);
    expect([rest?.from, rest?.to, textsOf(rest)]).toEqual([14n, 15n, ["e"]]);
    const byBytes = cutPage(page, { ...ALL, bytesMax: 2 });
    expect([byBytes.head.to, textsOf(byBytes.head), textsOf(byBytes.rest)]).toEqual([13n, ["b", "c"], ["d", "e"]]);
  });

  test("what is left of a page and the page behind it are one", () => {
    const left = cutPage(pageOf(batchOf(["a", "b", "c"].map(message), 10n), 10n), { ...ALL, recordsMax: 1 }).rest;
    if (left === null) throw new Error("nothing is left");
    const joined = joinPages(left, pageOf(batchOf(["d", "e"].map(message), 15n), 13n));
    expect([joined.from, joined.to, recordsIn(joined), textsOf(joined)]).toEqual([11n, 17n, 4, ["b", "c", "d", "e"]]);
    const cut = cutPage(joined, { ...ALL, recordsMax: 3 });
    expect([cut.head.to, cut.bytes, textsOf(cut.head), textsOf(cut.rest)]).toEqual([16n, 3, ["b", "c", "d"], ["e"]]);
  });

  test("takes one record however large it is", () => {
    const page = pageOf(batchOf(["large", "x"].map(message)));
    expect(textsOf(cutPage(page, { ...ALL, bytesMax: 1 }).head)).toEqual(["large"]);
  });

  test.each(["gzip", "zstd"] as const)("is refused when a batch of %s has no end", (codec) => {
    const [batch] = splitBatches(batchOf([message("x".repeat(100_000))], 7n, codec));
    if (batch === undefined) throw new Error("there is no batch");
    expect(inflate(batch).length).toBeGreaterThan(100_000);
    expect(() => inflate(batch, 100_000)).toThrow(
      expect.objectContaining({ code: "LOG_TOO_LARGE", message: expect.stringContaining("offset 7") as string }),
    );
  });

  test("is refused when a batch that was sealed so holds no records", () => {
    // The checksum is right, what it covers is not: a producer that counts wrongly.
    const batch = batchOf([message("a"), message("b")]);
    const inside = cutPage(pageOf(batch), { ...ALL, recordsMax: 1 });
    const forged: Page = { ...inside.head, spans: inside.head.spans.map((span) => ({ ...span, count: 3 })) };
    expect(() => recordsOf(forged)).toThrow(expect.objectContaining({ code: "LOG_DAMAGED" }));
  });
});
