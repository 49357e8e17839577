import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { checkContracts, lintContracts, loadFrozenContracts } from "../../src/contract/commands.ts";
import type { Fault } from "../../src/contract/fault.ts";
import { writeFiles, type Files } from "../contract/contract-files.ts";
import { CLOCK, mutated, tryCases } from "./budget.ts";

const CONTRACTS = resolve(import.meta.dirname, "../../contracts");

/** No text of a few kilobytes takes so long that is not a search without an end: usual are a few milliseconds. */
const CPU_SECONDS_MAX = 20;

const SCHEMA = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "required": ["id", "kind", "lines", "at"],
  "additionalProperties": false,
  "properties": {
    "id": { "type": "string", "minLength": 1, "maxLength": 40, "pattern": "^[A-Z]{2}-[0-9]+$" },
    "kind": { "enum": ["a", "b", null] },
    "at": { "type": "string", "format": "date-time" },
    "total": { "type": "number", "minimum": 0, "exclusiveMaximum": 1000000, "multipleOf": 0.01 },
    "lines": {
      "type": "array",
      "minItems": 1,
      "maxItems": 100,
      "uniqueItems": true,
      "items": { "$ref": "#/$defs/line" }
    },
    "note": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
    "of": { "oneOf": [{ "const": 1 }, { "const": 2 }, { "not": { "type": "integer" } }] }
  },
  "allOf": [{ "if": { "properties": { "kind": { "const": "b" } } }, "then": { "required": ["note"] } }],
  "$defs": {
    "line": {
      "type": "object",
      "required": ["qty", "price"],
      "properties": { "qty": { "type": "integer", "minimum": 1 }, "price": { "type": "number" }, "more": { "$ref": "#/$defs/line" } },
      "unevaluatedProperties": false
    }
  }
}
`;
const CONTRACT = `subject: order
owner: team@example.com
description: An order
collection: orders
identity: [/id]
versions:
  1:
    status: draft
    schema: v1.schema.json
    rules:
      - id: sum
        expression: payload.lines.map(l, l.qty * l.price).sum() <= 1000000.0
        message: too much
      - id: when
        expression: timestamp(at) > timestamp("2020-01-01T00:00:00Z")
        message: too old
`;
const SHIPMENT = (file: string): string => readFileSync(join(CONTRACTS, "shipment", file), "utf8");

const JSON_TOKENS = [
  '"$ref": "#",',
  '"$ref": "#/$defs/line",',
  '"$ref": "#/properties/id/%",',
  '"$ref": "https://example.org/x",',
  '"$dynamicRef": "#a",',
  '"$id": "x",',
  '"$anchor": "a",',
  '"type": "integer",',
  '"type": [],',
  '"enum": [],',
  '"const": {"toString": 1},',
  '"not": {},',
  '"minItems": 9007199254740993,',
  '"maximum": 1e400,',
  '"multipleOf": 1e-300,',
  '"multipleOf": 0,',
  '"pattern": "(a+)+$",',
  '"pattern": "[",',
  '"pattern": "^(?:a|b|ab)*$",',
  '"patternProperties": {"^(a|aa)+$": false},',
  '"format": "int64",',
  '"format": "nope",',
  '"dependentSchemas": {"id": false},',
  '"contains": true, "minContains": 3,',
  '"unevaluatedItems": false,',
  '"__proto__": {"type": "string"},',
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "null",
  "true",
  "-",
  "//",
  "\\u0000",
  "\\ud800",
  "\u0000",
  "\u00ff",
  "\u00ef\u00bb\u00bf",
  "[".repeat(300),
  '{"not":'.repeat(100),
  '{"anyOf":['.repeat(60),
];
const YAML_TOKENS = [
  "\n",
  "  ",
  "\t",
  "- ",
  ": ",
  "&a ",
  "*a",
  "{",
  "}",
  "[",
  "]",
  "|\n",
  "'",
  '"',
  "#",
  "~",
  "1",
  "01",
  "-1",
  "1e9",
  "status: active\n",
  "status: retired\n",
  "    sunset: 2026-02-30\n",
  "    deprecated: 2026-01-01\n",
  "    formats: annotate\n",
  "identity: [/lines/0/qty]\n",
  "versionField: /kind\n",
  "version_field: /kind\n",
  "require_what_if: true\n",
  "schema: ../../../etc/passwd\n",
  "payload.",
  ".map(x, x)",
  ".exists(x, x > 0)",
  " && ",
  " || ",
  " ? 1 : 2",
  " / 0",
  ".matches('(a+)+$')",
  "(".repeat(200),
  "!".repeat(200),
  "timestamp('x')",
  "9223372036854775808",
  "in [1, 2]",
  "has(note)",
  "size(id)",
  "__proto__: 1\n",
  "\u0000",
  "\u00ff",
  "s".repeat(5_000),
];
const LOCK_TOKENS = ["\n", " ", "#", "@", "sha256:", "0", "shipment@1", "order@1", "\u0000", "\u00ff"];

const yaml = fc.oneof(fc.constant(CONTRACT), mutated(fc.constant(CONTRACT), YAML_TOKENS, 3));
const schema = fc.oneof(fc.constant(SCHEMA), mutated(fc.constant(SCHEMA), JSON_TOKENS, 3));
const lock = readFileSync(join(CONTRACTS, "contracts.lock"), "utf8");

/** Files of a contracts directory, as Latin-1. */
const directories: fc.Arbitrary<Readonly<Record<string, string>>> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ "order/contract.yaml": yaml, "order/v1.schema.json": schema }) },
  {
    weight: 1,
    arbitrary: fc.record({
      "shipment/contract.yaml": mutated(fc.constant(SHIPMENT("contract.yaml")), YAML_TOKENS, 2),
      "shipment/v1.schema.json": fc.constant(SHIPMENT("v1.schema.json")),
      "shipment/v2.schema.json": mutated(fc.constant(SHIPMENT("v2.schema.json")), JSON_TOKENS, 2),
      "shipment/fixtures/v2/pass/one.json": mutated(fc.constant('{"shipment_id":"a","weight_kg":1}'), JSON_TOKENS, 2),
      "contracts.lock": mutated(fc.constant(lock), LOCK_TOKENS, 2),
    }),
  },
);

function prepare(): string {
  const directory = mkdtempSync(join(tmpdir(), "sigma-fuzz-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function checkFault({ code, file, line, column, message, remedy }: Fault): void {
  expect(code).toMatch(/^SIG-C-\d{3}$/);
  expect([file.length > 0, line > 0, column > 0]).toEqual([true, true, true]);
  expect([message, remedy].every((text) => text.length > 0 && text.length < 2_000)).toBe(true);
  // Words of a parser or of the runtime, and not ours.
  expect(message).not.toMatch(/call stack|undefined|\[object|is not a function|Cannot read propert/);
}

describe("whatever the files of contracts say", () => {
  test(
    "linting, checking and loading give findings with places, throw nothing, and come to an end",
    CLOCK,
    async () => {
      const root = prepare();
      await tryCases({
        runs: 250,
        corpus: "contracts",
        cases: directories,
        holds: async (texts) => {
          const directory = mkdtempSync(join(root, "c-"));
          const files: Files = Object.fromEntries(
            Object.entries(texts).map(([path, text]) => [path, Buffer.from(text, "latin1")]),
          );
          writeFiles(directory, files);
          const before = process.cpuUsage();
          const linted = await lintContracts(directory);
          linted.forEach(checkFault);
          const checked = await checkContracts(directory, null);
          if (!checked.ok) checked.faults.forEach(checkFault);
          const loaded = loadFrozenContracts(directory);
          if (!loaded.ok) loaded.faults.forEach(checkFault);
          const { user, system } = process.cpuUsage(before);
          expect((user + system) / 1_000_000).toBeLessThan(CPU_SECONDS_MAX);
          rmSync(directory, { recursive: true });
        },
      });
    },
  );
});
