import { readFileSync } from "node:fs";
import { compileContractSet } from "../src/core/compile.ts";
import { DEFAULT_LIMITS, sealContractSet, versionDigest, type Contract } from "../src/core/contract-set.ts";
import { decide, decideAll } from "../src/core/decide.ts";
import { GROUP } from "../src/gateway/decide-batch.ts";
import type { JsonObject } from "../src/json/json.ts";
import { readArguments, wholeNumber } from "./arguments.ts";
import { compare, printTable } from "./rounds.ts";

// node bench/decide.ts [rounds]     The whole decision against bare JSON.parse of the same bytes, in one run.
// Targets: passing at most 2.5x, failing at most 4x, and above 300,000 decisions/s on one core.

const RECORDS = 2_000;
const [ROUNDS] = readArguments(wholeNumber(41));

const shipment = JSON.parse(
  readFileSync(new URL("../contracts/shipment/v1.schema.json", import.meta.url), "utf8"),
) as JsonObject;
const set = compileContractSet(
  sealContractSet({
    limits: DEFAULT_LIMITS,
    contracts: [
      contract(
        "shipment",
        shipment,
        [{ id: "max-weight", expression: "weight_kg <= 1000.0", message: "weight_kg exceeds maximum allowed limit" }],
        ["/shipment_id"],
      ),
      contract(
        "order",
        orderSchema(),
        [{ id: "total", expression: "total > 0.0", message: "total must be positive" }],
        ["/order_id"],
      ),
    ],
    bindings: [
      { topic: "shipments", subject: "shipment", defaultVersion: 1 },
      { topic: "orders", subject: "order", defaultVersion: 1 },
    ],
  }),
);

const city = (n: number): string => ["Dublin", "Lisbon", "Zagreb", "Tallin", "Athens"][n % 5] ?? "Dublin";
const passing = texts(
  (n) =>
    `{"shipment_id":"SHIP-${String(n).padStart(8, "0")}","weight_kg":${(n % 900) + 0.5},"destination":"${city(n)}","priority":${(n % 3) + 1}}`,
);
const oneFault = texts(
  (n) =>
    `{"shipment_id":"SHIP-${String(n).padStart(8, "0")}","weight_kg":-${(n % 900) + 0.5},"destination":"${city(n)}","priority":${(n % 3) + 1}}`,
);
const twoFaults = texts(
  (n) => `{"shipment_id":"","weight_kg":-${(n % 900) + 0.5},"destination":"${city(n)}","priority":${(n % 3) + 1}}`,
);
const ruleBroken = texts(
  (n) =>
    `{"shipment_id":"SHIP-${String(n).padStart(8, "0")}","weight_kg":${1_001 + n},"destination":"${city(n)}","priority":${(n % 3) + 1}}`,
);
const orders = texts((n) => JSON.stringify(order(n)));

bench("shipment, passing", "shipments", passing);
bench("shipment, one violation", "shipments", oneFault);
bench("shipment, two violations", "shipments", twoFaults);
bench("shipment, broken rule", "shipments", ruleBroken);
bench("nested order, passing", "orders", orders);

function bench(title: string, topic: string, records: readonly Buffer[]): void {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const statuses = new Set(records.map((value) => decide({ topic, headers: [], value }, set).status));
  const bytes = records.reduce((sum, record) => sum + record.length, 0) / records.length;
  const timed = compare(
    [
      {
        name: "JSON.parse of the decoded bytes",
        operations: RECORDS,
        run: () => each(records, (value) => JSON.parse(decoder.decode(value))),
      },
      { name: "decide, in groups as the gateway decides", operations: RECORDS, run: () => inGroups(topic, records) },
      {
        name: "decide, one by one",
        operations: RECORDS,
        run: () => each(records, (value) => decide({ topic, headers: [], value }, set)),
      },
    ],
    ROUNDS,
  );
  printTable(`${title}: ${bytes.toFixed(0)} bytes, ${[...statuses].join(" and ")}`, timed);
}

function inGroups(topic: string, records: readonly Buffer[]): unknown {
  let last: unknown;
  for (let from = 0; from < records.length; from += GROUP) {
    const group = records.slice(from, from + GROUP);
    last = decideAll(
      group.map((value) => ({ topic, headers: [], value })),
      set,
    );
  }
  return last;
}

function each(records: readonly Buffer[], act: (value: Buffer) => unknown): unknown {
  let last: unknown;
  for (const record of records) last = act(record);
  return last;
}

function texts(make: (n: number) => string): readonly Buffer[] {
  return Array.from({ length: RECORDS }, (_, n) => Buffer.from(make(n)));
}

function contract(
  subject: string,
  schema: JsonObject,
  rules: Contract["versions"][number]["rules"],
  identity: readonly string[],
): Contract {
  const content = { version: 1, schema, rules, identity };
  const version = { ...content, status: "active" as const, digest: versionDigest(subject, content) };
  return { subject, collection: `${subject}s`, versionField: null, versions: [version] };
}

function order(n: number): JsonObject {
  return {
    order_id: `ORD-${n}`,
    customer: {
      id: `C-${n % 100}`,
      name: "Maria Fernandes",
      email: "maria@example.org",
      address: { street: "Rua Augusta 12", city: "Lisboa", zip: "1100-053", country: "PT" },
    },
    lines: Array.from({ length: 12 }, (_, line) => ({
      sku: `SKU-${line}-${n}`,
      description: "Blue widget, medium size, boxed",
      quantity: line + 1,
      price: 9.99 + line,
      tags: ["fragile", "boxed"],
    })),
    total: 1_234.5,
    note: "Leave at the door if nobody answers",
  };
}

function orderSchema(): JsonObject {
  const text = { type: "string", minLength: 1 };
  const object = (properties: JsonObject, required = Object.keys(properties)): JsonObject => ({
    type: "object",
    additionalProperties: false,
    required,
    properties,
  });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    ...object({
      order_id: text,
      customer: object({
        id: text,
        name: text,
        email: text,
        address: object({
          street: text,
          city: text,
          zip: text,
          country: { type: "string", minLength: 2, maxLength: 2 },
        }),
      }),
      lines: {
        type: "array",
        minItems: 1,
        maxItems: 100,
        items: object({
          sku: text,
          description: text,
          quantity: { type: "integer", minimum: 1 },
          price: { type: "number", exclusiveMinimum: 0 },
          tags: { type: "array", items: { enum: ["fragile", "boxed", "cold"] } },
        }),
      },
      total: { type: "number" },
      note: { type: "string" },
    }),
  };
}
