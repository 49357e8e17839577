import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { compileContractSet } from "../../src/core/compile.ts";
import { type CompiledContractSet } from "../../src/core/compiled.ts";
import { sealContractSet, versionDigest, type ContractSet } from "../../src/core/contract-set.ts";
import type { ReferenceSetting, Verdict } from "../../src/http/deps.ts";
import type { JsonObject } from "../../src/json/json.ts";
import { shipment, shipmentContracts, TOPIC } from "../embedded.ts";
import { post, startService, type Service } from "./service.ts";

const CLOSED = { type: "object", additionalProperties: false } as const;

/** The shipment contract beside `order` on a topic that comes first in the alphabet, and one contract for each further schema. */
function contracts(more: Readonly<Record<string, JsonObject>> = {}, changes: object = {}): CompiledContractSet {
  const set = JSON.parse(shipmentContracts().text) as ContractSet;
  const order: JsonObject = { ...CLOSED, required: ["id"], properties: { id: { type: "string" } } };
  const added = Object.entries({ order, ...more }).map(([subject, schema]) => {
    const content = { version: 1, schema, rules: [], identity: ["/id"], ...changes };
    const version = { ...content, status: "active" as const, digest: versionDigest(subject, content) };
    return { subject, collection: subject, versionField: null, versions: [version] };
  });
  const bindings = added.map(({ subject }) => ({ topic: `a-${subject}`, subject, defaultVersion: 1 }));
  return compileContractSet(
    sealContractSet({ ...set, contracts: [...set.contracts, ...added], bindings: [...set.bindings, ...bindings] }),
  );
}

async function start(set: CompiledContractSet, reference?: Partial<ReferenceSetting>): Promise<Service> {
  return startService({
    http: { contracts: () => set, reference: { contract: null, setAside: ["raw_payload"], ...reference } },
  });
}

const VALID = shipment("SHIP-1");

test("what declares nothing is judged by the first configured source, not the first in the alphabet", async () => {
  const { url } = await start(contracts());
  const answer = await post(`${url}/api/validate`, VALID);
  expect([answer.body["status"], answer.headers.get("contract")]).toEqual(["PASSED", "shipment@1"]);
});

test.each([
  [{ "sigma-contract": "order@1" }],
  [{ contract: "order@1" }],
  [{ "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t", "ce-dataschema": "sigma:order@1" }],
])("a declared contract judges: %o", async (headers) => {
  const { url } = await start(contracts());
  const passed = await post(`${url}/api/validate`, '{"id":"1"}', headers);
  expect([passed.body["status"], passed.headers.get("contract")]).toEqual(["PASSED", "order@1"]);
  const failed = await post(`${url}/api/validate`, VALID, headers);
  expect(failed.body["status"]).toBe("FAILED");
});

test("http.validate_subject names the contract for what declares nothing", async () => {
  const { url } = await start(contracts(), { contract: { subject: "order", version: null } });
  expect((await post(`${url}/api/validate`, '{"id":"1"}')).body["status"]).toBe("PASSED");
  const declared = await post(`${url}/api/validate`, VALID, { "sigma-contract": "shipment@1" });
  expect(declared.body["status"]).toBe("PASSED");
  const unknown = await post(`${url}/api/validate`, VALID, { "sigma-contract": "shipment@9" });
  expect(unknown.body).toMatchObject({ status: "FAILED", reason: "No contract version" });
});

test("a version that the client does not take is 406, here as on the other routes", async () => {
  const { url } = await start(contracts());
  const answer = await post(`${url}/api/validate`, VALID, { "accept-contract": "shipment@2" });
  expect([answer.status, answer.body["code"]]).toEqual([406, "contract-not-acceptable"]);
});

test("a header that declares a version declares it on every route", async () => {
  const { url } = await start(contracts());
  for (const name of ["sigma-contract", "contract"]) {
    const headers = { [name]: "shipment@9", prefer: "wait=30" };
    const event = await post(`${url}/v1/events/${TOPIC}`, VALID, headers);
    expect(event.body).toMatchObject({ decisions: [{ code: "contract-unknown" }] });
    const line = await post(`${url}/v1/events/${TOPIC}`, VALID, { ...headers, "content-type": "application/x-ndjson" });
    expect(line.body).toMatchObject({ decisions: [{ code: "contract-unknown" }] });
    expect((await post(`${url}/v1/validate/shipment`, VALID, headers)).body).toMatchObject({
      code: "contract-unknown",
    });
    const reference = await post(`${url}/api/validate`, VALID, headers);
    expect(reference.body).toMatchObject({ reason: "No contract version", errors: [{ type: "contract-unknown" }] });
  }
  const both = { "sigma-contract": "shipment@1", contract: "shipment@2" };
  expect((await post(`${url}/v1/validate/shipment`, VALID, both)).body).toMatchObject({ code: "contract-ambiguous" });
});

test("raw_payload is set aside, said so, and is in no clean data", async () => {
  const { url } = await start(contracts());
  const body = `{ "raw_payload": {"a":[1,1e999,"}"]}, ${VALID.slice(1)}`;
  const answer = await post(`${url}/api/validate`, body);
  expect([answer.body, answer.headers.get("sigma-set-aside")]).toEqual([
    { status: "PASSED", clean_data: JSON.parse(VALID) as unknown },
    "raw_payload",
  ]);
  const plain = await post(`${url}/api/validate`, VALID);
  expect(plain.headers.get("sigma-set-aside")).toBeNull();
});

test("a failure shows the payload as it came, with what was set aside", async () => {
  const { url } = await start(contracts());
  const payload = { ...(JSON.parse(VALID) as object), weight_kg: -5, raw_payload: { a: 1 } };
  const answer = await post(`${url}/api/validate`, JSON.stringify(payload));
  expect([answer.body, answer.headers.get("sigma-set-aside")]).toMatchObject([
    {
      reason: "Schema validation failed",
      errors: [{ loc: ["weight_kg"], type: "greater_than" }],
      received_payload: payload,
    },
    "raw_payload",
  ]);
  expect(answer.body["errors"]).toHaveLength(1);
});

test("only the names in the setting are set aside, only at the top, only once, and only here", async () => {
  const { url } = await start(contracts(), { setAside: ["raw_payload", "meta"] });
  const ask = async (body: string): Promise<unknown> => {
    const answer = await post(`${url}/api/validate`, body);
    return [answer.body["status"], answer.headers.get("sigma-set-aside")];
  };
  const more = (members: string): string => `${VALID.slice(0, -1)},${members}}`;
  expect(await ask(more('"meta":1,"raw_payload":2'))).toEqual(["PASSED", "meta, raw_payload"]);
  expect(await ask(more(String.raw`"raw\u005fpayload":2`))).toEqual(["PASSED", "raw_payload"]);
  expect(await ask(more('"raw":1'))).toEqual(["FAILED", null]);
  expect(await ask(more('"raw_payload":1,"raw_payload":2'))).toEqual(["FAILED", null]);
  const raw = more('"raw_payload":1');
  const wait = { prefer: "wait=30" };
  expect((await post(`${url}/v1/validate/shipment`, raw)).body).toMatchObject({ status: "FAILED" });
  expect((await post(`${url}/v1/events/${TOPIC}`, raw, wait)).body).toMatchObject({
    decisions: [{ status: "FAILED" }],
  });
  const off = await start(contracts(), { setAside: [] });
  expect((await post(`${off.url}/api/validate`, raw)).body["status"]).toBe("FAILED");
});

const RAW = { type: "object" } as const;

test.each<[string, JsonObject, object]>([
  ["properties", { properties: { id: true, raw_payload: RAW } }, {}],
  ["allOf and $ref", { allOf: [{ $ref: "#/$defs/a" }], $defs: { a: { properties: { raw_payload: RAW } } } }, {}],
  ["an anchor", { $ref: "#here", $defs: { a: { $anchor: "here", properties: { raw_payload: RAW } } } }, {}],
  ["patternProperties", { patternProperties: { "^raw_": RAW } }, {}],
  ["required", { required: ["raw_payload"] }, {}],
  ["a branch", { anyOf: [{ properties: { raw_payload: RAW } }, true] }, {}],
  ["a condition", { if: { required: ["raw_payload"] }, then: true }, {}],
  ["dependentRequired", { dependentRequired: { id: ["raw_payload"] } }, {}],
  ["the identity", {}, { identity: ["/id", "/raw_payload"] }],
  ["a rule", {}, { rules: [{ id: "r", expression: "'raw_payload' != ''", message: "m" }] }],
])("a member that the contract names by %s is its own and stays", async (_, schema, changes) => {
  const { url } = await start(contracts({ own: schema }, changes));
  const payload = { id: "1", raw_payload: { a: 1 } };
  const answer = await post(`${url}/api/validate`, JSON.stringify(payload), { "sigma-contract": "own@1" });
  expect([answer.body, answer.headers.get("sigma-set-aside")]).toEqual([
    { status: "PASSED", clean_data: payload },
    null,
  ]);
});

test("under an open contract the member is set aside all the same: clean data is what the contract speaks of", async () => {
  const { url } = await start(contracts({ own: { properties: { id: true } } }));
  const answer = await post(`${url}/api/validate`, '{"id":"1","raw_payload":{}}', { "sigma-contract": "own@1" });
  expect(answer.body).toEqual({ status: "PASSED", clean_data: { id: "1" } });
});

test("every verdict is told with who asked, and counted", async () => {
  const set = contracts();
  const told: Verdict[] = [];
  const service = await startService({ http: { contracts: () => set, onVerdict: (verdict) => told.push(verdict) } });
  await post(`${service.url}/api/validate`, VALID, { "sigma-producer": "north" });
  await post(`${service.url}/v1/validate/order`, VALID);
  expect(told).toMatchObject([
    {
      route: "/api/validate",
      contract: { subject: "shipment", version: 1 },
      status: "PASSED",
      code: null,
      fingerprint: null,
      producer: "north",
    },
    {
      route: "/v1/validate",
      contract: { subject: "order", version: 1 },
      status: "FAILED",
      code: "schema",
      fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      producer: "",
      trace: null,
    },
  ]);
  expect(told[0]?.digestOf()).toBe(hash("sha256", VALID));
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  expect(metrics).toContain('sigma_verdicts_total{route="/api/validate",contract="shipment@1",status="PASSED"} 1\n');
});

test("a name that stands thousands of times costs no more than thousands of names", async () => {
  const { url } = await start(contracts());
  const again = Array.from({ length: 20_000 }, () => '"raw_payload":1').join(",");
  const before = process.threadCpuUsage();
  const { body } = await post(`${url}/api/validate`, `{"id":"1",${again}}`);
  const { user, system } = process.threadCpuUsage(before);
  expect(body["status"]).toBe("FAILED");
  // Each was looked for among all: 10 seconds of CPU. It takes 50 milliseconds.
  expect((user + system) / 1_000).toBeLessThan(3_000);
});
