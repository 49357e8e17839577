import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CANARIES } from "../canaries.ts";
import { jsonLines, project, ROOT, sigma, startSigma } from "../cli/run.ts";
import { startReceiver } from "../notify/receiver.ts";
import { faultsOfOutput } from "../output.ts";
import { until } from "../patience.ts";
import { createTopic, kafkaForFile } from "../servers/kafka-for-tests.ts";
import { startCollector, type Collector } from "../servers/otelcol.ts";
import { mongoForTests } from "../servers/with-mongo.ts";
import { produce } from "./engines.ts";

// Every canary is pushed through every entrance. What is stored may hold them, and who asks for a record is shown it; nothing else may.
// Each process of these tests is looked at by test/cli/run.ts too, when its test ends.

const kafka = kafkaForFile();
const mongo = mongoForTests(1);
let collector: Collector;
beforeAll(async () => {
  collector = await startCollector();
}, 900_000);
afterAll(async () => collector.stop());

const C = CANARIES;

/** Everything that a log could be tempted to tell of, at the most talkative settings. */
function talkative(): Readonly<Record<string, string>> {
  return {
    SIGMA_LOG_LEVEL: "trace",
    SIGMA_LOG_FAILURES: "each",
    SIGMA_LOG_FAILURES_PER_SECOND: "10000",
    SIGMA_TRACES: "on",
    NODE_OPTIONS: `--import ${join(ROOT, "examples/otel.mjs")}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  };
}

/** Payloads with every personal value: one that passes, and one for each way to fail. */
const PAYLOADS: readonly string[] = [
  JSON.stringify({ shipment_id: C.passport, weight_kg: 1.5, destination: C.street, priority: 2 }),
  // The same identity with other content: a conflict.
  JSON.stringify({ shipment_id: C.passport, weight_kg: 2.5, destination: C.city, priority: 2 }),
  JSON.stringify({ shipment_id: C.iban, weight_kg: C.card, destination: [C.postcode], priority: C.health }),
  JSON.stringify({ [C.memberName]: C.name, [C.keyMember]: { [C.mail]: [C.phone] } }),
  JSON.stringify({ shipment_id: C.birthName, weight_kg: 1, destination: C.birthDay, priority: 99, note: C.note }),
  `{"${C.taxNumber}":1,"${C.taxNumber}":2}`,
  `{"shipment_id":"${C.plate}","weight_kg":1e400,"destination":"${C.geo}"}`,
  C.notJson,
  `{"device":"${C.device}","${C.address}":`,
  C.binary,
  `${"[".repeat(200)}"${C.name}"${"]".repeat(200)}`,
];

const HEADERS: Readonly<Record<string, string>> = {
  "sigma-producer": C.producer,
  authorization: `Bearer ${C.bearer}`,
  cookie: `session=${C.cookie}`,
  baggage: C.baggage,
  traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  tracestate: C.tracestate,
  "user-agent": C.userAgent,
  [C.headerName]: C.header,
  referer: `http://localhost/${C.urlPath}`,
};

/** What a client is answered may name what it asked for itself: its path. */
const OWN_PATH: readonly string[] = [C.urlPath, C.urlQuery];

async function askEverything(url: string): Promise<void> {
  const query = `?${C.urlQuery}=${C.urlQuery}`;
  const asked: (readonly [method: string, path: string, type: string, body?: string])[] = [
    ["GET", `/${C.urlPath}${query}`, "application/json"],
    ["PUT", `/v1/events/${C.urlPath}${query}`, "application/json", "{}"],
    ["GET", `/v1/decisions/${C.urlPath}/0/0${query}`, "application/json"],
    ["GET", `/v1/failures/${C.urlPath}${query}`, "application/json"],
    ["GET", `/v1/failures${query}`, "application/json"],
    ["GET", `/%E0%A4%A${C.urlPath}`, "application/json"],
  ];
  for (const payload of PAYLOADS) {
    for (const path of [
      "/api/validate",
      "/v1/validate/shipment",
      "/v1/events/sigma-aetl.shipments",
      `/v1/validate/${C.urlPath}`,
    ])
      asked.push(["POST", `${path}${query}`, "application/json", payload]);
    const event = `{"specversion":"1.0","id":"${C.ceSubject}","source":"/x","type":"t","subject":"${C.ceSubject}","partitionkey":"${C.key}","data":${payload}}`;
    asked.push(["POST", "/v1/events/sigma-aetl.shipments", "application/cloudevents+json", event]);
    asked.push(["POST", "/v1/events/sigma-aetl.shipments", `text/${C.name}`, payload]);
  }
  asked.push(["POST", "/v1/events/sigma-aetl.shipments", "application/x-ndjson", `${PAYLOADS.join("\n")}\n`]);
  const binary = {
    "ce-specversion": "1.0",
    "ce-id": C.ceSubject,
    "ce-source": "/x",
    "ce-type": "t",
    "sigma-key": C.key,
  };
  for (const [method, path, type, body] of asked) {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { ...HEADERS, "content-type": type, ...(body === PAYLOADS[0] ? binary : {}) },
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.text();
    if (answer.status >= 400) expect(faultsOfOutput(text, OWN_PATH)).toEqual([]);
  }
}

describe("no canary is shown", () => {
  test("by a gateway that is asked everything over HTTP: in its log, its metrics, its traces, its problems", async () => {
    const receiver = await startReceiver([{ status: 500 }]);
    const env = {
      ...talkative(),
      SIGMA_NOTIFY_WEBHOOKS: `${receiver.url.href}${C.webhookPath} slack=http://127.0.0.1:1/${C.webhookPath}`,
      SIGMA_NOTIFY_SECRETS: C.webhookSecret,
      SIGMA_NOTIFY_ALLOW_ADDRESSES: "127.0.0.1",
    };
    const running = startSigma(["start", "--port", "0", "--json", "--no-demo"], { cwd: project(), env });
    const { url } = JSON.parse(await running.line(/"kind":"started"/)) as { readonly url: string };
    await askEverything(url);
    await running.line(/"event_name":"notification\.late"/);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const ready = await (await fetch(`${url}/readyz`)).text();
    running.child.kill("SIGTERM");
    const { stdout, stderr } = await running.ended;
    expect(faultsOfOutput(`${stdout}\n${stderr}\n${metrics}\n${ready}`)).toEqual([]);
    const events = new Set(jsonLines(stderr).map((line) => line["event_name"]));
    for (const name of ["batch.settled", "record.failed", "verdict.given", "verdict.failed"])
      expect(events).toContain(name);
    await until(() => collector.spans().some(({ name }) => name === "POST /api/validate"));
    expect(faultsOfOutput(JSON.stringify(collector.spans()))).toEqual([]);
  });

  test.each([
    ["SQLite", () => ({})],
    ["MongoDB", () => ({ MONGODB_URI: mongo.server().uri.replace("/?", "/canaries?") })],
  ])(
    "by a gateway that reads them from Kafka and stores them in %s: keys, headers and values",
    async (name, storing) => {
      const { brokers } = kafka.server();
      const topic = `canaries-${name.toLowerCase()}`;
      await createTopic(brokers, topic, 1);
      const headers = { ...HEADERS, [C.headerName]: C.header, ce_subject: C.ceSubject };
      await produce(brokers, topic, 0, PAYLOADS, headers);
      const env = { ...talkative(), ...storing(), KAFKA_BROKERS: brokers, SIGMA_SOURCES: `${topic}=shipment@1` };
      const running = startSigma(["start", "--port", "0", "--json", "--no-demo"], { cwd: project(), env });
      const { url } = JSON.parse(await running.line(/"kind":"started"/)) as { readonly url: string };
      const settled = async () =>
        ((await (await fetch(`${url}/readyz`)).json()) as { streams: { settledTo: number }[] }).streams[0]?.settledTo;
      await expect.poll(settled).toBe(PAYLOADS.length);
      const metrics = await (await fetch(`${url}/metrics`)).text();
      running.child.kill("SIGTERM");
      const { stdout, stderr } = await running.ended;
      expect(faultsOfOutput(`${stdout}\n${stderr}\n${metrics}`)).toEqual([]);
      expect(stderr).toContain('"event_name":"record.failed"');
      expect(faultsOfOutput(JSON.stringify(collector.spans()))).toEqual([]);
    },
  );

  test("by commands that read them from files, and count what failed", async () => {
    const cwd = project({ "all.ndjson": `${PAYLOADS.join("\n")}\n` });
    const env = { SIGMA_DEBUG: "1" };
    for (const args of [
      ["ingest", "all.ndjson", "--producer", C.producer, "--key", "/shipment_id", "--quiet", "--show-failures", "0"],
      ["ingest", "all.ndjson", "--json", "--show-failures", "0"],
      ["status"],
      ["audit", "--source"],
      ["doctor"],
    ]) {
      const { stdout, stderr } = await sigma(args, { cwd, env });
      expect([args[0], faultsOfOutput(stdout + stderr)]).toEqual([args[0], []]);
    }
  });

  test.each([
    [
      "MongoDB that is not there",
      { MONGODB_URI: `mongodb://root:${C.mongoPassword}@127.0.0.1:1/x?serverSelectionTimeoutMS=200` },
    ],
    ["a URI that is none", { MONGODB_URI: `mongodb://root:${C.mongoPassword}@@127.0.0.1:1/?w=${C.mongoPassword}` }],
    [
      "Kafka that is not there",
      {
        KAFKA_BROKERS: "127.0.0.1:1",
        SIGMA_KAFKA_SASL_MECHANISM: "plain",
        SIGMA_KAFKA_SASL_USERNAME: "root",
        SIGMA_KAFKA_SASL_PASSWORD: C.saslPassword,
        SIGMA_KAFKA_TLS: "true",
      },
    ],
    [
      "a registry that is not there",
      {
        SIGMA_REGISTRY_URL: "http://127.0.0.1:1",
        SIGMA_REGISTRY_USERNAME: "root",
        SIGMA_REGISTRY_PASSWORD: C.registryPassword,
      },
    ],
    [
      "a registry with a token that is not there",
      { SIGMA_REGISTRY_URL: "http://127.0.0.1:1", SIGMA_REGISTRY_TOKEN: C.registryToken },
    ],
    [
      "a webhook that is none",
      {
        SIGMA_NOTIFY_WEBHOOKS: `ftp://root:${C.webhookPath}@x/${C.webhookPath}`,
        SIGMA_NOTIFY_SECRETS: C.webhookSecret,
      },
    ],
    [
      "contracts that are not there",
      { SIGMA_CONTRACTS_URL: `http://root:${C.registryPassword}@127.0.0.1:1/?${C.urlQuery}` },
    ],
  ] as const)("by a start, a doctor or a config with %s", async (_, env) => {
    const cwd = project();
    const file = join(cwd, "sigma.yaml");
    for (const args of [["config", "show"], ["doctor"], ["status"]]) {
      const { stdout, stderr } = await sigma(args, { cwd, env: { ...env, SIGMA_DEBUG: "1" } });
      expect([args.join(" "), faultsOfOutput(stdout + stderr)]).toEqual([args.join(" "), []]);
    }
    const running = startSigma(["start", "--port", "0", "--json"], { cwd, env });
    await Promise.race([running.ended, running.line(/stream\.paused|"kind":"started"|error /)]);
    running.child.kill("SIGKILL");
    const { stdout, stderr } = await running.ended;
    expect(faultsOfOutput(stdout + stderr)).toEqual([]);
    writeFileSync(
      file,
      `mongodb: { uri: "${C.mongoPassword}" }\nkafka: { sasl: { password: ${C.saslPassword}, x: ${C.bearer}\n`,
    );
    const broken = await sigma(["start"], { cwd });
    expect(broken.code).toBe(2);
    expect(faultsOfOutput(broken.stdout + broken.stderr)).toEqual([]);
    expect(readFileSync(file, "utf8")).toContain(C.mongoPassword);
  });
});
