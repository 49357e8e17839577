import { Environment } from "@marcbachmann/cel-js";
import { compileRules } from "../src/core/rules.ts";
import type { JsonObject, JsonValue } from "../src/json/json.ts";
import { readArguments, wholeNumber } from "./arguments.ts";
import { compare, printTable } from "./rounds.ts";

// node bench/rules.ts [rounds] [items of the worst records]
// What a rule costs beside the evaluator of the library that parses it, and what the worst records cost.

const [ROUNDS, ITEMS] = readArguments(wholeNumber(21), wholeNumber(40_000));
const TIMES = 100_000;

const SCHEMA: JsonObject = {
  type: "object",
  required: ["weight_kg", "lines", "total", "xs", "start", "end", "price"],
  properties: {
    weight_kg: { type: "number" },
    total: { type: "number" },
    xs: { type: "array", items: { type: "number" } },
    start: { type: "string", format: "date-time" },
    end: { type: "string", format: "date-time" },
    price: { type: "string", pattern: "^[0-9]+$" },
    lines: {
      type: "array",
      items: {
        type: "object",
        required: ["qty", "price", "sku"],
        properties: { qty: { type: "integer" }, price: { type: "number" }, sku: { type: "string" } },
      },
    },
  },
};

const lines = Array.from({ length: 12 }, (_, at) => ({ qty: at + 1, price: 19.99 + at, sku: `SKU-${at}` }));
const typical: JsonObject = {
  weight_kg: 12.5,
  total: 0,
  xs: [0.1, 0.2],
  start: "2026-01-30T08:00:00+01:00",
  end: "2026-01-30T09:30:00.250Z",
  price: "1",
  lines,
};

const celJs = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false });

against("weight_kg <= 1000.0");
against('lines.all(l, l.sku.startsWith("SKU-"))');
against("lines.exists(l, l.price > 1000.0)");
alone("a sum over 12 lines", "sum(lines.map(l, l.qty * l.price)) > total", typical);
alone("two instants", "timestamp(end) > timestamp(start)", typical);
alone("ids that stand once", "lines.map(l, l.sku).distinct().size() == lines.size()", typical);

const many = Array.from({ length: ITEMS }, (_, at) => ({
  qty: at,
  price: at % 2 === 0 ? 1e308 : 5e-324,
  sku: `${at}`,
}));
const worst: JsonObject = { ...typical, lines: many, xs: many.map(({ price }) => price), price: "7".repeat(1_000_000) };
alone(`a sum of ${ITEMS} numbers at both ends of the doubles`, "sum(xs) > 0", worst, 1);
alone(`a sum of ${ITEMS} products of 8 of them`, `sum(xs.map(x, ${Array(8).fill("x").join(" * ")})) > 0`, worst, 1);
alone(`${ITEMS} references`, "lines.all(l, l.sku in lines.map(m, m.sku))", worst, 1);
alone("a decimal text of a million digits", "decimal(price) > 0", worst, 1);

function against(expression: string): void {
  const judge = compileRules([{ id: "r", expression, message: "m" }], SCHEMA, "assert");
  const evaluate = celJs.parse(expression);
  const timed = compare(
    [
      { name: "cel-js", operations: TIMES, run: () => repeat(() => evaluate(typical) as unknown) },
      { name: "rules", operations: TIMES, run: () => repeat(() => judge(typical)) },
    ],
    ROUNDS,
  );
  printTable(expression, timed);
}

function alone(title: string, expression: string, payload: JsonValue, times = 10_000): void {
  const judge = compileRules([{ id: "r", expression, message: "m" }], SCHEMA, "assert");
  if (judge(payload).some(({ message }) => message !== "m")) throw new Error(`Cannot measure "${expression}"`);
  const run = (): unknown => repeat(() => judge(payload), times);
  printTable(
    title,
    compare([{ name: expression.slice(0, 60), operations: times, run }], times === 1 ? Math.min(3, ROUNDS) : ROUNDS),
  );
}

function repeat(act: () => unknown, times = TIMES): unknown {
  let last: unknown;
  for (let time = 0; time < times; time += 1) last = act();
  return last;
}
