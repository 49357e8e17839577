import { describe, expect, test } from "vitest";
import { compileContractSet } from "../../src/core/compile.ts";
import { type CompiledContractSet } from "../../src/core/compiled.ts";
import { sealContractSet, versionDigest } from "../../src/core/contract-set.ts";
import type { JsonObject } from "../../src/json/json.ts";
import type { SettledRow } from "../../src/store/store.ts";
import { shipment, TOPIC } from "../embedded.ts";
import { post, startService, type Service } from "./service.ts";

const EVENTS = `/v1/events/${TOPIC}`;
const EVENT = { "content-type": "application/cloudevents+json", prefer: "wait=30" };
const BINARY = { "ce-specversion": "1.0", "ce-id": "e1", "ce-source": "/s", "ce-type": "t" };

/** An open contract on the topic: an envelope that was judged itself would pass it. */
function openContract(): CompiledContractSet {
  const schema: JsonObject = {
    type: "object",
    required: ["id"],
    properties: { id: { type: "string" }, n: { type: "integer" } },
  };
  const content = { version: 1, schema, rules: [], identity: ["/id"] };
  const version = { ...content, status: "active" as const, digest: versionDigest("bug", content) };
  return compileContractSet(
    sealContractSet({
      limits: { bytesMax: 1_048_576, depthMax: 64 },
      contracts: [{ subject: "bug", collection: "shipments", versionField: null, versions: [version] }],
      bindings: [{ topic: TOPIC, subject: "bug", defaultVersion: 1 }],
    }),
  );
}

async function start(): Promise<Service> {
  const set = openContract();
  return startService({ ingest: { contracts: () => set }, http: { contracts: () => set } });
}

function envelope(more: string): string {
  return `{"specversion":"1.0","id":"1","source":"/s","type":"t",${more}}`;
}

async function rowAt({ rows }: Service, offset: bigint): Promise<SettledRow> {
  const [row] = await rows(offset, offset + 1n);
  if (row === undefined) throw new Error(`there is no row at ${offset}`);
  return row;
}

describe("an envelope over HTTP", () => {
  test.each([
    ['"ext":{"a":1},"data":{"id":"x"}'],
    ['"ext":[1,2],"data":{"id":"x"}'],
    ['"seq":9007199254740993,"data":{"id":"x"}'],
    ['"data":{"id":"x"},"data":{"id":"y"}'],
    ['"data":{"id":"x"},"data_base64":"e30="'],
    ['"data_base64":"eyJpZ!!!CI6Ing5In0="'],
    ['"id":"2","data":{"id":"x"}'],
  ])("%s is refused before the log, on every route, and says where", async (more) => {
    const service = await start();
    for (const path of [EVENTS, "/v1/validate/bug", "/api/validate"]) {
      const answer = await post(`${service.url}${path}`, envelope(more), EVENT);
      expect([path, answer.status, answer.body["code"]]).toEqual([path, 400, "bad-cloudevent"]);
      expect(answer.body).toMatchObject({ pointer: expect.stringMatching(/^\//) as string });
    }
    const [stream] = await service.log.streams();
    expect(stream === undefined ? null : (await service.log.bounds(stream)).end).toBe(0n);
  });

  test("nested 400,000 deep it is refused with a code, and the server goes on", async () => {
    const service = await start();
    const deep = `${"[".repeat(400_000)}${"]".repeat(400_000)}`;
    const wrong = await post(`${service.url}${EVENTS}`, envelope(`"ext":${deep}`), EVENT);
    expect([wrong.status, wrong.body["code"]]).toEqual([400, "bad-cloudevent"]);
    const data = await post(`${service.url}${EVENTS}`, envelope(`"data":${deep}`), EVENT);
    expect(data.body).toMatchObject({ decisions: [{ status: "FAILED", code: "malformed-too-deep" }] });
    const batch = await post(`${service.url}${EVENTS}`, deep, { "content-type": "application/cloudevents-batch+json" });
    expect(batch.status).toBe(400);
  });
});

test("the same bytes have one verdict: over HTTP, from the log, and when only a verdict is asked for", async () => {
  const service = await start();
  const bodies = [
    '"data":{"n":"wrong"}',
    '"data":{"id":"x","n":1}',
    '"data_base64":"eyJpZCI6InkifQ=="',
    '"subject":"none"',
  ];
  const verdicts = async (body: string): Promise<readonly unknown[]> => {
    const event = envelope(body);
    const sent = await post(`${service.url}${EVENTS}`, event, EVENT);
    const asked = await post(`${service.url}/v1/validate/bug`, event, EVENT);
    const headers = [["content-type", Buffer.from(EVENT["content-type"])] as const];
    const [appended] = await service.log.append(TOPIC, [
      { key: null, headers, value: Buffer.from(event), partition: null },
    ]);
    await post(`${service.url}${EVENTS}`, "{}", { prefer: "wait=30" });
    const row = await rowAt(service, appended?.offset ?? 0n);
    const over = (sent.body as { decisions: { status: string; id: string; code?: string }[] }).decisions[0];
    const fromLog = row.kind === "failed" ? row.reason : row.kind === "receipt" ? row.duplicateOf : row.id;
    return [
      [over?.status, over?.status === "PASSED" ? over.id : over?.code],
      [asked.body["status"], asked.body["id"] ?? asked.body["code"]],
      typeof fromLog === "string"
        ? ["PASSED", fromLog]
        : ["FAILED", fromLog.kind === "malformed" ? "malformed-empty" : fromLog.kind],
    ];
  };
  for (const body of bodies) {
    const [first, ...others] = await verdicts(body);
    expect([body, ...others]).toEqual([body, first, first]);
  }
  expect((await service.audit(true)).findings).toEqual([]);
});

describe("headers of an event in binary mode", () => {
  test.each([
    [{ "ce-dataschema": '"sigma:bug@1"' }, "ce_dataschema", "sigma:bug@1"],
    [{ "ce-subject": String.raw`"a \"quoted\" b\\"` }, "ce_subject", String.raw`a "quoted" b\ `.trim()],
    [{ "ce-subject": "Euro%20%E2%82%AC%20%F0%9F%98%80" }, "ce_subject", "Euro € 😀"],
    [{ "ce-subject": "100%25" }, "ce_subject", "100%"],
    [{ "ce-subject": "a+b" }, "ce_subject", "a+b"],
    [{ "ce-n": "1" }, "ce_n", "1"],
  ])("%o is read as %s: %s", async (headers, name, value) => {
    const service = await start();
    const sent = { ...BINARY, ...(headers as Record<string, string>), prefer: "wait=30" };
    const answer = await post(`${service.url}${EVENTS}`, '{"id":"x"}', sent);
    expect(answer.body).toMatchObject({ decisions: [{ status: "PASSED" }] });
    const found = (await rowAt(service, 0n)).headers.find(([one]) => one === name);
    expect(Buffer.from(found?.[1] ?? []).toString()).toBe(value);
  });

  test.each([
    [{ "ce-subject": "a%C0%80b" }],
    [{ "ce-subject": "%ff" }],
    [{ "ce-subject": "%ED%A0%80" }],
    [{ "ce-subject": "50%" }],
    [{ "ce-subject": "%00" }],
    [{ "ce-subject": '""' }],
    [{ "ce-subject": "caf\u00e9" }],
    [{ "ce-time": "yesterday" }],
    [{ "ce-a_b": "1" }],
  ])("%o is refused", async (headers) => {
    const service = await start();
    const answer = await post(`${service.url}${EVENTS}`, "{}", { ...BINARY, ...(headers as Record<string, string>) });
    expect([answer.status, answer.body["code"]]).toEqual([400, "bad-cloudevent"]);
  });
});

test("an event of an unread format is 415, and one whose data is an event again is unwrapped once", async () => {
  const service = await start();
  const avro = await post(`${service.url}${EVENTS}`, "{}", { "content-type": "application/cloudevents+avro" });
  expect(avro.status).toBe(415);
  const nested = `"datacontenttype":"application/cloudevents+json","data":${envelope('"data":{}')}`;
  const answer = await post(`${service.url}${EVENTS}`, envelope(nested), EVENT);
  expect(answer.body).toMatchObject({ decisions: [{ status: "PASSED" }] });
});

describe("a body of application/json that was meant otherwise", () => {
  const send = async (body: string, type = "application/json") => {
    const service = await startService();
    return post(`${service.url}${EVENTS}`, body, { "content-type": type });
  };

  test("a list where the contract takes none, and lines, are told how to be sent", async () => {
    for (const [code, body] of [
      ["json-list", `[${shipment("A")},${shipment("B")}]`],
      ["json-list", " \n[]"],
      ["ndjson-as-json", `${shipment("A")}\n${shipment("B")}\n`],
      ["ndjson-as-json", `${shipment("A")}\r\n\r\n${shipment("B")}`],
      ["ndjson-as-json", `\uFEFF${shipment("A")}\n${shipment("B")}\n`],
      ["ndjson-as-json", `${shipment("A".repeat(100_000))}\n${shipment("B")}\n`],
      ["ndjson-as-json", `${shipment("A")}\n{"shipment_id":`],
      ["ndjson-as-json", '"A"\n"B"\n'],
      ["ndjson-as-json", "1\n2\n"],
    ] as const) {
      const answer = await send(body);
      expect([answer.status, answer.body["code"]]).toEqual([400, code]);
      expect(answer.body["remedy"]).toContain("application/x-ndjson");
    }
  });

  test("one record over several lines, one that is broken, and any type ending in +json are records", async () => {
    const pretty = JSON.stringify(JSON.parse(shipment("A")), null, 2);
    for (const body of [pretty, `${shipment("A")}\n`, `${shipment("A")}\n}`, '{"a":1\n{"b":2}', "{"]) {
      expect([body, (await send(body)).status]).toEqual([body, 202]);
    }
    expect((await send(shipment("A"), "application/vnd.shipment+json; charset=utf-8")).status).toBe(202);
  });

  test("a contract that takes lists gets them as they are", async () => {
    const schema: JsonObject = { type: "array", items: { type: "object" } };
    const content = { version: 1, schema, rules: [], identity: ["/0/id"] };
    const version = { ...content, status: "active" as const, digest: versionDigest("list", content) };
    const set = compileContractSet(
      sealContractSet({
        limits: { bytesMax: 10_000, depthMax: 64 },
        contracts: [{ subject: "list", collection: "shipments", versionField: null, versions: [version] }],
        bindings: [{ topic: TOPIC, subject: "list", defaultVersion: 1 }],
      }),
    );
    const service = await startService({ ingest: { contracts: () => set }, http: { contracts: () => set } });
    const answer = await post(`${service.url}${EVENTS}`, '[{"id":"1"}]', { prefer: "wait=30" });
    expect(answer.body).toMatchObject({ decisions: [{ status: "PASSED" }] });
  });
});
