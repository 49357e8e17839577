import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Unavailable } from "../../src/core/unavailable.ts";
import { cutPage, readPage, recordsOf as recordsOfPage } from "../../src/source/kafka/page.ts";
import type { SourceRecord } from "../../src/core/record.ts";
import { CODECS, recordsOf, sealPacked, type Codec, type Written } from "../source/kafka/batch-writer.ts";
import { compressionsAlgorithms } from "@platformatic/kafka";
import { CLOCK, mutated, tryCases } from "./budget.ts";
import { NotABatch, readReference, type ReferenceRecord } from "./reference-batch.ts";

const STREAM = { id: "s", topic: "t", partition: 0 };

/** What is written as a batch, with heads and checksums that are right unless they are to be wrong. Texts are Latin-1. */
type Forged = {
  /** Its records, as they stand in it unpacked. */
  readonly records: string;
  /** Once they are packed, or null: as they come out. */
  readonly packed: string | null;
  readonly codec: Codec;
  readonly count: number;
  readonly lastOffsetDelta: number;
  readonly attributes: number;
  readonly firstOffset: string;
};

const bytes = fc.uint8Array({ maxLength: 40 }).map((one) => Buffer.from(one));
const written: fc.Arbitrary<Written> = fc.record({
  key: fc.option(bytes, { nil: undefined }),
  value: fc.option(bytes, { nil: undefined }),
  timestamp: fc.bigInt(-(2n ** 40n), 2n ** 41n),
  headers: fc.array(fc.tuple(bytes, bytes), { maxLength: 3 }).map((entries) => new Map(entries)),
});
const messages = fc.array(written, { minLength: 1, maxLength: 5 });
const TOKENS = [
  "\u0000",
  "\u0001",
  "\u0002",
  "\u007f",
  "\u0080\u0001",
  "\u00ff",
  "\u00ff\u00ff\u00ff\u00ff\u000f",
  "\u00fe\u00ff\u00ff\u00ff\u000f",
  "\u0080\u0080\u0080\u0080\u0080\u0080\u0080\u0080\u0080\u0080",
  "\u009e\u00d0\u00a8\u00ae\u0055",
  "\u0080\u0080\u0080\u0080\u0080\u0080\u0080\u0080\u0080\u0002",
];

const forged: fc.Arbitrary<Forged> = messages.chain((wrote) => {
  const records = recordsOf(wrote).toString("latin1");
  const count = wrote.length;
  const nearly = (right: number): fc.Arbitrary<number> =>
    fc.oneof(
      { weight: 6, arbitrary: fc.constant(right) },
      { weight: 1, arbitrary: fc.constantFrom(right - 1, right + 1, 0, -1, 2 ** 31 - 1, -(2 ** 31)) },
    );
  return fc.constantFrom(...CODECS).chain((codec) => {
    const pack = (text: string): string =>
      compressionsAlgorithms[codec].compressSync(Buffer.from(text, "latin1")).toString("latin1");
    return fc.record({
      records: fc.oneof(fc.constant(records), mutated(fc.constant(records), TOKENS, 2)),
      packed: fc.oneof(
        { weight: 3, arbitrary: fc.constant(null) },
        { weight: 1, arbitrary: mutated(fc.constant(pack(records)), TOKENS, 2) },
      ),
      codec: fc.constant(codec),
      count: nearly(count),
      lastOffsetDelta: nearly(count - 1),
      attributes: fc.oneof(
        { weight: 8, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.constantFrom(0x08, 0x10, 0x20, 0x30, 0x40, 5, 7) },
      ),
      firstOffset: fc.constantFrom("0", "7", "9007199254740990", "9223372036854775800"),
    });
  });
});

function bytesOf({ records, packed, codec, count, lastOffsetDelta, attributes, firstOffset }: Forged): Buffer {
  return sealPacked(packedOf(records, packed, codec), 1_700_000_000_000n, {
    firstOffset: BigInt(firstOffset),
    codec,
    count,
    lastOffsetDelta,
    attributes,
  });
}

function packedOf(records: string, packed: string | null, codec: Codec): Buffer {
  // The driver's lz4 and snappy throw on nothing at all, once their memory has grown.
  if (packed !== null || records === "") return Buffer.from(packed ?? "", "latin1");
  return compressionsAlgorithms[codec].compressSync(Buffer.from(records, "latin1"));
}

/** Reads as the gateway does, a few records at a time; null when it was refused with a code. */
function read(data: Buffer, from: bigint): readonly SourceRecord[] | null {
  const found: SourceRecord[] = [];
  try {
    let left: ReturnType<typeof readPage> | null = readPage(STREAM, from, { abortedTransactions: null, bytes: data });
    while (left !== null) {
      const { head, rest } = cutPage(left, { recordsMax: 2, bytesMax: 1_000_000 });
      const records = recordsOfPage(head);
      for (const { position } of records) {
        if (position.offset < head.from || position.offset >= head.to) throw new Error("a record beyond its page");
      }
      found.push(...records);
      left = rest;
    }
    return found;
  } catch (error) {
    if (error instanceof Unavailable && error.code.startsWith("LOG_")) return null;
    throw error;
  }
}

function compared({ position, timestampMs, key, value, headers }: SourceRecord): ReferenceRecord {
  const latin1 = (one: Uint8Array | null): string | null => (one === null ? null : Buffer.from(one).toString("latin1"));
  return {
    offset: position.offset,
    at: BigInt(timestampMs),
    key: latin1(key),
    value: latin1(value),
    headers: headers.map(([name, of]) => [name, latin1(of) ?? ""] as const),
  };
}

function referenceOf(data: Buffer): readonly ReferenceRecord[] | null {
  try {
    return readReference(data);
  } catch (error) {
    if (error instanceof NotABatch) return null;
    throw error;
  }
}

describe("record batches of a log that is not as it should be", () => {
  test("whoever sealed a batch, it gives the records that are in it, or is refused with a code", CLOCK, async () => {
    await tryCases({
      runs: 3_000,
      corpus: "kafka-batch",
      cases: forged,
      holds: (one) => {
        const data = bytesOf(one);
        const found = read(data, BigInt(one.firstOffset));
        const isPlain = (one.attributes & 0x27) === 0 && ["none", "gzip", "zstd"].includes(one.codec);
        if (isPlain) expect(found?.map(compared) ?? null).toEqual(referenceOf(data));
        else for (const { key, value } of found ?? []) expect([key?.length, value?.length]).not.toContain(-1);
      },
    });
  });

  test("a response whose bytes changed on the way gives nothing that was not written", CLOCK, async () => {
    await tryCases({
      runs: 2_000,
      cases: fc.array(messages, { minLength: 1, maxLength: 3 }).chain((batches) => {
        let offset = 0n;
        const parts = batches.map((wrote) => {
          const text = sealPacked(recordsOf(wrote), wrote[0]?.timestamp ?? 0n, {
            firstOffset: offset,
            codec: "none",
            count: wrote.length,
            lastOffsetDelta: wrote.length - 1,
          }).toString("latin1");
          offset += BigInt(wrote.length);
          return text;
        });
        return fc.record({ right: fc.constant(parts.join("")), sent: mutated(fc.constant(parts.join("")), TOKENS, 2) });
      }),
      holds: ({ right, sent }) => {
        const all = (read(Buffer.from(right, "latin1"), 0n) ?? []).map(compared);
        // Refused as a whole, it gives nothing.
        const found = read(Buffer.from(sent, "latin1"), 0n) ?? [];
        // Where a batch begins is the broker's to say, and in no checksum: what the records hold is.
        const contents = found.map(compared).map(({ key, value, headers }) => ({ key, value, headers }));
        const sealed = all.map(({ key, value, headers }) => ({ key, value, headers }));
        for (const one of contents) expect(sealed).toContainEqual(one);
      },
    });
  });
});
