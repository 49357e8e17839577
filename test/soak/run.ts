import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startFaults } from "./faults.ts";
import { mebibytes, rulesOf, type Rule, type Sample } from "./flat.ts";
import { CONTRACTS, createSoakedGateway, type SoakedGateway } from "./gateway.ts";
import { startLoad, type Acknowledged, type Load } from "./load.ts";
import { startEngines } from "./engines.ts";

// npm run soak -- [--minutes N] [--rate RECORDS_A_SECOND] [--servers]
// A real gateway under load from several producers, with kills, freezes and contract swaps. Exits 1 when something acknowledged is not
// decided, the audit finds something, an answer is wrong, or memory or descriptors are not flat (flat.ts has the rules).

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    rate: { type: "string", default: "1000" },
    servers: { type: "boolean", default: false },
  },
});
const WARM_MS = 3_000;
/** Share of the time in which the process is killed: long before the second half, over which memory is to be flat. */
const KILLED_FOR = 0.25;
const SAMPLED_EVERY_MS = 1_000;
const SETTLED_WITHIN_MS = 120_000;
/** Decisions that are asked for one by one; the audit looks at all. */
const ASKED = 500;

process.exitCode = (await soak(Number(values.minutes), Number(values.rate), values.servers)) ? 0 : 1;

async function soak(minutes: number, rate: number, servers: boolean): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), "sigma-soak-"));
  cpSync(CONTRACTS, join(directory, "contracts"), { recursive: true });
  const engines = await startEngines(servers);
  const gateway = await createSoakedGateway({ directory, env: engines.env });
  let kept = true;
  try {
    await gateway.start();
    // Connections to the engines are made when they are first needed, and kept.
    const first = startLoad({ url: gateway.url, topic: engines.topic, rate });
    await delay(WARM_MS);
    await first.stop();
    const before = await atRest(gateway);
    const whole = minutes * 60_000;
    const load = startLoad({ url: gateway.url, topic: engines.topic, rate });
    const faults = startFaults(gateway, directory, KILLED_FOR * whole);
    const samples = await sampleFor(whole, gateway, load);
    await faults.stop();
    await load.stop();
    await settled(gateway, load);
    const rules = [
      ...(await decidedRules(gateway, engines.topic, load)),
      ...rulesOf(samples, { before, after: await atRest(gateway) }),
    ];
    const code = await gateway.stop();
    rules.push({ name: "SIGTERM ends it", holds: code === 0, told: `exit code ${code}` }, ...audited(gateway));
    print(samples, load, faults.counts(), rules);
    kept = rules.some(({ holds }) => !holds);
    if (kept) writeFileSync(join(directory, "samples.json"), JSON.stringify(samples));
    return !kept;
  } finally {
    await gateway.kill();
    await engines.stop();
    if (kept) process.stdout.write(`kept: ${directory}\n`);
    else rmSync(directory, { recursive: true, force: true });
  }
}

/** Descriptors when nobody asks. */
async function atRest(gateway: SoakedGateway): Promise<number> {
  const counts: number[] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    await delay(500);
    counts.push((await gateway.sample(0, new Map()))?.descriptors ?? Number.NaN);
  }
  return Math.min(...counts);
}

async function sampleFor(forMs: number, gateway: SoakedGateway, load: Load): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  const began = performance.now();
  for (let atMs = 0; atMs < forMs; atMs = performance.now() - began) {
    const ended = gateway.ended();
    if (ended !== null) throw new Error(`the gateway ended by itself with ${ended}`);
    const sample = await gateway.sample(atMs, load.ends);
    if (sample !== null) samples.push(sample);
    await delay(SAMPLED_EVERY_MS);
  }
  return samples;
}

async function settled(gateway: SoakedGateway, load: Load): Promise<void> {
  const limit = AbortSignal.timeout(SETTLED_WITHIN_MS);
  while ((await gateway.sample(0, load.ends))?.lag !== 0) {
    if (limit.aborted) throw new Error("what was acknowledged is not settled");
    await delay(100);
  }
}

/** Every position is acknowledged once, and a sample of them is decided as its record deserves. */
async function decidedRules(gateway: SoakedGateway, topic: string, load: Load): Promise<readonly Rule[]> {
  const { acknowledged, wrong } = load;
  const twice = overlaps(acknowledged);
  const step = Math.max(1, Math.floor(acknowledged.length / ASKED));
  const mistaken: string[] = [];
  let asked = 0;
  for (let index = 0; index < acknowledged.length; index += step) {
    const one = acknowledged[index];
    if (one === undefined) continue;
    asked += 1;
    const answer = await fetch(`${gateway.url}/v1/decisions/${topic}/${one.partition}/${one.to - 1}`, {
      headers: { connection: "close" },
    });
    const { status } = (await answer.json()) as { readonly status: unknown };
    if (status !== (one.passes ? "PASSED" : "FAILED"))
      mistaken.push(`${one.partition}@${one.to - 1} ${String(status)}`);
  }
  const { refused } = (await (await fetch(`${gateway.url}/v1/contracts`)).json()) as {
    readonly refused: readonly string[];
  };
  return [
    { name: "every contract swap was taken", holds: refused.length === 0, told: refused[0] ?? "none was refused" },
    { name: "no answer is wrong", holds: wrong.length === 0, told: wrong[0] ?? "none of them" },
    { name: "positions are acknowledged once", holds: twice === 0, told: `${twice} twice` },
    {
      name: "what was acknowledged is decided as it deserves",
      holds: mistaken.length === 0 && asked > 0,
      told: `${asked} asked, ${mistaken.length} otherwise${mistaken.length > 0 ? `: ${mistaken[0]}` : ""}`,
    },
  ];
}

function overlaps(acknowledged: readonly Acknowledged[]): number {
  const sorted = acknowledged.toSorted((a, b) => a.partition - b.partition || a.from - b.from);
  return sorted.filter((one, index) => {
    const before = sorted[index - 1];
    return before?.partition === one.partition && before.to > one.from;
  }).length;
}

/** The whole of the store, and the log beside it: each record once, as its bytes say. */
function audited(gateway: SoakedGateway): readonly Rule[] {
  return [["audit"], ["audit", "--source"]].map((args) => {
    const { code, output } = gateway.command(...args, "--quiet", "--json");
    const last = output.trim().split("\n").at(-1) ?? "";
    return { name: `sigma ${args.join(" ")} is clean`, holds: code === 0, told: last.slice(0, 300) };
  });
}

function print(
  samples: readonly Sample[],
  load: Load,
  faults: Readonly<Record<string, number>>,
  rules: readonly Rule[],
): void {
  const out = (text: string): void => void process.stdout.write(`${text}\n`);
  out("   at s   resident       heap   descriptors   lag");
  const step = Math.max(1, Math.floor(samples.length / 20));
  for (const { atMs, rssBytes, heapBytes, descriptors, lag } of samples.filter((_, index) => index % step === 0)) {
    const cells = [
      (atMs / 1_000).toFixed(0).padStart(7),
      mebibytes(rssBytes).padStart(11),
      mebibytes(heapBytes).padStart(11),
      String(descriptors).padStart(13),
      String(lag).padStart(6),
    ];
    out(cells.join(""));
  }
  const numbers = { ...load.counts(), ...faults, samples: samples.length };
  out(
    Object.entries(numbers)
      .map(([name, count]) => `${name} ${count}`)
      .join(", "),
  );
  for (const { name, holds, told } of rules) out(`${holds ? "ok    " : "NOT OK"} ${name}: ${told}`);
}
