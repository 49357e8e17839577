import { DEFAULT_LIMITS } from "../src/core/contract-set.ts";
import { compileIdRecipe, machineId } from "../src/core/identity.ts";
import { machineIdsOf } from "../src/core/machine-ids.ts";
import { parsePayload } from "../src/core/payload.ts";
import { readArguments, wholeNumber } from "./arguments.ts";
import { compare, printTable } from "./rounds.ts";

// node bench/payload.ts [rounds]     The strict boundary against bare JSON.parse of the same decoded bytes, in one run.
// Target: at most 1.35x on the 85-byte shipment.

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const [ROUNDS] = readArguments(wholeNumber(41));
/** Operations in one round of small documents; a round of large ones handles about as many bytes. */
const OPERATIONS = 4_000;
const BYTES = OPERATIONS * 85;

const city = (n: number): string => ["Dublin", "Lisbon", "Zagreb", "Tallin", "Athens"][n % 5] ?? "Dublin";
const id = (n: number): string => `SHIP-${String(n).padStart(8, "0")}`;
const shipment = (n: number): string =>
  `{"shipment_id":"${id(n)}","weight_kg":${(n % 900) + 0.5},"destination":"${city(n)}","priority":${(n % 3) + 1}}`;

/** Six record types, so that the walk over the value sees many hidden classes. */
const shapes: readonly ((n: number) => string)[] = [
  shipment,
  (n) => `{"order":"O-${n}","lines":[{"sku":"A-${n}","quantity":${n % 7}},{"sku":"B","quantity":1}],"total":${n}.25}`,
  (n) =>
    `{"user":{"id":${n},"name":"${city(n)}","email":"a${n}@example.org","active":true},"at":"2026-01-01T00:00:00Z"}`,
  (n) => `{"sensor":"t-${n % 50}","values":[${n},${n + 1},${n + 2.5},0.125,17],"unit":"C","ok":${n % 2 === 0}}`,
  (n) => `[${n},"${id(n)}",null,{"a":{"b":{"c":[]}}}]`,
  (n) => `{"id":"${id(n)}","amount":{"value":${n},"currency":"EUR"},"tags":["x","y"],"note":null,"from":"a","to":"b"}`,
];

bench("shipment", (n) => shipment(n));
bench("shipment, unlike names and accents", (n) =>
  shipment(n).replace("Tallin", "Tallinn").replace("Dublin", "Dún Laoghaire"));
bench("nested order", (n) => JSON.stringify(order(n, 12)));
bench("nested order of many lines", (n) => JSON.stringify(order(n, 700)));
bench("six record types mixed", (n) => (shapes[n % shapes.length] ?? shipment)(n));
bench("written with escapes", (n) => `{"id":"${id(n)}","name":"Ca\\u00f1ada \\"${city(n)}\\"","priority":${n % 3}}`);
bench("many long numbers", (n) => `{"id":"${id(n)}","values":[0.30000000000000004,1.4142135623730951,1e-7,${n}e3]}`);
bench(
  "failing: duplicate key",
  (n) => `{"shipment_id":"${id(n)}","weight_kg":1.5,"priority":1,"priority":2}`,
  "duplicate-key",
);
bench(
  "failing: lossy number",
  (n) => `{"shipment_id":"${id(n)}","weight_kg":0.1234567890123456789,"priority":1}`,
  "lossy-number",
);
bench("failing: not JSON", (n) => shipment(n).slice(0, -1), "not-json");
benchIdentity();

/** @param wanted the code of what is wrong, or "ok". */
function bench(title: string, make: (n: number) => string, wanted = "ok"): void {
  const size = Buffer.byteLength(make(0));
  const count = Math.max(3, Math.min(OPERATIONS, Math.ceil(BYTES / size)));
  const records = Array.from({ length: count }, (_, n) => Buffer.from(make(n)));
  for (const record of records) {
    const parsed = parsePayload(record, DEFAULT_LIMITS);
    const code = parsed.ok ? "ok" : parsed.reason.code;
    if (code !== wanted) throw new Error(`${title}: ${String(record)} is ${code}`);
  }
  const timed = compare(
    [
      { name: "JSON.parse of the decoded bytes", operations: count, run: () => each(records, bare) },
      {
        name: "parsePayload",
        operations: count,
        run: () => each(records, (record) => parsePayload(record, DEFAULT_LIMITS)),
      },
    ],
    ROUNDS,
  );
  printTable(`${title}: ${size} bytes, ${wanted}`, timed);
}

function bare(record: Buffer): unknown {
  try {
    return JSON.parse(decoder.decode(record));
  } catch (error) {
    return error;
  }
}

function benchIdentity(): void {
  const fields = Array.from({ length: OPERATIONS }, (_, n) => [id(n)]);
  const recipe = compileIdRecipe("payload", "shipment");
  const identities = fields.map((one) => ({ recipe, fields: one }));
  const timed = compare(
    [
      { name: "machineIdsOf, all at once", operations: OPERATIONS, run: () => machineIdsOf(identities) },
      {
        name: "machineIdsOf, one by one",
        operations: OPERATIONS,
        run: () => each(identities, (one) => machineIdsOf([one])),
      },
      {
        name: "machineId",
        operations: OPERATIONS,
        run: () => each(fields, (one) => machineId("payload", "shipment", one)),
      },
    ],
    ROUNDS,
  );
  printTable("identity of one plain string", timed);
}

function each<Item>(items: readonly Item[], act: (item: Item) => unknown): unknown {
  let last: unknown;
  for (const item of items) last = act(item);
  return last;
}

function order(n: number, lines: number): unknown {
  return {
    order_id: `ORD-${n}`,
    customer: {
      id: `C-${n % 100}`,
      name: "Maria Fernandes",
      address: { city: city(n), zip: "1100-053", country: "PT" },
    },
    lines: Array.from({ length: lines }, (_, line) => ({
      sku: `SKU-${line}-${n}`,
      description: "Blue widget, medium size, boxed",
      quantity: line + 1,
      price: 9.99 + line,
      tags: ["fragile", "boxed"],
    })),
    total: 1_234.5,
  };
}
