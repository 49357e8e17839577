import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { loadContracts } from "../src/contract/files.ts";
import { formatLock, LOCK_NAME } from "../src/contract/lock.ts";
import { amount, readArguments, wholeNumber } from "./arguments.ts";

// node bench/swap.ts [subjects] [seconds]
// The program on its embedded engine, among many contracts, while clients append record by record and wait for each
// decision: without a change of the contracts, and with a change every five seconds, in turns of one run.
// Target: p99 within twice, and not one record without its decision.

const [SUBJECTS, SECONDS] = readArguments(wholeNumber(200), amount(60));
const VERSIONS = 5;
const CLIENTS = 8;
/** Each client asks so often. */
const EVERY_MS = 20;
const SWAP_EVERY_MS = 5_000;
const TURNS = 4;

/** Of the last version of subject 0; every change is one, also the first of a turn. */
let isDeprecated = false;

const directory = mkdtempSync(join(tmpdir(), "sigma-bench-"));
const contracts = join(directory, "contracts");
for (let subject = 0; subject < SUBJECTS; subject += 1) writeContract(subject, VERSIONS, "active");
freezeAll();
writeFileSync(
  join(directory, "sigma.yaml"),
  "sources: [{ topic: events, subject: subject-0, default: 1 }]\nhttp: { port: 0 }\nlog: { format: json }\ncontracts: { reload_seconds: 1 }\n",
);
const sigma = resolve(import.meta.dirname, "../bin/sigma.js");
const gateway = spawn(process.execPath, [sigma, "start", "--no-demo", "--json"], { cwd: directory });
let output = "";
gateway.stdout.on("data", (chunk) => (output += String(chunk)));
gateway.stderr.on("data", (chunk) => (output += String(chunk)));
try {
  const url = await listening();
  const quiet: number[] = [];
  const swapping: number[] = [];
  let sent = 0;
  await load(url, Math.min(2, SECONDS), []);
  const swapsBefore = swaps();
  for (let turn = 0; turn < TURNS; turn += 1) {
    const seconds = SECONDS / TURNS;
    sent += await load(url, seconds, quiet);
    const stop = new AbortController();
    const changing = keepChanging(stop.signal);
    sent += await load(url, seconds, swapping);
    stop.abort();
    await changing;
    await delay(5_000);
  }
  const made = swaps() - swapsBefore;
  process.stdout.write(`${SUBJECTS} subjects of ${VERSIONS} versions; ${sent} records, ${made} swaps\n`);
  print("without swaps", quiet);
  print("with swaps", swapping);
  const ratio = (share: number): string => (at(swapping, share) / at(quiet, share)).toFixed(2);
  process.stdout.write(`ratio: p50 ${ratio(0.5)}, p99 ${ratio(0.99)}\n`);
} finally {
  gateway.kill("SIGTERM");
  rmSync(directory, { recursive: true, force: true });
}

/** Clients that append one record each and wait for its decision. @returns how many records. */
async function load(url: string, seconds: number, latencies: number[]): Promise<number> {
  const until = performance.now() + seconds * 1_000;
  let count = 0;
  const client = async (number: number): Promise<void> => {
    await delay((number * EVERY_MS) / CLIENTS);
    while (performance.now() < until) {
      const started = performance.now();
      const response = await fetch(`${url}/v1/events/events`, {
        method: "POST",
        headers: { "content-type": "application/json", prefer: "wait=30" },
        body: JSON.stringify({ id: `${started}-${number}`, weight: 1 }),
      });
      const { decisions } = (await response.json()) as { readonly decisions?: readonly { readonly status: string }[] };
      if (decisions?.[0]?.status !== "PASSED") throw new Error(`no decision: ${response.status}`);
      latencies.push(performance.now() - started);
      count += 1;
      await delay(Math.max(0, EVERY_MS - (performance.now() - started)));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, async (_, number) => client(number)));
  return count;
}

/** Changes the state of the contract under load: a set whose digest is another, each time. */
async function keepChanging(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    isDeprecated = !isDeprecated;
    writeContract(0, VERSIONS, isDeprecated ? "deprecated" : "active");
    await delay(SWAP_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

function writeContract(subject: number, versions: number, lastStatus: string): void {
  const folder = join(contracts, `subject-${subject}`);
  mkdirSync(folder, { recursive: true });
  const lines = [`subject: subject-${subject}`, "owner: bench", "description: d", `collection: c${subject}`];
  lines.push("identity: [/id]", "versions:");
  for (let version = 1; version <= versions; version += 1) {
    const status = version === versions && subject === 0 ? lastStatus : "active";
    const since = status === "deprecated" ? ", deprecated: 2026-01-01" : "";
    lines.push(`  ${version}: { status: ${status}${since}, schema: v${version}.schema.json }`);
    const schema = {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      required: ["id", "weight"],
      properties: {
        id: { type: "string", minLength: 1, maxLength: 100 + subject },
        weight: { type: "number", minimum: 0, maximum: 1_000 + version },
      },
      additionalProperties: false,
    };
    if (lastStatus === "active" || subject !== 0)
      writeFileSync(join(folder, `v${version}.schema.json`), JSON.stringify(schema));
  }
  // One step, so that a reader finds the old file or the new one.
  writeFileSync(join(folder, "contract.yaml.new"), `${lines.join("\n")}\n`);
  renameSync(join(folder, "contract.yaml.new"), join(folder, "contract.yaml"));
}

function freezeAll(): void {
  const loaded = loadContracts(contracts);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults.slice(0, 3)));
  const entries = loaded.contracts.flatMap(({ subject, versions }) =>
    versions.map(({ version, digest }) => ({ subject, version, digest })),
  );
  writeFileSync(join(contracts, LOCK_NAME), formatLock(entries));
}

async function listening(): Promise<string> {
  for (let waited = 0; waited < 60_000; waited += 50) {
    const match = /"url":"([^"]+)"/.exec(output);
    if (match?.[1] !== undefined) return match[1];
    if (gateway.exitCode !== null) break;
    await delay(50);
  }
  throw new Error(`it does not listen: ${output.slice(0, 2_000)}`);
}

function swaps(): number {
  return output.split('"contract set swapped"').length - 1;
}

function at(latencies: readonly number[], share: number): number {
  return latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * share)] ?? Number.NaN;
}

function print(name: string, latencies: readonly number[]): void {
  const [p50, p99, max] = [0.5, 0.99, 0.999999].map((share) => at(latencies, share).toFixed(1));
  process.stdout.write(`${name.padEnd(14)} p50 ${p50} ms, p99 ${p99} ms, longest ${max} ms\n`);
}
