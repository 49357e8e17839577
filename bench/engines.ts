import { readFileSync } from "node:fs";
import { registerSchema, validate } from "@hyperjump/json-schema/draft-2020-12";
import { Ajv2020 } from "ajv/dist/2020.js";
import { Validator } from "ata-validator";
import type { JsonObject, JsonValue } from "../src/json/json.ts";
import { compileSchema } from "../src/schema/schema.ts";
import { schemaGroups } from "../test/conformance.ts";
import { readArguments, wholeNumber } from "./arguments.ts";
import { compare, printTable } from "./rounds.ts";

// node bench/engines.ts [rounds]     The JSON Schema engines that were compared, side by side: verdicts and time.

const [ROUNDS] = readArguments(wholeNumber(11));

const shipment = JSON.parse(
  readFileSync(new URL("../contracts/shipment/v1.schema.json", import.meta.url), "utf8"),
) as JsonObject;
const passing: JsonValue = { shipment_id: "SHIP-TRUE-003", weight_kg: 15.2, destination: "Dublin", priority: 2 };
const failing: JsonValue = { shipment_id: "", weight_kg: -5, destination: "Dublin" };
const OPTIONS = {
  coerceTypes: false,
  removeAdditional: false,
  useDefaults: false,
  assertFormat: false,
  richErrors: false,
} as const;

const ours = compileSchema(shipment);
const ajv = new Ajv2020({ strict: false }).compile(shipment);
const ajvEvery = new Ajv2020({ strict: false, allErrors: true }).compile(shipment);
const ata = new Validator(shipment, OPTIONS);
registerSchema(shipment as Parameters<typeof registerSchema>[0], "https://bench.example/shipment");
const hyperjump = await validate("https://bench.example/shipment");

const times = 20_000;
const repeat = (run: () => unknown) => (): unknown => {
  let last: unknown;
  for (let n = 0; n < times; n += 1) last = run();
  return last;
};
for (const [title, payload] of [
  ["passing", passing],
  ["failing", failing],
] as const) {
  printTable(
    `shipment, ${title}: the verdict`,
    compare(
      [
        { name: "ours", operations: times, run: repeat(() => ours.accepts(payload)) },
        { name: "ajv", operations: times, run: repeat(() => ajv(payload)) },
        { name: "ata-validator, isValidObject", operations: times, run: repeat(() => ata.isValidObject(payload)) },
        {
          name: "@hyperjump/json-schema",
          operations: times,
          run: repeat(() => hyperjump(payload as Parameters<typeof hyperjump>[0]).valid),
        },
      ],
      ROUNDS,
    ),
  );
}
printTable(
  "shipment, failing: every violation",
  compare(
    [
      { name: "ours", operations: times, run: repeat(() => ours.explain(failing)) },
      { name: "ajv, every error", operations: times, run: repeat(() => ajvEvery(failing)) },
      { name: "ata-validator, validate", operations: times, run: repeat(() => ata.validate(failing).errors) },
    ],
    ROUNDS,
  ),
);

// A verdict of ata-validator's fast path that is wrong, in a schema as plain as they come.
const required = new Validator({ type: "object", required: ["c", "b"] }, OPTIONS);
process.stdout.write(
  `ata-validator takes {"a":1,"c":2} for {type: object, required: [c, b]}: ${String(required.isValidObject({ a: 1, c: 2 }))}\n`,
);
process.stdout.write(`groups in the official suite: ${schemaGroups().length}\n`);
