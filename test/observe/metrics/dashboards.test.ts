import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { dashboardFiles } from "../../../scripts/dashboards.ts";
import { DASHBOARDS } from "../../../scripts/dashboard-panels.ts";
import { HTTP_SETTINGS } from "../../../src/config/http-settings.ts";
import { Unavailable } from "../../../src/core/unavailable.ts";
import type { GatewayEvent } from "../../../src/gateway/event.ts";
import { METRICS } from "../../../src/observe/metrics/definitions.ts";
import { createMetrics, type Metrics } from "../../../src/observe/metrics/metrics.ts";
import { openRuntimeMetrics } from "../../../src/observe/metrics/runtime.ts";
import { createCounter } from "../../../src/observe/metrics/series.ts";
import type { Objective } from "../../../src/slo/objective.ts";
import { prometheusRules } from "../../../src/slo/export/prometheus.ts";
import type { Store } from "../../../src/store/store.ts";
import { openEmbedded, shipment, temporaryDirectory } from "../../embedded.ts";
import { serve, type Service } from "../../http/service.ts";
import { checkWithPromtool, startPrometheus } from "../../servers/prometheus.ts";

test.each([...dashboardFiles().keys()])("%s is what scripts/dashboards.ts writes", (path) => {
  expect(readFileSync(path, "utf8")).toBe(dashboardFiles().get(path));
});

test("the configuration of deploy/observability is one that Prometheus takes", () => {
  const checked = checkWithPromtool(["check", "config", "--syntax-only", "prometheus.yml"], "deploy/observability");
  expect(checked).toContain("SUCCESS");
});

test.each(["deploy/observability/prometheus.yml", "docs/metrics.md"])(
  "%s scrapes the port that a gateway listens on where none is set",
  (path) => {
    const ports = [...readFileSync(path, "utf8").matchAll(/targets: \["[^"]*:(\d+)"\]/g)].map(([, port]) => port);
    expect(ports).toEqual([String(HTTP_SETTINGS["http.port"].byDefault)]);
  },
);

test("every query of every panel has an answer after a mixed load", async () => {
  const running = await underLoad();
  const prometheus = await startPrometheus({ sigma: [running.target] }, { rules: [rulesFile()] });
  onTestFinished(prometheus.stop);
  const queries = DASHBOARDS.flatMap(({ title, rows }) =>
    rows.flatMap(({ panels }) => panels.flatMap((one) => one.queries.map(({ query }) => ({ title, query })))),
  );
  let round = 0;
  const empty = async (): Promise<readonly string[]> => {
    // The load goes on: a rate needs scrapes between which something happened.
    await running.load((round += 1));
    const answers = queries.map(async ({ title, query }) => {
      const answer = await prometheus.query(asked(query));
      // Not a number: a ratio of nothing to nothing.
      const isEmpty = answer.every(({ value }) => value === undefined || value[1] === "NaN");
      return isEmpty ? [`${title}: ${query}`] : [];
    });
    return (await Promise.all(answers)).flat();
  };
  await expect.poll(empty, { interval: 500 }).toEqual([]);
});

/** A query as Grafana asks it when everything is chosen. */
function asked(query: string): string {
  return query.replaceAll("$rate", "60s").replaceAll(/\$(?:subject|instance)/g, ".*");
}

const OBJECTIVE: Objective = {
  name: "shipment-quality",
  kind: "quality",
  subject: "shipment",
  targetMillionths: 990_000,
  windowMs: 30 * 86_400_000,
  withinMs: null,
};

/** The rules of an objective, a minute for an hour. */
function rulesFile(): string {
  const file = join(temporaryDirectory(), "objectives.yml");
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ groups: prometheusRules([OBJECTIVE], { runbooks: "https://x/", scale: 60 }) }));
  return file;
}

type UnderLoad = { readonly target: string; readonly load: (round: number) => Promise<void> };

async function underLoad(): Promise<UnderLoad> {
  const runtime = openRuntimeMetrics();
  const events = createCounter(METRICS.objectiveEvents);
  const metrics = createMetrics(async () => [
    events.family(),
    { of: METRICS.info, samples: [{ labels: ["0.0.0-test", "1", process.version], value: 1 }] },
    ...(await runtime.families()),
  ]);
  const embedded = await openEmbedded();
  let isDown = true;
  // The store fails once: a pause.
  const unit: Store["unit"] = async (work) => {
    if (!isDown) return embedded.store.unit(work);
    isDown = false;
    throw new Unavailable("STORE_FULL", "the disk is full", "free space");
  };
  const flips = { passToPass: 3, passToFail: 1, failToPass: 0, failToFailSame: 0, failToFailChanged: 0 };
  const shadow = {
    subject: "shipment",
    version: 2,
    flips: { counts: flips },
    judged: 4,
    dropped: 0,
    lost: 0,
    restarts: 0,
  };
  const service = await serve(embedded, {
    ingest: {
      observe: (event) => (embedded.events.push(event), metrics.gateway.observe(event)),
      store: { ...embedded.store, unit },
    },
    http: { metrics, now: Date.now, shadow: () => [shadow as never] },
  });
  return {
    target: `127.0.0.1:${service.port}`,
    load: async (round) => {
      await load(service, metrics, `${round}`);
      for (const outcome of ["good", "bad"]) events.add([OBJECTIVE.name, outcome], 3);
    },
  };
}

/** Records that pass, repeat, contradict and fail; a verdict; a redrive; a stream that halts; contracts and anchors. */
async function load(service: Service, { gateway, router }: Metrics, round: string): Promise<void> {
  const a = shipment(`${round}-A`);
  await service.append(a, shipment(`${round}-B`), a, shipment(`${round}-A`, 3), "{", shipment(`${round}-C`, 2_000));
  const [stream] = await service.log.streams();
  if (stream === undefined) throw new Error("there is no stream");
  const { end } = await service.log.bounds(stream);
  await service.gateway.settled(stream.id, end - 1n, AbortSignal.timeout(60_000));
  await fetch(`${service.url}/v1/validate/shipment`, {
    method: "POST",
    body: a,
    headers: { "content-type": "application/json" },
  });
  await fetch(`${service.url}/api/validate`, {
    method: "POST",
    body: a,
    headers: { "content-type": "application/json" },
  });
  await fetch(`${service.url}/nothing`);
  const settled = service.events.find(({ kind }) => kind === "batch-settled");
  for (const event of await eventsOfOthers(settled)) gateway.observe(event);
  gateway.observeContracts({ kind: "contracts-swapped", from: "a", to: "b", changes: [] });
  const moving = { id: "log/moved/0", topic: "moved", partition: 0 };
  const lanes = new Map([["moved.lane.rest", { records: 3, bytes: 300 }]]);
  router.observe({ kind: "records-moved", stream: moving, from: 0n, to: 3n, lanes, tookMs: 20, newestMs: Date.now() });
  router.observe({
    kind: "stream-waiting",
    stream: moving,
    code: "LOG_FENCED",
    message: "another router took the stream",
    remedy: "nothing",
    retryInMs: 1,
  });
  gateway.observeAnchors({ kind: "anchored", place: "file", remark: null });
}

/** What streams tell that this test does not run: a redrive, and one that halts. */
async function eventsOfOthers(settled: GatewayEvent | undefined): Promise<readonly GatewayEvent[]> {
  const other = { id: "log/others/0", topic: "others", partition: 0 };
  const halt = { code: "BREAKER_OPEN", message: "too many failed", remedy: "look" } as const;
  return [
    { kind: "stream-halted", stream: other, halt },
    ...(settled?.kind === "batch-settled"
      ? [{ ...settled, stream: other, measures: { ...settled.measures, isRedrive: true } }]
      : []),
    { kind: "stream-halted", stream: other, halt },
  ];
}
