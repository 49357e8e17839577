import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { openAuditJudges } from "../src/app/audit-judges.ts";
import { audit } from "../src/audit/audit.ts";
import type { Judges } from "../src/audit/judges.ts";
import { decide } from "../src/core/decide.ts";
import { openSqliteStore } from "../src/store/sqlite/store.ts";
import { readArguments, wholeNumber } from "./arguments.ts";
import { shipmentContracts } from "./contracts.ts";
import { shipmentLine as line } from "./line.ts";
import { median } from "./rounds.ts";
import { openLog, startOn } from "./start.ts";

// node bench/audit.ts [records] [rounds]
// The audit of a store, alone and with its log, in threads and in its own, against deciding the same records once in one thread.
// Target: at least 70 % of the rate of deciding.

const [RECORDS, ROUNDS] = readArguments(wholeNumber(300_000), wholeNumber(3));
const BATCH = 3_000;
const TOPIC = "shipments";

const set = shipmentContracts(TOPIC);
const values = Array.from({ length: RECORDS }, (_, n) => Buffer.from(line(n)));
const directory = mkdtempSync(join(tmpdir(), "sigma-bench-"));
const log = openLog(join(directory, "log.db"), TOPIC);
const store = openSqliteStore({ path: join(directory, "store.db"), collections: [TOPIC], busyTimeoutMs: 1_000 });
const threads = openAuditJudges({ dataDir: directory, mongodbUri: null }, availableParallelism());
try {
  await fill();
  const samples = new Map<string, number[]>([
    ["decide", []],
    ["audit", []],
    ["audit --source", []],
    ["audit --threads 1", []],
    ["audit --threads 1 --source", []],
  ]);
  for (let round = 0; round <= ROUNDS; round += 1) {
    const seconds = {
      decide: await timed(async () => {
        for (const value of values) decide({ topic: TOPIC, headers: [], value }, set);
      }),
      audit: await timed(async () => audited(false, threads)),
      "audit --source": await timed(async () => audited(true, threads)),
      "audit --threads 1": await timed(async () => audited(false)),
      "audit --threads 1 --source": await timed(async () => audited(true)),
    };
    // The first round warms the compiler.
    if (round > 0) for (const [name, one] of Object.entries(seconds)) samples.get(name)?.push(one);
  }
  const base = median(samples.get("decide") ?? []);
  for (const [name, seconds] of samples) {
    const rate = Math.round(RECORDS / median(seconds)).toLocaleString("en");
    const share = ((100 * base) / median(seconds)).toFixed(0);
    process.stdout.write(`${name.padEnd(26)} ${rate.padStart(9)}/s ${share.padStart(4)} %\n`);
  }
} finally {
  await threads.close();
  await store.close();
  await log.close();
  rmSync(directory, { recursive: true, force: true });
}

async function fill(): Promise<void> {
  const gateway = await startOn(log, store, set, BATCH);
  for (let start = 0; start < RECORDS; start += BATCH) {
    const records = values.slice(start, start + BATCH);
    await log.append(
      TOPIC,
      records.map((value) => ({ key: null, headers: [], value, partition: null })),
    );
  }
  const [{ id } = { id: "" }] = await log.streams();
  await gateway.settled(id, BigInt(RECORDS - 1), AbortSignal.timeout(600_000));
  await gateway.stop();
}

async function audited(withSource: boolean, judges?: Judges): Promise<void> {
  const { findingsTotal, records } = await audit(store.reads, {
    ...(withSource ? { source: log } : {}),
    ...(judges === undefined ? {} : { judges }),
    tailMayBeIncomplete: false,
    findingsMax: 10,
    signal: new AbortController().signal,
  });
  if (findingsTotal > 0 || records !== RECORDS) throw new Error(`${findingsTotal} findings in ${records} records`);
}

async function timed(run: () => Promise<void>): Promise<number> {
  const started = process.hrtime.bigint();
  await run();
  return Number(process.hrtime.bigint() - started) / 1e9;
}
