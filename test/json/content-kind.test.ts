import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { recogniseContent, recogniseLanguage } from "../../src/json/content-kind.ts";

const utf16be = (text: string): Buffer => Buffer.from(text, "utf16le").swap16();
const utf32 = (text: string, order: "LE" | "BE"): Buffer => {
  const bytes = Buffer.alloc(text.length * 4);
  for (let at = 0; at < text.length; at += 1) bytes[`writeUInt32${order}`](text.charCodeAt(at), at * 4);
  return bytes;
};

const kindOf = (bytes: Buffer | string): unknown => {
  const found = recogniseContent(Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes, "latin1"));
  return found.kind === "foreign" ? found.what : found.kind === "packed" ? found.format : found.skip;
};

describe("what the first bytes say", () => {
  test.each<[string, Buffer | string, unknown]>([
    ["lines of JSON", '{"id":"x"}\n', 0],
    ["nothing", "", 0],
    ["one byte", "1", 0],
    ["text that is no JSON", "hello", 0],
    ["a byte order mark", '\xef\xbb\xbf{"id":"x"}', 3],
    ["a record with a schema id of one byte", '\x00\x00\x00\x00\x07{"id":"x"}\n', 0],
    ["a record with a schema id of two bytes", '\x00\x00\x00\x01\x07{"id":"x"}\n', 0],
    ["a record with some NUL bytes", '{"id":"\x00\x00\x00"}\n', 0],
    ["gzip", gzipSync("x"), "gzip"],
    ["zstd", zstdCompressSync("x"), "zstd"],
    ["zstd of a parallel packer", "\x50\x2a\x4d\x18\x04\x00\x00\x00", "zstd"],
    ["UTF-16 with a mark", Buffer.from("\uFEFF{}", "utf16le"), "in UTF-16LE"],
    ["UTF-16 without", Buffer.from('{"a":1}', "utf16le"), "in UTF-16LE"],
    ["the other UTF-16 with a mark", utf16be("\uFEFF{}"), "in UTF-16BE"],
    ["the other UTF-16 without", utf16be('{"a":1}'), "in UTF-16BE"],
    ["UTF-32 with a mark", utf32("\uFEFF{}", "LE"), "in UTF-32LE"],
    ["UTF-32 without", utf32("{}", "LE"), "in UTF-32LE"],
    ["the other UTF-32 with a mark", utf32("\uFEFF{}", "BE"), "in UTF-32BE"],
    ["the other UTF-32 without", utf32("{}", "BE"), "in UTF-32BE"],
    ["a ZIP archive", "PK\x03\x04\x14\x00", "a ZIP archive"],
    ["a workbook", "PK\x03\x04\x14\x00[Content_Types].xml", "an Excel workbook (.xlsx) or another Office document"],
    ["a tar archive", `records.ndjson${"\x00".repeat(243)}ustar\x0000`, "a tar archive"],
    ["bzip2", "BZh91AY&SY", "bzip2 data"],
    ["Parquet", "PAR1\x15\x04", "a Parquet file"],
    ["Avro", "Obj\x01\x04", "an Avro file"],
    ["something else", Buffer.alloc(100), "binary data of a kind that is not known"],
  ])("of %s", (_, bytes, kind) => {
    expect(kindOf(bytes)).toBe(kind);
  });
});

test.each([
  ['<?xml version="1.0"?>', "an XML document"],
  ["<!DOCTYPE html>\n<html>", "an HTML page"],
  ["---\nid: x\n", "a YAML document"],
  ['{"id":"x"}', null],
])("text that begins with %j is %s", (text, language) => {
  expect(recogniseLanguage(Buffer.from(text))).toBe(language);
});
