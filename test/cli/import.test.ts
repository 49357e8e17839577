import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { temporaryDirectory } from "../embedded.ts";
import { sigma, type Run } from "./run.ts";

const DRAFT_7 = "http://json-schema.org/draft-07/schema#";
const ROOT = { $schema: DRAFT_7, type: "object", required: ["id"] };
const BUG = ["--subject", "bug", "--identity", "/id"];

type Imported = Run & { readonly cwd: string; readonly lint: () => Promise<Run> };

/** Imports `s.json` of a fresh directory with these files. */
async function imported(files: Readonly<Record<string, unknown>>, ...args: readonly string[]): Promise<Imported> {
  const cwd = temporaryDirectory();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(cwd, name, ".."), { recursive: true });
    const text =
      typeof content === "string" || content instanceof Uint8Array ? content : JSON.stringify(content, null, 2);
    writeFileSync(join(cwd, name), text);
  }
  const run = await sigma(["contract", "import", "s.json", ...BUG, ...args], { cwd });
  return { ...run, cwd, lint: async () => sigma(["contract", "lint"], { cwd }) };
}

function schemaIn(cwd: string): unknown {
  return JSON.parse(readFileSync(join(cwd, "contracts/bug/v1.schema.json"), "utf8")) as unknown;
}

describe("sigma contract import", () => {
  test.each<[string, object]>([
    [
      "nested definitions",
      {
        definitions: { a: { definitions: { b: { type: "integer" } } } },
        properties: { id: { type: "string" }, e: { $ref: "#/definitions/a/definitions/b" } },
      },
    ],
    [
      "a list of items",
      {
        properties: {
          id: { type: "string" },
          t: { items: [{ type: "integer" }] },
          e: { $ref: "#/properties/t/items/0" },
        },
      },
    ],
    [
      "a pattern that is legal without flag u",
      { properties: { id: { type: "string", pattern: String.raw`^\d{4}\-\d{2}$` } } },
    ],
  ])("makes a draft that lints of %s", async (_, schema) => {
    const { code, lint } = await imported({ "s.json": { ...ROOT, ...schema } });
    expect(code).toBe(0);
    expect(await lint()).toMatchObject({ code: 0 });
  });

  test("bundles files beside it, files that --ref names, and those below a prefix, as JSON or YAML", async () => {
    const { code, stderr, cwd, lint } = await imported(
      {
        "s.json": {
          ...ROOT,
          properties: {
            id: { $ref: "parts/ids.json#/definitions/id" },
            money: { $ref: "https://example.com/money" },
            place: { $ref: "https://example.com/geo/v1/place.json" },
          },
        },
        "parts/ids.json": { definitions: { id: { type: "string" } } },
        "money.yaml": "type: number\nmultipleOf: 0.01\n",
        "geo/v1/place.json": { properties: { in: { $ref: "country.json" } } },
        "geo/v1/country.json": { enum: ["IE", "DE"] },
      },
      "--ref",
      "https://example.com/money=money.yaml",
      "--ref",
      "https://example.com/geo/=geo",
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining("Read it, put payloads") as string]);
    expect(await lint()).toMatchObject({ code: 0 });
    expect(schemaIn(cwd)).toMatchObject({
      properties: { id: { $ref: "#/$defs/id" }, money: { $ref: "#/$defs/money" }, place: { $ref: "#/$defs/place" } },
      $defs: {
        id: { type: "string" },
        money: { type: "number", multipleOf: 0.01 },
        place: { properties: { in: { $ref: "#/$defs/country" } } },
        country: { enum: ["IE", "DE"] },
      },
    });
  });

  test("names every reference that is not found, its place, and what to add; nothing is written", async () => {
    const { code, stderr, cwd, lint } = await imported({
      "s.json": {
        ...ROOT,
        properties: {
          id: { $ref: "https://example.com/x.json" },
          e: { $ref: "absent.json" },
          f: { $ref: "part.json" },
        },
      },
      "part.json": { type: "object", properties: { g: { $ref: "#/definitions/g" } } },
    });
    expect(code).toBe(2);
    expect(stderr.split("\n")).toEqual([
      "s.json:9:15: error SIG-I-018 Cannot import /properties/id/$ref: it refers to https://example.com/x.json, which is another document, and nothing is ever fetched",
      "  fix: give its file: --ref https://example.com/x.json=FILE",
      expect.stringMatching(
        /^s\.json:12:15: error SIG-I-018 Cannot import \/properties\/e\/\$ref: it refers to file:.*\/absent\.json, and ".*absent\.json" cannot be read: it does not exist$/,
      ),
      expect.stringMatching(/^ {2}fix: give its file: --ref file:.*absent\.json=FILE$/),
      expect.stringMatching(
        /part\.json:5:15: error SIG-I-018 Cannot import \/properties\/g\/\$ref: it refers to nothing in its document$/,
      ),
      "  fix: correct the reference, or add what it names",
      "",
    ]);
    expect((await lint()).code).toBe(2);
    expect(() => schemaIn(cwd)).toThrow("ENOENT");
  });

  test("names what cannot be part of a contract where it is in the original", async () => {
    const { code, stderr } = await imported({
      "s.json": { ...ROOT, properties: { id: { type: "string" } }, definitions: { a: { items: [{ type: "text" }] } } },
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^s\.json:1[0-9]:\d+: error SIG-I-018 Cannot be part of a contract: \/definitions\/a\/items\/0\/type: /,
    );
  });

  test("names a pattern that is none with its place inside", async () => {
    const { code, stderr } = await imported({
      "s.json": { ...ROOT, properties: { id: { type: "string", pattern: "^(?i)a" } } },
    });
    expect(code).toBe(2);
    expect(stderr).toContain(
      "s.json:10:18: error SIG-I-018 Cannot import /properties/id/pattern: the pattern is no regular expression under flag u: there are no flags for the rest of a pattern at character 2 of it",
    );
  });

  const plain = { ...ROOT, properties: { id: { type: "string" }, n: { maximum: 5 } } };
  test.each<[string, Uint8Array]>([
    ["with a byte order mark", Buffer.from(`\uFEFF${JSON.stringify(plain)}`)],
    ["in gzip", gzipSync(JSON.stringify(plain))],
    ["in zstd", zstdCompressSync(JSON.stringify(plain))],
  ])("reads a file %s", async (_, bytes) => {
    const { code, cwd } = await imported({ "s.json": bytes });
    expect(code).toBe(0);
    expect(schemaIn(cwd)).toMatchObject({ properties: plain.properties });
  });

  test.each<[string, Uint8Array | string, string]>([
    ["UTF-16", Buffer.from(JSON.stringify(plain), "utf16le"), "it is in UTF-16LE"],
    ["a ZIP archive", "PK\u0003\u0004", "it is a ZIP archive"],
    ["gzip that ends too early", gzipSync(JSON.stringify(plain)).subarray(0, 30), "its gzip data ends too early"],
    ["a key twice", '{"type":"object",\n "type":"object"}', "A key appears twice in one object at line 2, column 2"],
    ["broken JSON", '{"type":"object",\n "a": ]', "Not JSON: an unexpected character at line 2, column 7"],
  ])("refuses %s by its name", async (_, content, words) => {
    const { code, stderr } = await imported({ "s.json": content });
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(`error SIG-I-018 Cannot read "s.json": ${words}`) as string,
    ]);
  });

  test.each([
    ["nothing", "write --ref https://example.com/common.json=common.json"],
    ["https://example.com/=s.json", "a URI that ends in / stands for a directory"],
  ])("refuses --ref %s", async (ref, words) => {
    const { code, stderr } = await imported({ "s.json": plain }, "--ref", ref);
    expect([code, stderr]).toEqual([2, expect.stringContaining(words) as string]);
  });
});
