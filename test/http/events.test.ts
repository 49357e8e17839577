import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { Unavailable } from "../../src/core/unavailable.ts";
import type { SettledRow } from "../../src/store/store.ts";
import { shipment, TOPIC } from "../embedded.ts";
import { post, startService, type Service } from "./service.ts";

const EVENTS = `/v1/events/${TOPIC}`;
const WAIT = { prefer: "wait=30" };

async function rowAt({ rows }: Service, offset: bigint): Promise<SettledRow> {
  const [row] = await rows(offset, offset + 1n);
  if (row === undefined) throw new Error(`there is no row at ${offset}`);
  return row;
}

function headersOf(row: SettledRow): Readonly<Record<string, string>> {
  return Object.fromEntries(row.headers.map(([name, value]) => [name, Buffer.from(value).toString()]));
}

function rawOf(row: SettledRow): string | null {
  return row.raw === null ? null : Buffer.from(row.raw).toString();
}

const event = { specversion: "1.0", id: "e-1", source: "/tests", type: "shipment.made", time: "2026-01-02T03:04:05Z" };

describe("POST /v1/events/{topic}", () => {
  test("answers 202 with the position once the record is durable in the log", async () => {
    const service = await startService();
    const answer = await post(`${service.url}${EVENTS}`, shipment("A"));
    const [stream] = await service.log.streams();
    expect([answer.status, answer.body]).toEqual([
      202,
      { topic: TOPIC, count: 1, positions: [{ stream: stream?.id, partition: 0, offset: 0 }] },
    ]);
    expect(stream === undefined ? null : await service.log.bounds(stream)).toEqual({ start: 0n, end: 1n });
  });

  test("waits for the decision when the client prefers to", async () => {
    const service = await startService();
    const passed = await post(`${service.url}${EVENTS}`, shipment("A"), WAIT);
    expect([passed.status, passed.headers.get("preference-applied")]).toEqual([200, "wait=30"]);
    expect(passed.body).toMatchObject({ count: 1, decisions: [{ status: "PASSED", partition: 0, offset: 0 }] });
    const again = await post(`${service.url}${EVENTS}`, shipment("A"), WAIT);
    expect(again.body).toMatchObject({ decisions: [{ status: "PASSED", duplicate: true }] });
    const failed = await post(`${service.url}${EVENTS}`, "{", WAIT);
    expect(failed.body).toMatchObject({ decisions: [{ status: "FAILED", code: "malformed-not-json", byteOffset: 1 }] });
  });

  test("keeps the bytes of the body exactly, be they JSON or not", async () => {
    const service = await startService();
    const bytes = Uint8Array.from([0x7b, 0xff, 0x00, 0x0a]);
    await post(`${service.url}${EVENTS}`, bytes, WAIT);
    const row = await rowAt(service, 0n);
    expect([...(row.raw ?? [])]).toEqual([...bytes]);
  });

  test("takes lines of NDJSON, skips the blank ones, and answers with ranges", async () => {
    const service = await startService();
    const lines = `${shipment("A")}\r\n\n  \n${shipment("B")}\n{broken\n${shipment("A")}`;
    const answer = await post(`${service.url}${EVENTS}`, lines, { "content-type": "application/x-ndjson" });
    const [stream] = await service.log.streams();
    expect([answer.status, answer.body]).toEqual([
      202,
      { topic: TOPIC, count: 4, ranges: [{ stream: stream?.id, partition: 0, from: 0, to: 4 }] },
    ]);
    await post(`${service.url}${EVENTS}`, shipment("Z"), WAIT);
    expect(await service.store.reads.tally()).toEqual({ validated: 3, failed: 1, receipts: 1 });
    expect(rawOf(await rowAt(service, 0n))).toBe(shipment("A"));
  });

  test("streams: the first lines are decided while the last have not been sent", async () => {
    const service = await startService();
    let send: (text: string) => void = () => undefined;
    let finish: () => void = () => undefined;
    const body = new ReadableStream({
      start: (controller) => {
        send = (text) => controller.enqueue(Buffer.from(text));
        finish = () => controller.close();
      },
    });
    const answer = post(`${service.url}${EVENTS}`, body, { "content-type": "application/x-ndjson" });
    send(Array.from({ length: 1_000 }, (_, n) => `${shipment(`S${n}`)}\n`).join(""));
    while ((await service.store.reads.tally()).validated < 1_000) await new Promise((resolve) => setImmediate(resolve));
    send(shipment("last"));
    finish();
    expect((await answer).body).toMatchObject({ count: 1_001 });
  });

  test("a line split over many chunks is one record", async () => {
    const service = await startService();
    const text = Buffer.from(`${shipment("ü".repeat(30))}\n${shipment("B")}\n`);
    const body = new ReadableStream({
      start: (controller) => {
        for (const byte of text) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const answer = await post(`${service.url}${EVENTS}`, body, { "content-type": "application/x-ndjson" });
    expect(answer.body).toMatchObject({ count: 2 });
  });

  test("a line over the limit ends the request, and what came before it is reported and kept", async () => {
    const service = await startService();
    const body = `${shipment("A")}\n${"x".repeat(17_000_000)}\n${shipment("B")}`;
    const answer = await post(`${service.url}${EVENTS}`, body, { "content-type": "application/x-ndjson" });
    expect([answer.status, answer.body]).toMatchObject([
      413,
      { code: "line-too-long", line: 2, appended: 1, ranges: [{ from: 0, to: 1 }] },
    ]);
  });

  test("a record over the contract's limit is a failure with its bytes, not an error", async () => {
    const service = await startService();
    const answer = await post(`${service.url}${EVENTS}`, `${"x".repeat(1_048_577)}\n`, {
      "content-type": "application/x-ndjson",
    });
    expect(answer.status).toBe(202);
    await post(`${service.url}${EVENTS}`, shipment("A"), WAIT);
    const row = await rowAt(service, 0n);
    expect(row).toMatchObject({ kind: "failed", reason: { code: "too-large" } });
    expect(rawOf(row)).toHaveLength(1_048_577);
  });

  test("reads a structured CloudEvent: the value is exactly the bytes of its data", async () => {
    const service = await startService();
    const data = '{ "shipment_id":"A",\t"weight_kg":15.20,"destination":"Dublin", "priority":2 }';
    const envelope = `{"specversion":"1.0","data":${data},"id":"e-1","source":"/tests","type":"t","partitionkey":"k"}`;
    const answer = await post(`${service.url}${EVENTS}`, envelope, {
      ...WAIT,
      "content-type": "application/cloudevents+json",
    });
    expect(answer.body).toMatchObject({ decisions: [{ status: "PASSED" }] });
    const row = await rowAt(service, 0n);
    expect(rawOf(row)).toBe(data);
    expect(headersOf(row)).toEqual({
      ce_specversion: "1.0",
      ce_id: "e-1",
      ce_source: "/tests",
      ce_type: "t",
      ce_partitionkey: "k",
      "content-type": "application/json",
    });
    expect(Buffer.from(row.key ?? []).toString()).toBe("k");
  });

  test("reads a binary CloudEvent, and its dataschema declares the version", async () => {
    const service = await startService();
    const headers = {
      ...WAIT,
      "ce-specversion": "1.0",
      "ce-id": "e%202",
      "ce-source": "/tests",
      "ce-type": "t",
      "ce-dataschema": "sigma:shipment@1",
    };
    const answer = await post(`${service.url}${EVENTS}`, shipment("A"), headers);
    expect(answer.body).toMatchObject({ decisions: [{ status: "PASSED", declaredBy: "cloudevents" }] });
    expect(headersOf(await rowAt(service, 0n))).toMatchObject({ ce_id: "e 2", ce_dataschema: "sigma:shipment@1" });
  });

  test("reads a batch of CloudEvents, with data in base64 and without data", async () => {
    const service = await startService();
    const batch = [
      { ...event, data: JSON.parse(shipment("A")) as unknown },
      { ...event, id: "e-2", data_base64: Buffer.from(shipment("B")).toString("base64") },
      { ...event, id: "e-3" },
    ];
    const answer = await post(`${service.url}${EVENTS}`, JSON.stringify(batch), {
      ...WAIT,
      "content-type": "application/cloudevents-batch+json",
    });
    expect(answer.body).toMatchObject({
      count: 3,
      decisions: [{ status: "PASSED" }, { status: "PASSED" }, { code: "malformed-empty" }],
    });
  });

  test.each([
    ["{}", "application/cloudevents+json", { missing: ["specversion", "id", "source", "type"] }],
    ['{"specversion":"1.0","id":"1","source":"/s"}', "application/cloudevents+json", { missing: ["type"] }],
    ['{"specversion":"0.3","id":"1","source":"/s","type":"t"}', "application/cloudevents+json", {}],
    ['[{"specversion":"1.0"}]', "application/cloudevents+json", {}],
    ["[1]", "application/cloudevents-batch+json", { pointer: "/0" }],
    ["{", "application/cloudevents+json", {}],
  ])("refuses %s as %s: nobody could tell what it is", async (body, type, extra) => {
    const service = await startService();
    const answer = await post(`${service.url}${EVENTS}`, body, { "content-type": type });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: "bad-cloudevent", ...extra });
  });

  test("the contract, key and trace of the request become the record's", async () => {
    const service = await startService();
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const answer = await post(`${service.url}${EVENTS}`, shipment("A"), {
      ...WAIT,
      "sigma-contract": "shipment@1",
      "sigma-key": "k1",
      traceparent,
      tracestate: "a=b",
    });
    expect(answer.body).toMatchObject({ decisions: [{ declaredBy: "header" }] });
    expect(headersOf(await rowAt(service, 0n))).toEqual({
      "sigma-contract": "shipment@1",
      traceparent,
      tracestate: "a=b",
    });
    await post(`${service.url}${EVENTS}`, shipment("B"), { ...WAIT, traceparent: "nonsense" });
    expect(headersOf(await rowAt(service, 1n))).toEqual({});
  });

  test("takes gzip, whole and streamed, and refuses a bomb and other encodings", async () => {
    const service = await startService();
    const one = await post(`${service.url}${EVENTS}`, gzipSync(shipment("A")), { "content-encoding": "gzip" });
    const many = await post(`${service.url}${EVENTS}`, gzipSync(`${shipment("B")}\n${shipment("C")}\n`), {
      "content-encoding": "gzip",
      "content-type": "application/x-ndjson",
    });
    expect([one.status, many.body]).toMatchObject([202, { count: 2 }]);
    const bomb = gzipSync(Buffer.alloc(60_000_000, "\n"));
    const whole = await post(`${service.url}${EVENTS}`, bomb, { "content-encoding": "gzip" });
    const streamed = await post(`${service.url}${EVENTS}`, bomb, {
      "content-encoding": "gzip",
      "content-type": "application/x-ndjson",
    });
    const other = await post(`${service.url}${EVENTS}`, "x", { "content-encoding": "br" });
    const broken = await post(`${service.url}${EVENTS}`, "not gzip", { "content-encoding": "gzip" });
    expect([whole, streamed, other, broken].map(({ status, body }) => [status, body["code"]])).toEqual([
      [413, "body-too-large"],
      [413, "no-record"],
      [415, "unsupported-media-type"],
      [400, "bad-gzip"],
    ]);
  });

  test("names the topics there are when asked for another", async () => {
    const service = await startService();
    const answer = await post(`${service.url}/v1/events/none`, "{}");
    expect([answer.status, answer.headers.get("content-type"), answer.body]).toMatchObject([
      404,
      "application/problem+json",
      { code: "unknown-topic", remedy: expect.stringContaining(TOPIC) as string },
    ]);
  });

  test("refuses other content types, and bodies over the limit", async () => {
    const service = await startService();
    const type = await post(`${service.url}${EVENTS}`, "a,b", { "content-type": "text/csv" });
    const size = await post(`${service.url}${EVENTS}`, "x".repeat(1_200_000));
    expect([type.status, size.status, size.body["code"]]).toEqual([415, 413, "body-too-large"]);
  });

  test("answers 503 with Retry-After while the log cannot take anything, and acknowledges nothing", async () => {
    const service = await startService({
      http: {
        log: {
          topics: () => [TOPIC],
          streamsOf: async () => [],
          append: async () => Promise.reject(new Unavailable("LOG_FULL", "the disk is full", "free some space")),
        },
      },
    });
    const answer = await post(`${service.url}${EVENTS}`, shipment("A"));
    expect([answer.status, answer.body]).toMatchObject([
      503,
      { code: "LOG_FULL", remedy: "free some space", runbook: "docs/runbooks/disk-full.md" },
    ]);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  });
});
