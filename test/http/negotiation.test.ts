import { expect, test } from "vitest";
import type { ContractCatalog } from "../../src/contract/catalog.ts";
import { compileContractSet } from "../../src/core/compile.ts";
import { type CompiledContractSet } from "../../src/core/compiled.ts";
import { sealContractSet, versionDigest, type ContractSet } from "../../src/core/contract-set.ts";
import type { JsonObject } from "../../src/json/json.ts";
import { shipment, shipmentContracts, TOPIC } from "../embedded.ts";
import { post, startService, type Service } from "./service.ts";

const ABOUT: ContractCatalog = new Map([
  [
    "shipment",
    {
      owner: "logistics@example.com",
      description: "A shipment",
      versions: new Map([[1, { deprecated: "2026-11-01", sunset: "2027-01-31" }]]),
    },
  ],
]);

/** Version 1 is deprecated and the default, 2 and 3 are active, 4 is a draft. */
function contracts(versionField: string | null = null): CompiledContractSet {
  const set = JSON.parse(shipmentContracts().text) as ContractSet;
  const [contract] = set.contracts;
  const [first] = contract?.versions ?? [];
  if (contract === undefined || first === undefined) throw new Error("there is no contract");
  const statuses = ["deprecated", "active", "active", "draft"] as const;
  const versions = statuses.map((status, index) => {
    const { schema, rules, identity } = first;
    const content = {
      schema: { ...(schema as JsonObject), title: `version ${index + 1}` },
      rules,
      identity,
      version: index + 1,
    };
    return { ...content, status, digest: versionDigest("shipment", content) };
  });
  return compileContractSet(sealContractSet({ ...set, contracts: [{ ...contract, versionField, versions }] }));
}

async function start(set = contracts()): Promise<Service> {
  return startService({ ingest: { contracts: () => set }, http: { contracts: () => set, about: () => ABOUT } });
}

const DEPRECATED = {
  contract: "shipment@1",
  // 2026-11-01 and 2027-01-31, midnight UTC.
  deprecation: "@1793491200",
  sunset: "Sun, 31 Jan 2027 00:00:00 GMT",
  link: [
    '</v1/contracts/shipment/versions/1/schema>; rel="describedby"; type="application/schema+json"',
    '</v1/contracts/shipment/versions/3/schema>; rel="successor-version"',
    '</v1/contracts/shipment>; rel="deprecation"',
  ].join(", "),
};
const ON_RECEIPTS = { deprecated: "2026-11-01", sunset: "2027-01-31", successor: "shipment@3" };

function told(headers: Headers): Record<string, string | null> {
  return Object.fromEntries(["contract", "deprecation", "sunset", "link"].map((name) => [name, headers.get(name)]));
}

test("a contract tells its versions, which of them to write, and what becomes of each", async () => {
  const { url } = await start();
  const response = await fetch(`${url}/v1/contracts/shipment`);
  expect(response.headers.get("contract")).toBe("shipment@3");
  expect(response.headers.get("deprecation")).toBeNull();
  const body = (await response.json()) as { versions: readonly Record<string, unknown>[] };
  expect(body).toMatchObject({
    subject: "shipment",
    owner: "logistics@example.com",
    preferred: 3,
    topics: [{ topic: TOPIC, default: 1, accepts: null }],
    contractSet: expect.stringMatching(/^sha256:/) as string,
  });
  expect(body.versions.map(({ version, status, sunset, successor }) => [version, status, sunset, successor])).toEqual([
    [1, "deprecated", "2027-01-31", 3],
    [2, "active", null, 3],
    [3, "active", null, null],
    [4, "draft", null, null],
  ]);
  expect(body.versions[0]).toMatchObject({
    digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
    schema: "/v1/contracts/shipment/versions/1/schema",
  });
  const schema = await fetch(`${url}${String(body.versions[0]?.["schema"])}`);
  expect(told(schema.headers)).toEqual(DEPRECATED);
  expect((await fetch(`${url}/v1/contracts/letter`)).status).toBe(404);
});

test("Accept-Contract chooses the version to speak, 406 says which there are", async () => {
  const { url } = await start();
  const ask = async (accept: string): Promise<Response> =>
    fetch(`${url}/v1/contracts/shipment`, { headers: { "accept-contract": accept } });
  expect((await ask("shipment@2, shipment@1;q=0.5")).headers.get("contract")).toBe("shipment@2");
  const old = await ask("shipment@1");
  expect(told(old.headers)).toEqual(DEPRECATED);
  const none = await ask("shipment@4");
  expect([none.status, await none.json()]).toMatchObject([
    406,
    {
      code: "contract-not-acceptable",
      available: [1, 2, 3].map((version) => ({ subject: "shipment", version })),
    },
  ]);
  expect(((await (await ask("shipment@@")).json()) as { code: string }).code).toBe("malformed-accept-contract");
});

test("a verdict comes from the version the client takes, and says when that one is on its way out", async () => {
  const { url } = await start();
  const validate = async (headers: Record<string, string>) =>
    post(`${url}/v1/validate/shipment`, shipment("a"), headers);
  const byDefault = await validate({});
  expect(told(byDefault.headers)).toEqual(DEPRECATED);
  expect(byDefault.body).toMatchObject({ status: "PASSED", declaredBy: "default", deprecation: ON_RECEIPTS });
  const chosen = await validate({ "accept-contract": "shipment@2" });
  expect(told(chosen.headers)).toMatchObject({ contract: "shipment@2", deprecation: null, sunset: null });
  expect(chosen.body).toMatchObject({ status: "PASSED", contract: { version: 2 } });
  expect(chosen.body).not.toHaveProperty("deprecation");
  const contradicting = await validate({ "accept-contract": "shipment@2", "sigma-contract": "shipment@1" });
  expect([contradicting.status, contradicting.body["code"]]).toEqual([406, "contract-not-acceptable"]);
});

test("events say by which versions they are to be judged, and their receipts that it is deprecated", async () => {
  const { url } = await start();
  const send = async (body: string, headers: Record<string, string>) =>
    post(`${url}/v1/events/${TOPIC}`, body, headers);
  const early = await send(shipment("a"), {});
  expect([early.status, told(early.headers), early.body["deprecation"]]).toEqual([202, DEPRECATED, ON_RECEIPTS]);
  const decided = await send(shipment("b"), { prefer: "wait=30" });
  expect(decided.body).toMatchObject({
    decisions: [{ status: "PASSED", contract: { version: 1 }, deprecation: ON_RECEIPTS }],
    deprecation: ON_RECEIPTS,
  });
  const current = await send(shipment("c"), { prefer: "wait=30", "sigma-contract": "shipment@3" });
  expect(told(current.headers)).toMatchObject({ contract: "shipment@3", deprecation: null });
  expect(current.body).not.toHaveProperty("deprecation");
  const lines = await send(`${shipment("d")}\n`, { "content-type": "application/x-ndjson" });
  expect([lines.status, told(lines.headers), lines.body["deprecation"]]).toEqual([202, DEPRECATED, ON_RECEIPTS]);
  const events = [1, 3].map((version) => ({
    specversion: "1.0",
    id: `e${version}`,
    source: "/svc",
    type: "t",
    dataschema: `sigma:shipment@${version}`,
    data: JSON.parse(shipment(`e${version}`)) as unknown,
  }));
  const batch = await send(JSON.stringify(events), { "content-type": "application/cloudevents-batch+json" });
  expect(told(batch.headers)).toEqual({ ...DEPRECATED, contract: "shipment@1, shipment@3" });
  const looked = (await (await fetch(`${url}/v1/decisions/${TOPIC}/0/1`)).json()) as Record<string, unknown>;
  expect(looked["deprecation"]).toEqual(ON_RECEIPTS);
});

test("events that another version would judge than the client takes are refused before the log", async () => {
  const { url, log } = await start();
  const send = async (headers: Record<string, string>): Promise<readonly unknown[]> => {
    const { status, body } = await post(`${url}/v1/events/${TOPIC}`, shipment("a"), headers);
    return [status, body["code"]];
  };
  const refused = [406, "contract-not-acceptable"];
  expect(await send({ "accept-contract": "shipment@2" })).toEqual(refused);
  expect(await send({ "accept-contract": "shipment@2", "content-type": "application/x-ndjson" })).toEqual(refused);
  expect(await send({ "accept-contract": "shipment@4", "sigma-contract": "shipment@4" })).toEqual(refused);
  expect(await send({ "accept-contract": "shipment@2", "sigma-contract": "shipment@9" })).toEqual(refused);
  const [stream] = await log.streams();
  if (stream === undefined) throw new Error("there is no stream");
  expect((await log.bounds(stream)).end).toBe(0n);
  expect(await send({ "accept-contract": "shipment@2", "sigma-contract": "shipment@2" })).toEqual([202, undefined]);
});

test("where payloads declare their version, events are refused only when the client takes none that is live", async () => {
  const { url } = await start(contracts("/version"));
  const send = async (accept: string) =>
    post(`${url}/v1/events/${TOPIC}`, shipment("a"), { "accept-contract": accept });
  expect((await send("shipment@4")).status).toBe(406);
  const taken = await send("shipment@2");
  expect([taken.status, taken.headers.get("contract")]).toEqual([202, null]);
});
