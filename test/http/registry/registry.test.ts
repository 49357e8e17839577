import type { Socket } from "node:net";
import pino from "pino";
import { describe, expect, test } from "vitest";
import { compileContractSet } from "../../../src/core/compile.ts";
import { type CompiledContractSet } from "../../../src/core/compiled.ts";
import { sealContractSet, versionDigest, type ContractSet } from "../../../src/core/contract-set.ts";
import type { JsonObject } from "../../../src/json/json.ts";
import { ownSchemaIds } from "../../../src/core/wire-format.ts";
import { shipmentContracts, TOPIC } from "../../embedded.ts";
import { until } from "../../patience.ts";
import { openRaw } from "../raw-connection.ts";
import { get, startService } from "../service.ts";

const TYPE = "application/vnd.schemaregistry.v1+json";
const VALUE = `${TOPIC}-value`;

/** 1 is retired, 2 deprecated, 3 active, 4 a draft; each takes what the one before takes and one more field. */
function contracts(): CompiledContractSet {
  const set = JSON.parse(shipmentContracts().text) as ContractSet;
  const [contract] = set.contracts;
  const [first] = contract?.versions ?? [];
  if (contract === undefined || first === undefined) throw new Error("there is no contract");
  const schema = first.schema as JsonObject;
  const versions = (["retired", "deprecated", "active", "draft"] as const).map((status, index) => {
    const properties = { ...(schema["properties"] as JsonObject), [`added_${index}`]: { type: "string" } };
    const { rules, identity } = first;
    const content = { schema: { ...schema, properties }, rules, identity, version: index + 1 };
    return { ...content, status, digest: versionDigest("shipment", content) };
  });
  return compileContractSet(sealContractSet({ ...set, contracts: [{ ...contract, versions }] }));
}

const SET = contracts();
const VERSIONS = (JSON.parse(SET.text) as ContractSet).contracts[0]?.versions ?? [];

function schemaOf(version: number): JsonObject {
  return VERSIONS[version - 1]?.schema as JsonObject;
}

function idsOf(version: number): { readonly id: number; readonly guid: string } {
  return ownSchemaIds(VERSIONS[version - 1]?.digest ?? "");
}

type Ask = (method: string, path: string, body?: unknown) => Promise<readonly [number, unknown]>;

async function open(): Promise<Ask> {
  const { url } = await startService({ ingest: { contracts: () => SET }, http: { contracts: () => SET } });
  return async (method, path, body) => {
    const init = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
    const response = await fetch(`${url}/registry${path}`, { method, headers: { "content-type": TYPE }, ...init });
    expect(response.headers.get("content-type")).toBe(TYPE);
    return [response.status, await response.json()];
  };
}

describe("the gateway as a registry", () => {
  test("names each topic's values and each contract, and the live versions", async () => {
    const ask = await open();
    expect(await ask("GET", "/subjects")).toEqual([200, ["shipment", VALUE]]);
    expect(await ask("GET", `/subjects?subjectPrefix=${TOPIC}`)).toEqual([200, [VALUE]]);
    expect(await ask("GET", `/subjects/${VALUE}/versions`)).toEqual([200, [2, 3]]);
    expect(await ask("GET", `/subjects/${VALUE}/versions?deleted=true`)).toEqual([200, [1, 2, 3]]);
  });

  test("a version comes with its ids, schema and digest; latest is the highest active one", async () => {
    const ask = await open();
    const [status, latest] = await ask("GET", `/subjects/${VALUE}/versions/latest`);
    expect([status, latest]).toMatchObject([
      200,
      { subject: VALUE, version: 3, ...idsOf(3), schemaType: "JSON", references: [] },
    ]);
    expect(JSON.parse((latest as { schema: string }).schema)).toEqual(schemaOf(3));
    expect(latest).toMatchObject({
      metadata: { properties: { "sigma.contract": "shipment@3", "sigma.digest": VERSIONS[2]?.digest } },
    });
    expect(await ask("GET", `/subjects/shipment/versions/-1`)).toMatchObject([
      200,
      { subject: "shipment", version: 3 },
    ]);
    expect(await ask("GET", `/subjects/${VALUE}/versions/1`)).toMatchObject([200, { version: 1 }]);
    expect(await ask("GET", `/subjects/${VALUE}/versions/2/schema`)).toEqual([200, schemaOf(2)]);
    expect(await ask("GET", `/subjects/${VALUE}/versions/2/referencedby`)).toEqual([200, []]);
  });

  test("a schema is found by the id and by the GUID that stand before a payload", async () => {
    const ask = await open();
    const { id, guid } = idsOf(1);
    const [, byId] = await ask("GET", `/schemas/ids/${id}`);
    expect(byId).toMatchObject({ schemaType: "JSON", id, guid });
    expect(JSON.parse((byId as { schema: string }).schema)).toEqual(schemaOf(1));
    expect((await ask("GET", `/schemas/guids/${guid.toUpperCase()}`))[1]).toEqual(byId);
    expect(await ask("GET", `/schemas/ids/${id}/schema`)).toEqual([200, schemaOf(1)]);
    expect(await ask("GET", `/schemas/ids/${id}/subjects`)).toEqual([200, ["shipment", VALUE]]);
    expect(await ask("GET", `/schemas/ids/${id}/versions`)).toEqual([
      200,
      [
        { subject: "shipment", version: 1 },
        { subject: VALUE, version: 1 },
      ],
    ]);
    expect(await ask("GET", "/schemas/types")).toEqual([200, ["JSON"]]);
    // A draft is nobody's to write.
    expect(await ask("GET", `/schemas/ids/${idsOf(4).id}`)).toMatchObject([404, { error_code: 40403 }]);
  });

  test("looking a schema up, or registering what is there, finds it however it is spelt", async () => {
    const ask = await open();
    const { $schema, type, ...rest } = schemaOf(2);
    const spelt = { ...rest, "x-sigma-contract": { subject: "shipment", version: 2 }, type, $schema };
    const body = { schema: JSON.stringify(spelt, null, 2), schemaType: "JSON" };
    expect(await ask("POST", `/subjects/${VALUE}`, body)).toMatchObject([200, { version: 2, id: idsOf(2).id }]);
    expect(await ask("POST", `/subjects/${VALUE}/versions`, body)).toMatchObject([200, { id: idsOf(2).id }]);
    const other = { ...body, schema: '{"type":"object"}' };
    expect(await ask("POST", `/subjects/${VALUE}`, other)).toMatchObject([404, { error_code: 40403 }]);
    const [status, refused] = await ask("POST", `/subjects/${VALUE}/versions`, other);
    expect([status, refused]).toMatchObject([422, { error_code: 42205 }]);
    expect((refused as { message: string }).message).toContain("Add a version to the contract's files");
    // What ended is not registered anew.
    const retired = { ...body, schema: JSON.stringify(schemaOf(1)) };
    expect((await ask("POST", `/subjects/${VALUE}/versions`, retired))[0]).toBe(422);
  });

  test("compatibility is proved, or refuted with a payload", async () => {
    const ask = await open();
    const check = async (schema: unknown, version: string): Promise<unknown> => {
      const path = `/compatibility/subjects/${VALUE}/versions${version}?verbose=true`;
      return (await ask("POST", path, { schema: JSON.stringify(schema), schemaType: "JSON" }))[1];
    };
    expect(await check({ ...schemaOf(3), additionalProperties: true }, "/latest")).toEqual({
      is_compatible: true,
      messages: [],
    });
    const narrower = { ...schemaOf(3), required: [...(schemaOf(3)["required"] as string[]), "carrier"] };
    const all = (await check(narrower, "")) as { is_compatible: boolean; messages: readonly string[] };
    expect(all.is_compatible).toBe(false);
    expect(all.messages).toHaveLength(2);
    expect(all.messages[0]).toMatch(/^shipment@2: accepts \{.*\}, which the schema refuses: "\/carrier" is required/);
    expect(
      await ask("POST", `/compatibility/subjects/${VALUE}/versions/9`, { schema: "{}", schemaType: "JSON" }),
    ).toMatchObject([404, { error_code: 40402 }]);
  });

  test.each([
    ["GET", "/subjects/absent/versions", undefined, 404, 40401],
    ["GET", `/subjects/${VALUE}/versions/9`, undefined, 404, 40402],
    ["GET", `/subjects/${VALUE}/versions/latest/schemas`, undefined, 404, 404],
    ["GET", `/subjects/${VALUE}/versions/first`, undefined, 422, 42202],
    ["GET", "/schemas/ids/7", undefined, 404, 40403],
    ["GET", "/schemas/ids/seven", undefined, 400, 400],
    ["GET", "/schemas/guids/00000000-0000-8000-8000-000000000000", undefined, 404, 40403],
    ["POST", `/subjects/${VALUE}`, "{", 400, 400],
    ["POST", `/subjects/${VALUE}`, { schema: '"string"', schemaType: "AVRO" }, 422, 42201],
    ["POST", `/subjects/${VALUE}`, { schema: "{", schemaType: "JSON" }, 422, 42201],
    [
      "POST",
      `/compatibility/subjects/${VALUE}/versions`,
      { schema: '{"$dynamicRef":"#a"}', schemaType: "JSON" },
      422,
      42201,
    ],
    ["DELETE", `/subjects/${VALUE}`, undefined, 422, 42205],
    ["DELETE", `/subjects/${VALUE}/versions/1?permanent=true`, undefined, 422, 42205],
    ["PUT", "/config", { compatibility: "NONE" }, 422, 42205],
    ["PUT", `/mode/${VALUE}`, { mode: "READWRITE" }, 422, 42205],
  ] as const)("%s %s with %j is an error of the registry: %i, %i", async (method, path, body, status, code) => {
    const ask = await open();
    const [got, answer] = await ask(method, path, body);
    expect([got, (answer as { error_code: number }).error_code]).toEqual([status, code]);
    expect((answer as { message: string }).message).not.toBe("");
  });

  test("documents each of its routes", async () => {
    const { url } = await startService();
    const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> };
    const routes = Object.entries(paths).filter(([path]) => path.startsWith("/registry/"));
    expect(
      routes.flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path.slice(9)}`)),
    ).toEqual(
      expect.arrayContaining([
        "get /subjects/{subject}/versions/{version}/referencedby",
        "post /subjects/{subject}",
        "get /schemas/guids/{guid}",
        "post /compatibility/subjects/{subject}/versions/{version}",
      ]),
    );
    expect(routes).toHaveLength(18);
  });

  test("is read only, and says so", async () => {
    const ask = await open();
    expect(await ask("GET", "/mode")).toEqual([200, { mode: "READONLY" }]);
    expect(await ask("GET", `/config/${VALUE}`)).toEqual([200, { compatibilityLevel: "BACKWARD" }]);
  });

  test("a sender that goes away before its body is read is no bug of ours", async () => {
    const bugs: string[] = [];
    const logger = pino({ level: "error" }, { write: (line) => void bugs.push(line) });
    const { gateway, server, port, url } = await startService({ http: { logger } });
    // Nothing is decided any more: the first request waits, and the second behind it.
    await gateway.stop();
    const gone = new Promise<void>((resolve) => {
      server.once("connection", (socket: Socket) => socket.once("close", () => resolve()));
    });
    const { socket } = await openRaw(port);
    const first = `POST /v1/events/${TOPIC} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nPrefer: wait=30`;
    const second = `POST /registry/subjects/shipment HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${TYPE}\r\nContent-Length: 99`;
    socket.write(`${first}\r\nContent-Length: 2\r\n\r\n{}${second}\r\n\r\n{"half":`);
    await until(async () => (await get(`${url}/v1/decisions/${TOPIC}/0/0`)).status === 202);
    socket.resetAndDestroy();
    await gone;
    expect((await get(`${url}/livez`)).status).toBe(200);
    expect(bugs).toEqual([]);
  });
});
