import { connect } from "node:net";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { Unavailable } from "../../src/core/unavailable.ts";
import { shipment, TOPIC } from "../embedded.ts";
import { until } from "../patience.ts";
import { OPERATIONS } from "./operations.ts";
import { get, post, startService, type Service } from "./service.ts";

const WAIT = { prefer: "wait=30" };
const VALID = { shipment_id: "SHIP-TRUE-003", weight_kg: 15.2, destination: "Dublin", priority: 2 };

describe("POST /api/validate", () => {
  test("answers a valid shipment as the reference does", async () => {
    const { url } = await startService();
    const answer = await post(`${url}/api/validate`, JSON.stringify(VALID));
    expect([answer.status, answer.body]).toEqual([200, { status: "PASSED", clean_data: VALID }]);
  });

  test("answers a broken shape with 200, its reason, its errors and the payload", async () => {
    const { url } = await startService();
    const payload = { shipment_id: "", weight_kg: -5, destination: "Dublin" };
    const answer = await post(`${url}/api/validate`, JSON.stringify(payload));
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      status: "FAILED",
      reason: "Schema validation failed",
      received_payload: payload,
    });
    expect(
      (answer.body["errors"] as { loc: unknown; type: string; pointer: string; msg: string }[]).map(
        ({ loc, type, pointer }) => ({ loc, type, pointer }),
      ),
    ).toEqual([
      { loc: ["priority"], type: "missing", pointer: "/priority" },
      { loc: ["shipment_id"], type: "string_too_short", pointer: "/shipment_id" },
      { loc: ["weight_kg"], type: "greater_than", pointer: "/weight_kg" },
    ]);
  });

  test("answers a broken rule with its message as a string", async () => {
    const { url } = await startService();
    const payload = { ...VALID, weight_kg: 1_500 };
    const answer = await post(`${url}/api/validate`, JSON.stringify(payload));
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        status: "FAILED",
        reason: "Business rule violation",
        errors: ["weight_kg exceeds maximum allowed limit"],
        received_payload: payload,
      },
    ]);
  });

  test("does not coerce, lower-case or drop anything", async () => {
    const { url } = await startService();
    const answers = await Promise.all(
      [
        { ...VALID, weight_kg: "12.5" },
        { ...VALID, extra: 1 },
        { ...VALID, destination: "DUBLIN" },
      ].map(async (payload) => post(`${url}/api/validate`, JSON.stringify(payload))),
    );
    expect(answers.map(({ body }) => body["status"])).toEqual(["FAILED", "FAILED", "PASSED"]);
    expect(answers[2]?.body["clean_data"]).toMatchObject({ destination: "DUBLIN" });
  });

  test("a JSON body that the boundary refuses is a 200 FAILED, bytes that are not JSON a problem 400", async () => {
    const { url } = await startService();
    const refused = await post(`${url}/api/validate`, '{"shipment_id":"a","shipment_id":"b"}');
    expect([refused.status, refused.body]).toMatchObject([
      200,
      {
        status: "FAILED",
        reason: "Malformed payload",
        errors: [{ type: "duplicate-key", loc: ["shipment_id"] }],
        received_payload: null,
      },
    ]);
    const broken = await post(`${url}/api/validate`, '{"secret-s3cr3t":');
    expect([broken.status, broken.body]).toMatchObject([400, { code: "malformed-not-json", byteOffset: 17 }]);
    expect(JSON.stringify(broken.body)).not.toContain("s3cr3t");
    const empty = await post(`${url}/api/validate`, "");
    expect(empty.status).toBe(400);
  });

  test("stores nothing", async () => {
    const service = await startService();
    await post(`${service.url}/api/validate`, JSON.stringify(VALID));
    expect(await service.store.reads.tally()).toEqual({ validated: 0, failed: 0, receipts: 0 });
  });
});

describe("POST /v1/validate/{subject}", () => {
  test("gives the verdict by the default, the header's or the asked version", async () => {
    const { url } = await startService();
    const ask = async (path: string, headers = {}) =>
      (await post(`${url}/v1/validate/shipment${path}`, JSON.stringify(VALID), headers)).body;
    expect(await ask("")).toMatchObject({
      status: "PASSED",
      declaredBy: "default",
      contract: { subject: "shipment", version: 1 },
    });
    expect(await ask("", { "sigma-contract": "shipment@1" })).toMatchObject({ status: "PASSED", declaredBy: "header" });
    expect(await ask("?version=1")).toMatchObject({ status: "PASSED" });
    expect(await ask("?version=9")).toMatchObject({ status: "FAILED", code: "contract-unknown" });
  });

  test("judges many payloads at once, each as it would be alone", async () => {
    const { url } = await startService();
    const lines = [JSON.stringify(VALID), "", "{broken", '{"shipment_id":""}'];
    const batch = await fetch(`${url}/v1/validate/shipment/batch`, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body: lines.join("\r\n"),
    });
    const alone = lines
      .filter((line) => line !== "")
      .map(async (line) => (await post(`${url}/v1/validate/shipment`, line)).body);
    expect(
      (await batch.text())
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(await Promise.all(alone));
    expect([batch.status, (await Promise.all(alone)).map(({ status }) => status)]).toEqual([
      200,
      ["PASSED", "FAILED", "FAILED"],
    ]);
  });

  test("names the contracts there are when asked for another", async () => {
    const { url } = await startService();
    const answer = await post(`${url}/v1/validate/none`, "{}");
    expect([answer.status, answer.body]).toMatchObject([
      404,
      { code: "unknown-contract", remedy: "use one of: shipment" },
    ]);
  });
});

describe("GET /v1/decisions/{topic}/{partition}/{offset}", () => {
  async function withRecords(): Promise<Service> {
    const service = await startService();
    for (const text of [shipment("A"), shipment("A"), shipment("A", 3), '{"shipment_id":""}'])
      await post(`${service.url}/v1/events/${TOPIC}`, text, WAIT);
    return service;
  }

  test("tells a fact, a duplicate, a conflict and a failure apart, and never shows a payload", async () => {
    const { url } = await withRecords();
    const answers = await Promise.all(
      [0, 1, 2, 3].map(async (offset) => get(`${url}/v1/decisions/${TOPIC}/0/${offset}`)),
    );
    expect(answers.map(({ body }) => body)).toMatchObject([
      { status: "PASSED", contract: { subject: "shipment", version: 1 } },
      { status: "PASSED", duplicate: true, storedAt: expect.stringMatching(/@0$/) as string },
      { status: "FAILED", code: "conflict" },
      {
        status: "FAILED",
        code: "schema",
        errors: expect.arrayContaining([expect.objectContaining({ pointer: "/shipment_id" })]) as unknown,
      },
    ]);
    expect(answers.map(({ text }) => text).join("")).not.toContain("Dublin");
  });

  test("gives the exact bytes as a download", async () => {
    const { url } = await withRecords();
    const response = await fetch(`${url}/v1/decisions/${TOPIC}/0/0/raw`);
    expect(await response.text()).toBe(shipment("A"));
    expect(response.headers.get("content-disposition")).toBe('attachment; filename="record-0.bin"');
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("says that a record beyond the log, a topic or an offset is not there", async () => {
    const { url } = await withRecords();
    const codes = async (path: string) => {
      const { status, body } = await get(`${url}/v1/decisions/${path}`);
      return [status, body["code"]];
    };
    expect(await codes(`${TOPIC}/0/4`)).toEqual([404, "no-record"]);
    expect(await codes(`${TOPIC}/9/0`)).toEqual([404, "unknown-topic"]);
    expect(await codes("none/0/0")).toEqual([404, "unknown-topic"]);
    expect(await codes(`${TOPIC}/0/-1`)).toEqual([400, "bad-parameter"]);
    expect(await codes(`${TOPIC}/0/0x1`)).toEqual([400, "bad-parameter"]);
    expect(await codes(`${TOPIC}/0/99999999999999999999`)).toEqual([400, "bad-parameter"]);
  });

  test("a record in the log that is not yet decided is pending", async () => {
    const service = await startService({
      ingest: {
        contracts: () => {
          throw new Unavailable("REGISTRY_UNREACHABLE", "not there", "wait");
        },
      },
    });
    await post(`${service.url}/v1/events/${TOPIC}`, shipment("A"));
    expect(await get(`${service.url}/v1/decisions/${TOPIC}/0/0`)).toMatchObject({
      status: 202,
      body: { status: "PENDING", offset: 0 },
    });
    const ready = await get(`${service.url}/readyz`);
    expect([ready.status, ready.body]).toMatchObject([503, { status: "not ready" }]);
    expect((await get(`${service.url}/livez`)).status).toBe(200);
  });
});

describe("the interface", () => {
  test("documents every route it serves and serves every route it documents", async () => {
    const { url } = await startService();
    const document = (await get(`${url}/openapi.json`)).body as {
      openapi: string;
      jsonSchemaDialect: string;
      paths: Record<string, Record<string, unknown>>;
    };
    expect([document.openapi, document.jsonSchemaDialect]).toEqual([
      "3.1.0",
      "https://json-schema.org/draft/2020-12/schema",
    ]);
    expect(
      Object.entries(document.paths)
        .filter(([path]) => !path.startsWith("/registry/"))
        .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`))
        .toSorted(),
    ).toEqual(OPERATIONS);
  });

  test("real answers match the documented schemas", async () => {
    const { url } = await startService();
    type Documented = {
      components: object;
      paths: Record<
        string,
        Record<string, { responses: Record<string, { content?: Record<string, { schema: object }> }> }>
      >;
    };
    const { paths, components } = (await get(`${url}/openapi.json`)).body as Documented;
    const check = (path: string, method: string, status: number, type: string, body: unknown): void => {
      const schema = paths[path]?.[method]?.responses[String(status)]?.content?.[type]?.schema;
      expect(schema, `${method} ${path} ${status} ${type}`).toBeDefined();
      const validate = new Ajv2020({ strict: false }).compile(schema === undefined ? false : { ...schema, components });
      expect({ path, valid: validate(body), errors: validate.errors }).toEqual({ path, valid: true, errors: null });
    };
    const json = "application/json";
    const events = `${url}/v1/events/${TOPIC}`;
    check("/v1/events/{topic}", "post", 202, json, (await post(events, shipment("A"))).body);
    check("/v1/events/{topic}", "post", 200, json, (await post(events, "{}", WAIT)).body);
    check(
      "/v1/events/{topic}",
      "post",
      404,
      "application/problem+json",
      (await post(`${url}/v1/events/no`, "{}")).body,
    );
    check(
      "/v1/events/{topic}",
      "post",
      415,
      "application/problem+json",
      (await post(events, "{}", { "content-type": "a/b" })).body,
    );
    check("/api/validate", "post", 200, json, (await post(`${url}/api/validate`, JSON.stringify(VALID))).body);
    check("/api/validate", "post", 200, json, (await post(`${url}/api/validate`, "{}")).body);
    check("/api/validate", "post", 400, "application/problem+json", (await post(`${url}/api/validate`, "{")).body);
    check("/v1/validate/{subject}", "post", 200, json, (await post(`${url}/v1/validate/shipment`, "{}")).body);
    check(
      "/v1/decisions/{topic}/{partition}/{offset}",
      "get",
      200,
      json,
      (await get(`${url}/v1/decisions/${TOPIC}/0/0`)).body,
    );
    check("/v1/contracts", "get", 200, json, (await get(`${url}/v1/contracts`)).body);
    check(
      "/v1/contracts/{subject}/versions/{version}/schema",
      "get",
      200,
      "application/schema+json",
      (await get(`${url}/v1/contracts/shipment/versions/1/schema`)).body,
    );
    check("/livez", "get", 200, json, (await get(`${url}/livez`)).body);
    check("/readyz", "get", 200, json, (await get(`${url}/readyz`)).body);
  });

  test("answers every error as a problem with security headers, 405 with Allow", async () => {
    const { url } = await startService();
    const missing = await get(`${url}/no/such?token=s3cr3t`);
    expect([missing.status, missing.headers.get("content-type"), missing.body["code"]]).toEqual([
      404,
      "application/problem+json",
      "no-route",
    ]);
    expect(missing.text).not.toContain("s3cr3t");
    const wrong = await get(`${url}/v1/events/${TOPIC}`);
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
    for (const { headers } of [missing, wrong, await get(`${url}/livez`)]) {
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("x-powered-by")).toBeNull();
    }
  });
});

/**
 * Sends bytes as they are and reads until the server closes.
 * @param leaves when the client has had enough and ends the connection; else the server has to.
 */
async function raw(port: number, text: string, leaves?: () => Promise<unknown>): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(text);
      leaves?.().then(() => socket.end(), reject);
    });
    let answer = "";
    socket.on("data", (chunk) => (answer += chunk.toString("latin1")));
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

function statuses(answer: string): readonly string[] {
  return [...answer.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map((match) => match[1] ?? "");
}

describe("against a hostile client", () => {
  const head = `POST /v1/events/${TOPIC} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n`;

  test.each([
    [
      "both lengths",
      `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    ],
    [
      "two lengths",
      `${head}Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    ],
    ["a folded header", `${head}X-A: 1\r\n Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}`],
    ["a space before the colon", `${head}Content-Length : 2\r\n\r\n{}`],
    ["an unknown transfer coding", `${head}Transfer-Encoding: xchunked\r\n\r\n{}`],
    ["no host", `POST /v1/events/${TOPIC} HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}`],
  ])("a request with %s is refused and smuggles nothing", async (_, text) => {
    const service = await startService();
    const answer = statuses(await raw(service.port, text));
    expect(answer).toHaveLength(1);
    expect(Number(answer[0])).toBeGreaterThanOrEqual(400);
    const [stream] = await service.log.streams();
    expect(stream === undefined ? null : (await service.log.bounds(stream)).end).toBe(0n);
  });

  test("a name of another site that resolves to the loopback address is not answered", async () => {
    const service = await startService();
    const answer = await raw(
      service.port,
      "GET /v1/contracts HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    );
    expect(statuses(answer)).toEqual(["421"]);
  });

  test("a body cut short acknowledges nothing", async () => {
    const service = await startService();
    const answer = await raw(service.port, `${head}Content-Length: 400\r\n\r\n{"half":`, async () => undefined);
    expect(statuses(answer).filter((status) => status === "202")).toEqual([]);
    const [stream] = await service.log.streams();
    expect(stream === undefined ? null : (await service.log.bounds(stream)).end).toBe(0n);
  });

  test("a client that leaves in the middle of a stream loses nothing of what was appended", async () => {
    const service = await startService();
    const lines = Array.from({ length: 1_500 }, (_, n) => `${shipment(`L${n}`)}\n`).join("");
    const chunk = `${Buffer.byteLength(lines).toString(16)}\r\n${lines}\r\n`;
    const stream = `POST /v1/events/${TOPIC} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`;
    const validated = async (): Promise<number> => (await service.store.reads.tally()).validated;
    await raw(service.port, stream, async () => until(async () => (await validated()) >= 1_000));
    expect(await validated()).toBeGreaterThanOrEqual(1_000);
    expect((await get(`${service.url}/livez`)).status).toBe(200);
  });

  test("keys that name a prototype never reach one", async () => {
    const { url } = await startService();
    for (const key of ["__proto__", "constructor", "prototype"])
      await post(`${url}/api/validate`, `{"${key}":{"polluted":true}}`);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});
