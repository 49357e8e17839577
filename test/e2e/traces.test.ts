import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jsonLines, project, ROOT, startSigma } from "../cli/run.ts";
import { startReceiver } from "../notify/receiver.ts";
import { until } from "../patience.ts";
import { startCollector, type Collector, type Span } from "../servers/otelcol.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";
const NDJSON = { "content-type": "application/x-ndjson" };

/** Says what is imported of OpenTelemetry. */
const TELL_IMPORTS = `import { registerHooks } from "node:module";
registerHooks({
  resolve(name, context, next) {
    // The library of the metrics asks for the API by itself, and does nothing with it without an SDK.
    const isOurs = context.parentURL?.includes("node_modules") === false;
    if (isOurs && name.includes("opentelemetry")) process.stderr.write("LOADS " + name + "\\n");
    return next(name, context);
  },
});
`;

let collector: Collector;
beforeAll(async () => {
  collector = await startCollector();
}, 900_000);
afterAll(async () => collector.stop());

/** A gateway with the SDK of the documentation's example. */
async function traced(env: Readonly<Record<string, string>> = {}) {
  const cwd = project();
  const sdk = {
    SIGMA_TRACES: "on",
    NODE_OPTIONS: `--import ${join(ROOT, "examples/otel.mjs")}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_SERVICE_NAME: `sigma-${collector.spans().length}`,
  };
  const running = startSigma(["start", "--port", "0", "--json", "--no-demo"], { cwd, env: { ...sdk, ...env } });
  const { url } = JSON.parse(await running.line(/"kind":"started"/)) as { readonly url: string };
  return { running, url };
}

function contextOf(traceparent: string | null | undefined): { readonly traceId: string; readonly spanId: string } {
  const [, traceId = "", spanId = ""] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/.exec(traceparent ?? "") ?? [];
  return { traceId, spanId };
}

async function spanWhere(holds: (span: Span) => boolean): Promise<Span> {
  const found = (): Span | undefined => collector.spans().find(holds);
  await until(() => found() !== undefined);
  return found() as Span;
}

describe("traces", () => {
  test("go from a request through its records to the batch, the log, the webhook, and into the answer", async () => {
    const receiver = await startReceiver([{ status: 200 }]);
    const { running, url } = await traced({
      SIGMA_LOG_FAILURES: "each",
      SIGMA_NOTIFY_WEBHOOKS: `slack=${receiver.url.href}`,
      SIGMA_NOTIFY_ALLOW_ADDRESSES: "127.0.0.1",
    });
    const answer = await fetch(`${url}/v1/events/sigma-aetl.shipments?secret=canary-url-query`, {
      method: "POST",
      headers: { ...NDJSON, traceparent: `00-${TRACE}-${PARENT}-01`, prefer: "wait=30" },
      body: '{"shipment_id":"A","weight_kg":1.5,"destination":"Dublin","priority":2}\n{"shipment_id":1}\n',
    });
    const request = contextOf(answer.headers.get("traceparent"));
    expect([answer.status, request.traceId]).toEqual([200, TRACE]);
    await until(() => receiver.received.length > 0);
    const call = contextOf(String(receiver.received[0]?.headers["traceparent"]));
    running.child.kill("SIGTERM");
    const { code, stderr } = await running.ended;
    expect(code).toBe(0);

    const server = await spanWhere(({ spanId }) => spanId === request.spanId);
    expect(server).toMatchObject({ name: "POST /v1/events/:topic", kind: 2, traceId: TRACE, parentSpanId: PARENT });
    expect(server.attributes).toEqual({
      "http.request.method": "POST",
      "http.route": "/v1/events/:topic",
      "http.response.status_code": "200",
    });
    const batch = await spanWhere(({ links }) => links.some(({ spanId }) => spanId === request.spanId));
    // Both records have the context of the request: one link.
    expect(batch).toMatchObject({ name: "process sigma-aetl.shipments", kind: 5, status: 0, links: [request] });
    expect(batch.attributes).toEqual({
      "messaging.system": "sigma",
      "messaging.operation.name": "process",
      "messaging.operation.type": "process",
      "messaging.destination.name": "sigma-aetl.shipments",
      "messaging.destination.partition.id": "0",
      "messaging.batch.message_count": "2",
      "sigma.offset.from": "0",
      "sigma.offset.to": "2",
      "sigma.ledger.seq": "1",
      "sigma.contract_set": expect.stringMatching(/^(sha256:)?[0-9a-f]{64}$/) as string,
      "sigma.stored": "1",
      "sigma.duplicates": "0",
      "sigma.conflicts": "0",
      "sigma.failures.schema": "1",
    });
    expect(await spanWhere(({ spanId }) => spanId === call.spanId)).toMatchObject({
      name: "POST",
      kind: 3,
      attributes: { "server.address": "127.0.0.1", "http.response.status_code": "200" },
    });
    const lines = jsonLines(stderr);
    expect(lines.find((line) => line["event_name"] === "batches.settled")).toMatchObject({
      trace_id: batch.traceId,
      span_id: batch.spanId,
    });
    expect(lines.find((line) => line["event_name"] === "record.failed")).toMatchObject({
      trace_id: TRACE,
      span_id: request.spanId,
    });
    expect(JSON.stringify(collector.spans())).not.toContain("canary");
  });

  test("begin anew where a request names none or a malformed one, and name no path that was asked for", async () => {
    const { running, url } = await traced();
    const headers = { traceparent: `00-${"0".repeat(32)}-${PARENT}-01` };
    const answer = await fetch(`${url}/canary-url-path`, { headers });
    const context = contextOf(answer.headers.get("traceparent"));
    expect([answer.status, context.traceId.length, context.traceId === TRACE]).toEqual([404, 32, false]);
    running.child.kill("SIGTERM");
    await running.ended;
    const span = await spanWhere(({ spanId }) => spanId === context.spanId);
    expect(span).toMatchObject({ name: "GET", kind: 2, status: 0 });
    expect(span.attributes).toEqual({ "http.request.method": "GET", "http.response.status_code": "404" });
  });

  test("without an SDK are nothing, which the log says once", async () => {
    const { running, url } = await traced({ NODE_OPTIONS: "" });
    const line = JSON.parse(await running.line(/traces\.unheard/)) as Readonly<Record<string, unknown>>;
    expect(line["sigma.remedy"]).toContain("--import");
    expect((await fetch(`${url}/livez`)).headers.get("traceparent")).toBeNull();
  });

  test.each(["off", "on"] as const)(
    "that are %s load the API of OpenTelemetry only when they are on",
    async (traces) => {
      const hooks = project({ "tell.mjs": TELL_IMPORTS });
      const telling = `--import ${join(hooks, "tell.mjs")}`;
      const { running, url } = await traced({ SIGMA_TRACES: traces, NODE_OPTIONS: telling });
      const answer = await fetch(`${url}/livez`, { headers: { traceparent: `00-${TRACE}-${PARENT}-01` } });
      expect(answer.status).toBe(200);
      running.child.kill("SIGTERM");
      const { code, stderr } = await running.ended;
      expect([code, stderr.split("\n").filter((line) => line.startsWith("LOADS"))]).toEqual([
        0,
        traces === "on" ? ["LOADS @opentelemetry/api"] : [],
      ]);
      // Nobody records: the context that came goes on, and is not ours.
      expect(answer.headers.get("traceparent")).toBe(traces === "on" ? `00-${TRACE}-${PARENT}-01` : null);
    },
  );
});
