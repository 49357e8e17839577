import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { unpack } from "../../src/cli/input/unpack.ts";
import type { PackedFormat } from "../../src/json/content-kind.ts";

/** What comes out of packed bytes that come in pieces, and the error that ended it. */
async function unpacked(bytes: Buffer, format: PackedFormat, piece: number): Promise<readonly [string, string | null]> {
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
  }
  const parts: Buffer[] = [];
  try {
    for await (const part of unpack(chunks(), format)) parts.push(part);
    return [Buffer.concat(parts).toString(), null];
  } catch (error) {
    return ["", (error as Error).message];
  }
}

const TEXT = `${"x".repeat(200_000)}y`;
const GZIP = gzipSync(TEXT);
const ZSTD = zstdCompressSync(TEXT);
const SKIPPED = Buffer.from("\u0050\u002a\u004d\u0018\u0004\u0000\u0000\u0000note", "latin1");

describe("unpacking", () => {
  test.each<[string, PackedFormat, Buffer, string | null, string]>([
    ["a gzip member", "gzip", GZIP, null, TEXT],
    ["an empty one", "gzip", gzipSync(""), null, ""],
    ["gzip members one after another", "gzip", Buffer.concat([GZIP, GZIP]), null, TEXT + TEXT],
    ["padded gzip", "gzip", Buffer.concat([GZIP, Buffer.alloc(512)]), null, TEXT],
    ["a second member that ends too early", "gzip", Buffer.concat([GZIP, GZIP.subarray(0, -5)]), "ends too early", ""],
    ["a zstd frame", "zstd", ZSTD, null, TEXT],
    ["zstd frames one after another", "zstd", Buffer.concat([ZSTD, ZSTD, ZSTD]), null, TEXT + TEXT + TEXT],
    ["zstd frames of a parallel packer", "zstd", Buffer.concat([SKIPPED, ZSTD, SKIPPED, ZSTD]), null, TEXT + TEXT],
    ["a second frame that ends too early", "zstd", Buffer.concat([ZSTD, ZSTD.subarray(0, -3)]), "ends too early", ""],
    ["a frame with something behind it", "zstd", Buffer.concat([ZSTD, Buffer.from("{}\n")]), "is damaged", ""],
  ])("%s, whole and in pieces", async (_, format, bytes, error, text) => {
    for (const piece of [bytes.length, GZIP.length, ZSTD.length, 7, 1]) {
      const [out, failure] = await unpacked(bytes, format, piece);
      expect([out === text, failure]).toEqual([true, error]);
    }
  });

  test("something behind the padding of gzip is never taken for nothing", async () => {
    for (const piece of [1_000_000, GZIP.length, 7]) {
      const [, failure] = await unpacked(Buffer.concat([GZIP, Buffer.alloc(512), Buffer.from("{}")]), "gzip", piece);
      expect(failure).not.toBeNull();
    }
  });
});
