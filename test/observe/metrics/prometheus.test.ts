import { expect, onTestFinished, test } from "vitest";
import { createMetrics } from "../../../src/observe/metrics/metrics.ts";
import { openRuntimeMetrics } from "../../../src/observe/metrics/runtime.ts";
import { shipment, TOPIC } from "../../embedded.ts";
import { startService, type Service } from "../../http/service.ts";
import { lintMetrics, startPrometheus, type PrometheusSample } from "../../servers/prometheus.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";

/** A gateway that decided three records, one of them wrong, and answered a request that carries a trace. */
async function serviceWithTraffic(): Promise<Service> {
  const metrics = createMetrics(openRuntimeMetrics().families);
  const service = await startService({
    ingest: { observe: metrics.gateway.observe },
    http: { metrics, now: Date.now },
  });
  await service.append(shipment("A"), shipment("B"), "{");
  await service.gateway.settled((await service.log.streams())[0]?.id ?? "", 2n, AbortSignal.timeout(60_000));
  await fetch(`${service.url}/v1/contracts`, { headers: { traceparent: `00-${TRACE}-b7ad6b7169203331-01` } });
  return service;
}

function numbersOf(samples: readonly PrometheusSample[]): readonly number[] {
  return samples.map(({ value }) => Number(value?.[1]));
}

test("promtool finds nothing to improve", async () => {
  const { url } = await serviceWithTraffic();
  expect(lintMetrics(await (await fetch(`${url}/metrics`)).text())).toBe("");
});

test("a real Prometheus reads the text format", async () => {
  const { port } = await serviceWithTraffic();
  const prometheus = await startPrometheus({ sigma: [`127.0.0.1:${port}`] });
  onTestFinished(prometheus.stop);
  await expect.poll(async () => numbersOf(await prometheus.query("sum(sigma_decisions_total)"))).toEqual([3]);
  const late = 'sigma_produce_to_durable_seconds_bucket{le="+Inf"}';
  expect(numbersOf(await prometheus.query(late))).toEqual([3]);
  expect(numbersOf(await prometheus.query('sigma_stream_lag_records{topic="shipments"}'))).toEqual([0]);
  expect(await prometheus.query(`sigma_streams{state="running",instance="127.0.0.1:${port}"} == 1`)).toHaveLength(1);
});

test("a real Prometheus reads native histograms and exemplars from the binary format", async () => {
  const { port } = await serviceWithTraffic();
  const flags = ["--enable-feature=native-histograms,exemplar-storage"];
  const prometheus = await startPrometheus({ sigma: [`127.0.0.1:${port}`] }, { flags });
  onTestFinished(prometheus.stop);
  const native = async (): Promise<readonly (string | undefined)[]> =>
    (await prometheus.query("sigma_produce_to_durable_seconds")).map(({ histogram }) => histogram?.[1].count);
  await expect.poll(native).toEqual(["3"]);
  expect(numbersOf(await prometheus.query("sum(sigma_decisions_total)"))).toEqual([3]);
  const quantile = "histogram_quantile(0.5, sigma_produce_to_durable_seconds)";
  // The clock of the embedded log stands in 2023, and the latency of its records grows beyond 10^7 seconds.
  expect(numbersOf(await prometheus.query(quantile))[0]).toBeGreaterThan(10_000_000);
  const exemplars = async (): Promise<string> => {
    const asked = `query=sigma_http_request_seconds&start=${Date.now() / 1_000 - 60}&end=${Date.now() / 1_000 + 60}`;
    return (await fetch(`${prometheus.url}/api/v1/query_exemplars?${asked}`)).text();
  };
  await expect.poll(exemplars).toContain(TRACE);
});

test("an answer is counted under the template of its route, and a strange request under none", async () => {
  const { url } = await serviceWithTraffic();
  await fetch(`${url}/v1/decisions/${TOPIC}/0/1`);
  await fetch(`${url}/secret-path-of-a-client`, { method: "DELETE" });
  const read = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();
  await expect.poll(read).toContain('sigma_http_requests_total{method="DELETE",route="none",status="404"} 1\n');
  const page = await read();
  expect(page).toContain(
    'sigma_http_requests_total{method="GET",route="/v1/decisions/{topic}/{partition}/{offset}",status="200"} 1\n',
  );
  expect(page).not.toContain("secret-path");
});
