import { describe, expect, test } from "vitest";
import type { ContractSet, ContractVersion, SchemaId } from "../../src/core/contract-set.ts";
import type { JsonObject } from "../../src/json/json.ts";
import { createSchemaLookup, type SchemaLookup } from "../../src/registry/lookup.ts";
import { shipmentContracts } from "../embedded.ts";
import { freePorts } from "../servers/ports.ts";
import { json, stubRegistry, UNKNOWN } from "./stub-registry.ts";
import { PATIENCE_MS } from "../patience.ts";

const SET = JSON.parse(shipmentContracts().text) as ContractSet;
const [CONTRACT] = SET.contracts;
const [FIRST] = CONTRACT?.versions ?? [];
const SCHEMA = FIRST?.schema as JsonObject;
const OURS = { schemaType: "JSON", schema: JSON.stringify(SCHEMA) };

type Opened = {
  readonly lookup: SchemaLookup;
  readonly learnt: SchemaId[];
  readonly told: string[];
  readonly clock: { ms: number };
};

function open(url: string, set: ContractSet = SET, timeoutMs = PATIENCE_MS): Opened {
  const [learnt, told, clock]: [SchemaId[], string[], { ms: number }] = [[], [], { ms: 0 }];
  const lookup = createSchemaLookup({
    connection: { url, authorization: "Bearer t", timeoutMs },
    contracts: () => set,
    learn: (ids) => learnt.push(...ids),
    report: (id, why) => told.push(`${id}: ${why}`),
    now: () => clock.ms,
    unknownMs: 1_000,
  });
  return { lookup, learnt, told, clock };
}

async function troubleWith(url: string, timeoutMs = PATIENCE_MS): Promise<unknown> {
  const { lookup, learnt, told } = open(url, SET, timeoutMs);
  const error = await lookup.learnSchemaIds(["7"]).catch((thrown: unknown) => thrown);
  expect([learnt, told]).toEqual([[], []]);
  return error;
}

describe("what a registry says of schema ids", () => {
  test("an id is ours when its schema says the same, however it is spelt", async () => {
    const { $schema, ...rest } = SCHEMA;
    const spelt = JSON.stringify({ ...rest, "x-sigma-contract": { subject: "other", version: 3 }, $schema }, null, 2);
    const { url, asked } = await stubRegistry(json(200, { ...OURS, schema: spelt }));
    const { lookup, learnt } = open(`${url}/apis/ccompat/v7/`);
    await lookup.learnSchemaIds(["7", "00000000-0000-8000-8000-00000000000A"]);
    expect(learnt).toMatchObject([
      { id: "7", subject: "shipment", version: 1 },
      { subject: "shipment", version: 1 },
    ]);
    expect(asked).toEqual([
      "/apis/ccompat/v7/schemas/ids/7",
      "/apis/ccompat/v7/schemas/guids/00000000-0000-8000-8000-00000000000A",
    ]);
  });

  test("of versions that differ only in their rules, the annotation of publishing says which; without it none is guessed", async () => {
    const second: ContractVersion = { ...(FIRST as ContractVersion), version: 2, rules: [] };
    const set = { ...SET, contracts: SET.contracts.map((one) => ({ ...one, versions: [...one.versions, second] })) };
    const named = { ...SCHEMA, "x-sigma-contract": { subject: "shipment", version: 2, digest: "x" } };
    const { url } = await stubRegistry((request, response) =>
      json(200, request.url?.endsWith("/1") === true ? OURS : { ...OURS, schema: JSON.stringify(named) })(
        request,
        response,
      ),
    );
    const { lookup, learnt, told } = open(url, set);
    await lookup.learnSchemaIds(["1", "2"]);
    expect(learnt).toEqual([{ id: "2", subject: "shipment", version: 2 }]);
    expect(told).toEqual(["1: its schema is that of several versions here, and it does not say which"]);
  });

  test("an unknown id is asked once for all who wait, then not again until its time is over or contracts change", async () => {
    const { url, asked } = await stubRegistry(UNKNOWN);
    const { lookup, told, clock } = open(url);
    await Promise.all([lookup.learnSchemaIds(["7"]), lookup.learnSchemaIds(["7"])]);
    await lookup.learnSchemaIds(["7"]);
    expect([asked.length, told]).toEqual([1, ["7: the registry does not know it"]]);
    clock.ms = 1_000;
    await lookup.learnSchemaIds(["7"]);
    expect(asked).toHaveLength(2);
    lookup.forget();
    await lookup.learnSchemaIds(["7"]);
    expect(asked).toHaveLength(3);
  });

  test("ids without end do not grow the memory of them", async () => {
    const { url, asked } = await stubRegistry(UNKNOWN);
    const { lookup } = open(url);
    await lookup.learnSchemaIds(Array.from({ length: 10_001 }, (_, index) => String(index + 1)));
    expect(asked).toHaveLength(10_001);
    await lookup.learnSchemaIds(["10001", "2"]);
    expect(asked).toHaveLength(10_001);
    // The first made room.
    await lookup.learnSchemaIds(["1"]);
    expect(asked).toHaveLength(10_002);
  });

  test.each([
    ["another schema", { ...OURS, schema: '{"type":"object"}' }, "its schema is that of no version here"],
    ["Avro, which says no type", { schema: '"string"' }, "it is Avro, not JSON Schema"],
    ["Protobuf", { schema: "x", schemaType: "PROTOBUF" }, "it is PROTOBUF, not JSON Schema"],
    ["text that is no JSON", { ...OURS, schema: "{" }, "its schema is no strict JSON"],
    ["references", { ...OURS, references: [{ name: "a" }] }, "it refers to other schemas"],
    [
      "an empty ruleSet and another schema",
      { ...OURS, schema: "true", ruleSet: { domainRules: [] } },
      "its schema is that of no version here",
    ],
  ])("%s makes an id unknown, and the reason is told", async (_, body, why) => {
    const { url } = await stubRegistry(json(200, body));
    const { lookup, learnt, told } = open(url);
    await lookup.learnSchemaIds(["7"]);
    expect([learnt, told]).toEqual([[], [`7: ${why}`]]);
  });

  test("a GUID is unknown where the registry serves none", async () => {
    const { url } = await stubRegistry((request, response) =>
      (request.url === "/schemas/types" ? json(200, ["JSON"]) : json(404, {}))(request, response),
    );
    const { lookup, told } = open(url);
    const guid = "00000000-0000-8000-8000-000000000001";
    await lookup.learnSchemaIds([guid]);
    expect(told).toEqual([`${guid}: the registry serves no GUIDs`]);
  });
});

describe("trouble with a registry is no decision", () => {
  test.each([
    ["500", json(500, { error_code: 50001, message: "x" }), "REGISTRY_ANSWER"],
    ["429", json(429, {}), "REGISTRY_ANSWER"],
    ["a redirect", json(302, {}), "REGISTRY_ANSWER"],
    ["401", json(401, {}), "REGISTRY_UNAUTHORIZED"],
    ["403", json(403, {}), "REGISTRY_UNAUTHORIZED"],
    ["a bare 404, as a wrong path has it", json(404, { title: "x" }), "REGISTRY_ANSWER"],
    ["another 4xx", json(422, { error_code: 42201, message: "x" }), "REGISTRY_ANSWER"],
    ["a body without a schema", json(200, { schemaType: "JSON" }), "REGISTRY_ANSWER"],
    [
      "rules that are not executed here",
      json(200, { ...OURS, ruleSet: { domainRules: [{ name: "r" }] } }),
      "REGISTRY_RULESET",
    ],
  ])("%s", async (_, handler, code) => {
    expect(await troubleWith((await stubRegistry(handler)).url)).toMatchObject({ name: "Unavailable", code });
  });

  test("no JSON, a body without end, a connection that breaks, one that hangs, one byte a while, nobody there", async () => {
    const html = await stubRegistry((_, response) => response.end("<html>"));
    const endless = await stubRegistry((_, response) => {
      const write = (): void => {
        if (!response.destroyed && response.write(Buffer.alloc(1_048_576, 32))) setImmediate(write);
        else response.once("drain", write);
      };
      write();
    });
    const broken = await stubRegistry((request) => request.socket.destroy());
    const hanging = await stubRegistry(() => undefined);
    const dripping = await stubRegistry((_, response) => {
      const timer = setInterval(() => response.write(" "), 20);
      response.on("close", () => clearInterval(timer));
    });
    const codes = await Promise.all(
      [html, endless, broken, hanging, dripping, { url: "http://127.0.0.1:1" }].map(async (one) => {
        const waits = one === hanging || one === dripping;
        return ((await troubleWith(one.url, waits ? 300 : PATIENCE_MS)) as { code: string }).code;
      }),
    );
    expect(codes).toEqual([
      "REGISTRY_ANSWER",
      "REGISTRY_ANSWER",
      "REGISTRY_UNREACHABLE",
      "REGISTRY_TIMEOUT",
      "REGISTRY_TIMEOUT",
      "REGISTRY_UNREACHABLE",
    ]);
  });

  test("its words name the host and never the credentials", async () => {
    const [port] = await freePorts(1);
    const error = (await troubleWith(`http://127.0.0.1:${port}/path`)) as Error;
    expect(error.message).toBe(`Cannot ask the schema registry at 127.0.0.1:${port}: ECONNREFUSED`);
  });
});
