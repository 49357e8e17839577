import { compileContractSet } from "../src/core/compile.ts";
import { type CompiledContractSet } from "../src/core/compiled.ts";
import { DEFAULT_LIMITS, sealContractSet, versionDigest } from "../src/core/contract-set.ts";
import { decide } from "../src/core/decide.ts";
import type { JsonObject } from "../src/json/json.ts";
import { compileSchema } from "../src/schema/schema.ts";
import { readArguments, wholeNumber } from "./arguments.ts";
import { compare, printTable } from "./rounds.ts";

// node bench/verdicts.ts [rounds]     What asserted formats, exact decimals and explanations cost, in one run.
// Targets: four formats and two multipleOf at most 1.6 times JSON.parse more than without; a failing oneOf of ten at most 10 us.

const RECORDS = 1_000;
const [ROUNDS] = readArguments(wholeNumber(41));

const plain: JsonObject = {
  type: "object",
  required: ["id", "at", "email", "page", "price", "weight"],
  properties: {
    id: { type: "string" },
    at: { type: "string" },
    email: { type: "string" },
    page: { type: "string" },
    price: { type: "number" },
    weight: { type: "number" },
  },
  additionalProperties: false,
};

function asserting(): JsonObject {
  const more: JsonObject = {
    id: { format: "uuid" },
    at: { format: "date-time" },
    email: { format: "email" },
    page: { format: "uri" },
    price: { multipleOf: 0.01 },
    weight: { multipleOf: 0.001 },
  };
  const properties = plain["properties"] as JsonObject;
  const both = Object.entries(properties).map(([name, schema]) => [
    name,
    { ...(schema as JsonObject), ...(more[name] as JsonObject) },
  ]);
  return { ...plain, properties: Object.fromEntries(both) as JsonObject };
}

function setOf(schema: JsonObject): CompiledContractSet {
  const content = { version: 1, schema, rules: [], identity: ["/id"], formats: "assert" as const };
  const version = { ...content, status: "active" as const, digest: versionDigest("s", content) };
  const contract = { subject: "s", collection: "s", versionField: null, versions: [version] };
  const bindings = [{ topic: "t", subject: "s", defaultVersion: 1 }];
  return compileContractSet(sealContractSet({ limits: DEFAULT_LIMITS, contracts: [contract], bindings }));
}

const texts = Array.from({ length: RECORDS }, (_, n) => {
  const id = `0190c7a1-7b2e-7000-8000-${String(n).padStart(12, "0")}`;
  const at = `2026-11-${String((n % 28) + 1).padStart(2, "0")}T10:${String(n % 60).padStart(2, "0")}:07.250Z`;
  const email = `someone.${n}@example.com`;
  return `{"id":"${id}","at":"${at}","email":"${email}","page":"https://example.com/orders/${n}?a=b","price":${((n % 9_000) + 1) / 100},"weight":${((n % 700) + 1) / 1_000}}`;
});
const values = texts.map((text) => Buffer.from(text));
const decideAll = (set: CompiledContractSet) => (): unknown => {
  let last: unknown;
  for (const value of values) last = decide({ topic: "t", headers: [], value }, set);
  return last;
};
const parseAll = (): unknown => {
  let last: unknown;
  for (const text of texts) last = JSON.parse(text);
  return last;
};

const rows = compare(
  [
    { name: "JSON.parse of the decoded bytes", operations: RECORDS, run: parseAll },
    { name: "decide, neither format nor multipleOf", operations: RECORDS, run: decideAll(setOf(plain)) },
    { name: "decide, four formats and two multipleOf", operations: RECORDS, run: decideAll(setOf(asserting())) },
  ],
  ROUNDS,
);
printTable("formats and decimals", rows);

const branch = (n: number): JsonObject => ({
  type: "object",
  properties: { kind: { const: `k${n}` }, a: { type: "string" }, b: { type: "integer", minimum: n } },
  required: ["kind", "a", "b"],
  additionalProperties: false,
});
const unnamed = (n: number): JsonObject => ({
  type: "object",
  properties: { [`f${n}`]: { type: "string" }, a: { type: "string" }, b: { type: "integer", minimum: n } },
  required: [`f${n}`, "a", "b"],
  additionalProperties: false,
});
const ten = (make: (n: number) => JsonObject): JsonObject => ({ oneOf: Array.from({ length: 10 }, (_, n) => make(n)) });
const explainAll = (schema: JsonObject, payload: JsonObject) => {
  const { explain } = compileSchema(schema);
  return (): unknown => {
    let last: unknown;
    for (let n = 0; n < RECORDS; n += 1) last = explain(payload);
    return last;
  };
};
printTable(
  "a failing oneOf of ten branches, explained",
  compare(
    [
      {
        name: "the branch is named by a field",
        operations: RECORDS,
        run: explainAll(ten(branch), { kind: "k7", a: 1, b: 2 }),
      },
      { name: "no branch is", operations: RECORDS, run: explainAll(ten(branch), { kind: "zz", a: "x", b: 9 }) },
      {
        name: "the nearest is looked for",
        operations: RECORDS,
        run: explainAll(ten(unnamed), { f7: "x", a: 1, b: 2 }),
      },
    ],
    ROUNDS,
  ),
);
