import { METRICS } from "../src/observe/metrics/definitions.ts";
import { gatewayFamilies } from "../src/http/metrics/families.ts";
import type { BatchMeasures, GatewayEvent } from "../src/gateway/event.ts";
import { createMetrics } from "../src/observe/metrics/metrics.ts";
import { openRuntimeMetrics } from "../src/observe/metrics/runtime.ts";
import { readArguments, wholeNumber } from "./arguments.ts";
import { median } from "./rounds.ts";

// node bench/scrape.ts [subjects] [versions] [rounds]
// What a scrape costs where a gateway knows 200 subjects of 5 versions, each of which failed in three ways, has a stream and an objective
// for each subject, gave verdicts of every version on both routes, and answered on 50 routes; and what an event costs.
// Targets: a page under 50 ms and 2 MB; 0.1 us of CPU a record for all metrics and logs.

const [SUBJECTS, VERSIONS, ROUNDS] = readArguments(wholeNumber(200), wholeNumber(5), wholeNumber(50));
/** Records of a batch. */
const RECORDS = 3_000;

const metrics = createMetrics(openRuntimeMetrics().families);
const subjects = Array.from({ length: SUBJECTS }, (_, subject) => subject);
for (const subject of subjects) {
  metrics.gateway.observe(eventOf(subject));
  for (let version = 1; version <= VERSIONS; version += 1)
    for (const route of ["/v1/validate", "/api/validate"])
      for (const status of ["PASSED", "FAILED"]) metrics.http.verdict(route, `${nameOf(subject)}@${version}`, status);
}
for (let route = 0; route < 50; route += 1)
  for (const status of [200, 400, 503])
    metrics.http.answered({ method: "GET", route: `/v1/part/${route}/{id}`, status, seconds: 0.01, traceId: null }, 0);
const others = gatewayFamilies({
  inFlightBytes: 0,
  objectives: subjects.map((subject) => ({ name: `${nameOf(subject)}-passes`, good: 1_000, bad: 10 })),
});

const FORMATS = {
  text: undefined,
  openmetrics: "application/openmetrics-text",
  protobuf: "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
};
for (const [format, accept] of Object.entries(FORMATS)) {
  const times: number[] = [];
  const cpu: number[] = [];
  let bytes = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const used = process.cpuUsage();
    const start = performance.now();
    const { body } = await metrics.page(accept, async () => 10n, Date.now(), others);
    times.push(performance.now() - start);
    const { user, system } = process.cpuUsage(used);
    cpu.push((user + system) / 1_000);
    bytes = Buffer.byteLength(body);
  }
  const [least, worst] = [Math.min(...times), Math.max(...times)].map((ms) => ms.toFixed(1));
  const wall = `${median(times).toFixed(1)} ms (least ${least}, worst ${worst})`;
  process.stdout.write(`${format.padEnd(12)} ${wall}, ${median(cpu).toFixed(1)} ms of CPU, ${bytes} bytes\n`);
}

const events = subjects.map(eventOf);
const before = process.cpuUsage();
const BATCHES = 5_000;
for (let batch = 0; batch < BATCHES; batch += 1) metrics.gateway.observe(events[batch % SUBJECTS] as GatewayEvent);
const { user, system } = process.cpuUsage(before);
const each = (user + system) / BATCHES;
process.stdout.write(`a batch of ${RECORDS}: ${each.toFixed(0)} us, ${(each / RECORDS).toFixed(4)} us a record\n`);

function nameOf(subject: number): string {
  return `orders.of-department-${subject}`;
}

/** A settled batch whose records came over 30 ms: each millisecond is a run. */
function eventOf(subject: number): GatewayEvent {
  const of = { subject: nameOf(subject) };
  const failed = ["schema-violation", "rule", "malformed-not-json"];
  const decisions = Array.from({ length: VERSIONS }, (_, at) => [
    { ...of, version: at + 1, outcome: "passed", code: null, count: 500 } as const,
    { ...of, version: at + 1, outcome: "duplicate", code: null, count: 50 } as const,
    ...failed.map((code) => ({ ...of, version: at + 1, outcome: "failed", code, count: 10 }) as const),
  ]).flat();
  const now = 1_700_000_000_000;
  const measures: BatchMeasures = {
    ...of,
    isRedrive: false,
    decisions,
    bytes: { evidence: 600_000, packed: 120_000 },
    produced: { ms: Array.from({ length: 30 }, (_, ms) => now + ms), counts: Array.from({ length: 30 }, () => 100) },
    durableAtMs: now + 45 + subject,
    decideMs: { every: 47, timed: Array.from({ length: 64 }, (_, at) => 0.004 + at / 10_000) },
    stagesMs: { fetch: 3, turn: 0.1, decide: 20, queue: 1, ledger: 8, documents: 30, after: 0.2 },
    traced: null,
  };
  const stream = { id: `c/t${subject}/0`, topic: of.subject, partition: 0 };
  const counts = { count: RECORDS, stored: 2_600, duplicates: 250, conflicts: 0, failures: new Map(), groups: [] };
  const entry = {
    seq: 1,
    hash: "0".repeat(64),
    from: 0n,
    to: 3_000n,
    contractSet: "0".repeat(64),
    newGroups: [],
    trace: null,
  };
  return { kind: "batch-settled", stream, ...entry, ...counts, measures };
}

process.stdout.write(`${Object.keys(METRICS).length} metrics\n`);
