import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shipment } from "../embedded.ts";
import { STATUSES } from "./answers.ts";
import { CLOCK, mutated, tryCases } from "./budget.ts";
import { ANYTHING, SHIPMENTS, startFuzzedGateway, type FuzzedGateway } from "./gateway.ts";
import { readDocument, type Operation } from "../http/openapi-document.ts";

type Asked = {
  /** Index among the operations, which are in the order of the document. */
  readonly operation: number;
  /** For the parameters of the path, in their order. */
  readonly path: readonly string[];
  readonly query: readonly (readonly [string, string])[];
  readonly headers: readonly (readonly [string, string])[];
  readonly type: string | null;
  readonly body: string;
};

const EVENT = `{"specversion":"1.0","id":"e","source":"/s","type":"t","data":${shipment("ce")}}`;
const SCHEMA = JSON.stringify({
  schema: readFileSync(join(import.meta.dirname, "../../contracts/shipment/v1.schema.json"), "utf8"),
  schemaType: "JSON",
});
const BODIES = [
  shipment("a"),
  `${shipment("b")}\n${shipment("c")}\n`,
  EVENT,
  `[${EVENT}]`,
  SCHEMA,
  "{}",
  "",
  "[1]",
  '"x"',
];
const TOKENS = [
  '"',
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "\\u0000",
  "\\ud800",
  "1e999",
  "-0",
  "null",
  "\n",
  '"id":1,',
  '"data_base64":"e30="',
  '"$ref":"#"',
  '"pattern":"("',
];
const NAMES = [
  SHIPMENTS,
  ANYTHING,
  "shipment",
  "anything",
  `${SHIPMENTS}-value`,
  "__proto__",
  "constructor",
  "",
  " ",
  ".",
  "a/b",
  "\u0000",
  "\u{1f600}",
  "x".repeat(250),
  "x".repeat(261),
  "%2e%2e",
  "00000000-0000-8000-8000-000000000000",
];
const NUMBERS = [
  "0",
  "1",
  "2",
  "-1",
  "latest",
  "01",
  "1.0",
  "9".repeat(10),
  "9".repeat(18),
  "9".repeat(19),
  "1e3",
  "NaN",
  "\u0661",
];
const VALUES = [
  ...NAMES,
  ...NUMBERS,
  "true",
  "shipment@1",
  "shipment@2, shipment@1;q=0.5",
  "wait=1",
  "gzip",
  "respond-async, wait=0",
];
const TYPES = [
  "application/json",
  "application/x-ndjson",
  "application/cloudevents+json",
  "application/cloudevents-batch+json",
  "application/vnd.schemaregistry.v1+json",
  "text/plain",
];
const HEADERS = [
  "sigma-contract",
  "contract",
  "sigma-producer",
  "sigma-key",
  "accept-contract",
  "prefer",
  "traceparent",
  "ce-specversion",
  "ce-id",
  "ce-source",
  "ce-type",
  "ce-dataschema",
  "accept",
];
const QUERIES = ["version", "subjectPrefix", "deleted", "verbose", "limit", "from", "__proto__", "unknown"];

const questions: fc.Arbitrary<Asked> = fc.record({
  operation: fc.nat(1_000),
  path: fc.array(fc.constantFrom(...NAMES.slice(0, 5), ...NUMBERS.slice(0, 2), ...NAMES, ...NUMBERS), {
    minLength: 3,
    maxLength: 3,
  }),
  query: fc.array(fc.tuple(fc.constantFrom(...QUERIES), fc.constantFrom(...VALUES)), { maxLength: 2 }),
  headers: fc.array(
    fc.tuple(fc.constantFrom(...HEADERS), fc.constantFrom(...VALUES.filter((one) => /^[ -~]*$/.test(one)))),
    { maxLength: 2 },
  ),
  type: fc.option(fc.constantFrom(...TYPES), { freq: 9, nil: null }),
  body: fc.oneof(fc.constantFrom(...BODIES), mutated(fc.constantFrom(...BODIES), TOKENS, 3)),
});

type Shared = FuzzedGateway & ReturnType<typeof readDocument>;

async function prepare(): Promise<Shared> {
  const gateway = await startFuzzedGateway();
  const document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as object;
  return { ...gateway, ...readDocument(document) };
}

/** By the document for half of the cases: a kind of body that the operation takes. */
function typeOf({ takes }: Operation, { type, body }: Asked): string | null {
  return body.length % 2 === 0 && takes.length > 0 ? (takes[body.length % takes.length] ?? null) : type;
}

function targetOf({ path, parameters }: Operation, asked: Asked): string {
  const names = parameters.filter((one) => one.in === "path");
  const filled = names.reduce(
    (text, { name }, index) => text.replace(`{${name}}`, encodeURIComponent(asked.path[index] ?? "")),
    path,
  );
  const query = asked.query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  return query === "" ? filled : `${filled}?${query}`;
}

/** Events have no end. */
async function beginningOf(answer: Response): Promise<string> {
  for await (const chunk of answer.body ?? []) return Buffer.from(chunk).toString();
  return "";
}

describe("whatever is asked of a documented operation", () => {
  test(
    "the answer is documented: its status, its media type, its schema; and the gateway is as it was",
    CLOCK,
    async () => {
      const { url, operations, faultOf, bugs, isReady, heldBytes } = await prepare();
      await tryCases({
        runs: 2_500,
        corpus: "openapi",
        cases: questions,
        holds: async (one) => {
          const operation = operations[one.operation % operations.length];
          if (operation === undefined) throw new Error("the document has no operation");
          const type = typeOf(operation, one);
          const headers = new Headers(one.headers.map(([name, value]): [string, string] => [name, value]));
          if (type !== null) headers.set("content-type", type);
          const init = operation.method === "GET" ? {} : { body: Buffer.from(one.body) };
          const answer = await fetch(`${url}${targetOf(operation, one)}`, {
            method: operation.method,
            headers,
            ...init,
          });
          const mediaType = answer.headers.get("content-type")?.split(";", 1)[0] ?? "";
          const text = mediaType === "text/event-stream" ? await beginningOf(answer) : await answer.text();
          const { status } = answer;
          // A name that is empty, or a dot, is another path.
          const isElsewhere = one.path.some((part) => part === "" || part === ".") && [404, 405].includes(status);
          const fault = isElsewhere ? null : faultOf(operation, { status, mediaType, text });
          expect([operation.operationId, status, fault]).toEqual([operation.operationId, status, null]);
          expect([operation.operationId, STATUSES.has(status) ? 0 : status]).toEqual([operation.operationId, 0]);
          expect([bugs, await isReady(), await heldBytes()]).toEqual([[], true, 0]);
        },
      });
    },
  );
});
