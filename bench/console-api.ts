import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { readArguments, wholeNumber } from "./arguments.ts";
import { addressOf } from "./console.ts";

// node bench/console-api.ts [records] [rounds]
// How long the requests behind the pages of the console take, one after the other, over a gateway of its own process on the embedded
// engine that holds so many records, a tenth of them FAILED, of 8 producers. Target: at most 100 ms for 95 of 100. Besides half and 95 of 100
// it prints the least, and what a request costs the gateway's processor (Linux), which other work on the machine does not change as much.

const [RECORDS, ROUNDS] = readArguments(wholeNumber(1_000_000), wholeNumber(100));
const WARM_UP = 3;
const TARGET_MS = 100;
const PRODUCERS = 8;
const LINES = 1_000;
const ROOT = resolve(import.meta.dirname, "..");
const TOPIC = "sigma-aetl.shipments";

/** What is wrong with the records that fail, each under a name of its own. */
const FAULTS: readonly ((id: string, n: number) => string)[] = [
  (id) => `{"shipment_id":"${id}","weight_kg":-1.5,"destination":"Dublin","priority":1}`,
  (id) => `{"shipment_id":"${id}","weight_kg":5000.5,"destination":"Dublin","priority":1}`,
  (id) => `{"shipment_id":"${id}","weight_kg":1,"destination":"","priority":9}`,
  (id) => `{"shipment_id":"${id}","destination":"Dublin","priority":1}`,
  (id, n) => `{"shipment_id":"${id}","weight_kg":1,"destination":"Dublin","priority":1,"extra_${n % 36}":1}`,
];

const data = mkdtempSync(join(tmpdir(), "sigma-bench-"));
const gateway = spawn(process.execPath, [join(ROOT, "bin/sigma.js"), "start", "--no-demo", "--json"], {
  cwd: ROOT,
  env: { ...process.env, SIGMA_DATA_DIR: data, SIGMA_HTTP_PORT: "0", SIGMA_LOG_LEVEL: "error" },
  stdio: ["ignore", "pipe", "inherit"],
});
try {
  const url = await addressOf(gateway.stdout);
  const began = performance.now();
  await Promise.all(Array.from({ length: PRODUCERS }, async (_, producer) => send(url, producer)));
  await settled(url);
  say(`${RECORDS} records, stored in ${Math.round((performance.now() - began) / 1_000)} s`);
  const late: string[] = [];
  say(`${["least", "half", "95 of 100", "processor"].map((name) => name.padStart(11)).join(" ")}  request`);
  for (const path of await pathsOf(url)) {
    const { times, cpuMs } = await timesOf(`${url}${path}`);
    const [least = Number.NaN, p50, p95] = [times[0], at(times, 0.5), at(times, 0.95)];
    say(`${[least, p50, p95, cpuMs].map((ms) => `${ms.toFixed(1).padStart(8)} ms`).join(" ")}  ${path}`);
    if (p95 > TARGET_MS) late.push(path);
  }
  if (late.length > 0) process.exitCode = 1;
} finally {
  gateway.kill();
  await once(gateway, "exit");
  rmSync(data, { recursive: true, force: true });
}

/** The requests of every page, of records and groups that there are. */
async function pathsOf(url: string): Promise<readonly string[]> {
  const { groups } = await json<{ groups: readonly { fingerprint: string }[] }>(`${url}/v1/failures/groups`);
  const { failures } = await json<{
    failures: readonly { id: string; topic: string; partition: number; offset: number }[];
  }>(`${url}/v1/failures?limit=1`);
  const [failure] = failures;
  const fingerprint = groups.at(-1)?.fingerprint;
  if (failure === undefined || fingerprint === undefined) throw new Error("nothing failed");
  const { topic, partition, offset } = failure;
  return [
    "/readyz",
    "/v1/status",
    "/v1/failures/groups?since=24h&sort=recent&limit=10",
    "/v1/failures/groups?sort=recent&limit=50",
    "/v1/failures/groups?code=schema&since=7d&sort=count&limit=50",
    `/v1/failures/groups/${fingerprint}`,
    `/v1/failures/groups/${fingerprint}/diagnosis`,
    "/v1/failures?limit=100",
    `/v1/failures?group=${fingerprint}&limit=100`,
    "/v1/failures?code=rule&limit=100",
    "/v1/failures?producer=svc-3&limit=100",
    `/v1/decisions/${topic}/${partition}/${offset}`,
    `/v1/decisions/${topic}/${partition}/${Math.floor(offset / 2)}`,
    `/v1/failures/${encodeURIComponent(`${topic}/${partition}@${offset}`)}/raw`,
    "/v1/contracts",
    "/v1/contracts/shipment",
    "/v1/contracts/shipment/traffic?since=7d",
    "/v1/volume?since=24h",
    "/v1/redrives?limit=50",
    "/v1/what-ifs",
    "/v1/slo",
    "/v1/operator-log",
    "/v1/config",
  ];
}

async function send(url: string, producer: number): Promise<void> {
  const count = Math.ceil(RECORDS / PRODUCERS);
  const headers = { "content-type": "application/x-ndjson", "sigma-producer": `svc-${producer}` };
  const init = { method: "POST", headers, body: Readable.from(linesOf(producer * count, count)), duplex: "half" };
  const answer = await fetch(`${url}/v1/events/${TOPIC}`, init as unknown as RequestInit);
  await answer.arrayBuffer();
  if (answer.status !== 202) throw new Error(`the gateway answered ${answer.status}`);
}

function* linesOf(first: number, count: number): Generator<string> {
  for (let from = first; from < first + count; from += LINES)
    yield Array.from({ length: Math.min(LINES, first + count - from) }, (_, n) => `${lineOf(from + n)}\n`).join("");
}

function lineOf(n: number): string {
  const id = `S-${n}`;
  const fault = n % 10 === 5 ? FAULTS[Math.floor(n / 10) % FAULTS.length] : undefined;
  return (
    fault?.(id, Math.floor(n / 50)) ??
    `{"shipment_id":"${id}","weight_kg":${(n % 900) + 0.5},"destination":"Dublin","priority":1}`
  );
}

async function settled(url: string): Promise<void> {
  for (;;) {
    const { streams } = await json<{ streams: readonly { lag: number | null }[] }>(`${url}/v1/status`);
    if (streams.every(({ lag }) => lag === 0)) return;
    await new Promise((wait) => setTimeout(wait, 250));
  }
}

async function timesOf(url: string): Promise<{ readonly times: readonly number[]; readonly cpuMs: number }> {
  const times: number[] = [];
  let cpuBefore = 0;
  for (let round = 0; round < ROUNDS + WARM_UP; round += 1) {
    if (round === WARM_UP) cpuBefore = usedMs();
    const began = performance.now();
    const answer = await fetch(url);
    await answer.arrayBuffer();
    if (answer.status >= 300) throw new Error(`${url} answered ${answer.status}`);
    if (round >= WARM_UP) times.push(performance.now() - began);
  }
  return { times: times.toSorted((a, b) => a - b), cpuMs: (usedMs() - cpuBefore) / ROUNDS };
}

/** What the gateway used of the processor so far; NaN where the system does not say. Linux counts in steps of 10 ms. */
function usedMs(): number {
  const file = `/proc/${gateway.pid}/stat`;
  if (!existsSync(file)) return Number.NaN;
  const [, fields = ""] = readFileSync(file, "utf8").split(") ");
  const [user, system] = fields.split(" ").slice(11, 13);
  return (Number(user) + Number(system)) * 10;
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function json<Answer>(url: string): Promise<Answer> {
  return (await (await fetch(url)).json()) as Answer;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
