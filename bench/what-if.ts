import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { decide } from "../src/core/decide.ts";
import { type ContractSet, type ContractVersion, versionDigest } from "../src/core/contract-set.ts";
import type { Header } from "../src/core/record.ts";
import { openSqliteStore } from "../src/store/sqlite/store.ts";
import { openWhatIfJudges } from "../src/app/what-if-judges.ts";
import { candidateFrom, type Candidate } from "../src/rejudge/candidate.ts";
import { whatIf } from "../src/rejudge/what-if/what-if.ts";
import { readArguments, wholeNumber } from "./arguments.ts";
import { shipmentContracts } from "./contracts.ts";
import { shipmentLine } from "./line.ts";
import { median } from "./rounds.ts";
import { openLog, startOn } from "./start.ts";

// node bench/what-if.ts [records] [rounds]
// What-if over a stored history that the real gateway wrote, against bare decide of the same bytes in memory, in
// alternating rounds of one run. Target: at least 70 % of the rate of decide.

const [RECORDS, ROUNDS] = readArguments(wholeNumber(300_000), wholeNumber(5));
const BATCH = 3_000;
/** As bench/decide.ts does it: so few records that they stay in the processor's cache. */
const HOT = 2_000;
const TOPIC = "shipments";
const PRODUCERS: readonly (readonly Header[])[] = ["depot-dublin", "depot-lisbon", "depot-zagreb"].map((name) => [
  ["sigma-producer", Buffer.from(name)],
]);

const set = shipmentContracts(TOPIC);
const values = Array.from({ length: RECORDS }, (_, n) => Buffer.from(shipmentLine(n)));
const lighter = candidate(500, ["/shipment_id"]);
const otherIdentity = candidate(500, ["/shipment_id", "/priority"]);

for (const withHeader of [false, true]) {
  const directory = mkdtempSync(join(tmpdir(), "sigma-bench-"));
  try {
    await store(directory, withHeader);
    await measure(
      directory,
      withHeader,
      withHeader ? "records with a header that names their producer" : "records without headers",
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measure(directory: string, withHeader: boolean, title: string): Promise<void> {
  const hot: number[] = [];
  const decided: number[] = [];
  const again: number[] = [];
  const alone: number[] = [];
  const identities: number[] = [];
  let flips = "";
  for (let round = 0; round <= ROUNDS; round += 1) {
    const zero = await timed(async () => {
      for (let n = 0; n < RECORDS; n += 1) {
        decide({ topic: TOPIC, headers: headersOf(n, withHeader), value: values[n % HOT] ?? null }, set);
      }
    });
    const one = await timed(async () => {
      for (const [n, value] of values.entries())
        decide({ topic: TOPIC, headers: headersOf(n, withHeader), value }, set);
    });
    const two = await timed(async () => {
      const { flips: found, coverage } = await ask(directory, lighter);
      if (coverage.redecided !== RECORDS) throw new Error(`only ${coverage.redecided} were judged again`);
      flips = JSON.stringify(found.counts);
    });
    const three = await timed(async () => void (await ask(directory, otherIdentity)));
    const four = await timed(async () => void (await ask(directory, lighter, 1)));
    // The first round warms the compiler.
    if (round === 0) continue;
    hot.push(zero);
    decided.push(one);
    again.push(two);
    identities.push(three);
    alone.push(four);
  }
  process.stdout.write(`${title}: ${RECORDS} in the store, ${flips}\n`);
  const base = median(hot);
  for (const [name, seconds] of [
    ["decide, 2,000 records anew", hot],
    ["decide, each record once", decided],
    ["what-if over the store", again],
    ["the same, another identity", identities],
    ["what-if --threads 1", alone],
  ] as const) {
    const rate = Math.round(RECORDS / median(seconds)).toLocaleString("en");
    const share = ((base / median(seconds)) * 100).toFixed(0);
    process.stdout.write(`  ${name.padEnd(28)} ${rate.padStart(12)} /s ${share.padStart(5)} %\n`);
  }
}

/** A store and threads of its own for each question, as the command has. */
async function ask(
  directory: string,
  judge: Candidate,
  threads: number = availableParallelism(),
): ReturnType<typeof whatIf> {
  const history = openSqliteStore({ ...storeFile(directory), readOnly: true });
  const question = { candidate: judge, of: null, range: { from: null, to: null }, examplesMax: 3 };
  const judges = threads > 1 ? openWhatIfJudges({ dataDir: directory, mongodbUri: null }, question, threads) : null;
  try {
    const { signal } = new AbortController();
    return await whatIf(history.reads, question, { signal, ...(judges === null ? {} : { judges }) });
  } finally {
    await judges?.close();
    await history.close();
  }
}

/** The same contract with a lower limit: most records flip nothing, some do. */
function candidate(weightMax: number, identity: readonly string[]): Candidate {
  const own = candidateFrom(JSON.parse(set.text) as ContractSet, "shipment", 1);
  if (own === null) throw new Error("there is no shipment@1");
  const rules = [{ id: "max-weight", expression: `weight_kg <= ${weightMax}.0`, message: "too heavy" }];
  const content = { version: 2, schema: own.version.schema, rules, identity };
  const version: ContractVersion = { ...content, status: "draft", digest: versionDigest("shipment", content) };
  return { ...own, version };
}

async function store(directory: string, withHeader: boolean): Promise<void> {
  const log = openLog(join(directory, "log.db"), TOPIC);
  const kept = openSqliteStore(storeFile(directory));
  const gateway = await startOn(log, kept, set, BATCH);
  for (let start = 0; start < RECORDS; start += BATCH) {
    const records = values
      .slice(start, start + BATCH)
      .map((value, index) => ({ key: null, headers: headersOf(start + index, withHeader), value, partition: null }));
    await log.append(TOPIC, records);
  }
  const [{ id } = { id: "" }] = await log.streams();
  await gateway.settled(id, BigInt(RECORDS - 1), AbortSignal.timeout(600_000));
  await gateway.stop();
  await kept.close();
  await log.close();
}

function storeFile(directory: string): {
  readonly path: string;
  readonly collections: readonly string[];
  readonly busyTimeoutMs: number;
} {
  return { path: join(directory, "store.db"), collections: ["shipments"], busyTimeoutMs: 1_000 };
}

function headersOf(n: number, withHeader: boolean): readonly Header[] {
  return withHeader ? (PRODUCERS[n % PRODUCERS.length] ?? []) : [];
}

async function timed(run: () => Promise<void>): Promise<number> {
  const started = process.hrtime.bigint();
  await run();
  return Number(process.hrtime.bigint() - started) / 1e9;
}
