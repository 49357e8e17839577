import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ContractSet } from "../src/core/contract-set.ts";
import { observeWithShadow, openShadow, type Shadow } from "../src/rejudge/shadow/shadow.ts";
import { SHADOW_LIMITS } from "../src/rejudge/shadow/thread.ts";
import { openSqliteStore } from "../src/store/sqlite/store.ts";
import { readArguments, wholeNumber } from "./arguments.ts";
import { shipmentContracts } from "./contracts.ts";
import { shipmentLine as line } from "./line.ts";
import { median } from "./rounds.ts";
import { openLog, startOn } from "./start.ts";

// node bench/shadow.ts [records] [rounds]
// The embedded gateway as fast as it goes, and one record at a time, with a version that looks on and without, in turns of
// one run. A thread needs a core: on a machine without one to spare it shares that of the gateway.

const [RECORDS, ROUNDS] = readArguments(wholeNumber(100_000), wholeNumber(5));
const BATCH = 1_000;
/** Appended one by one, with a pause, for the time from append to durable decision. */
const SINGLE = Math.min(500, RECORDS);
const TOPIC = "shipments";

const set = shipmentContracts(TOPIC);
const contents = JSON.parse(set.text) as ContractSet;
type Measured = {
  readonly rate: number;
  readonly latencies: readonly number[];
  readonly judged: number;
  readonly dropped: number;
};
const [without, looking]: [Measured[], Measured[]] = [[], []];
for (let round = 0; round <= ROUNDS; round += 1) {
  const alone = await measure(null);
  const shadowed = await measure(openShadow([{ subject: "shipment", version: 1 }], contents, SHADOW_LIMITS));
  // The first round warms the compiler.
  if (round === 0) continue;
  without.push(alone);
  looking.push(shadowed);
}
print("nobody looks on", without);
print("a version looks on", looking);
const rates = [looking, without].map((all) => median(all.map(({ rate }) => rate)));
process.stdout.write(`rate ${(((rates[0] ?? 0) / (rates[1] ?? 1)) * 100).toFixed(0)} %, `);
process.stdout.write(`p50 ${ratio(0.5)}x, p99 ${ratio(0.99)}x\n`);

function print(name: string, all: readonly Measured[]): void {
  const rate = Math.round(median(all.map((one) => one.rate))).toLocaleString("en");
  const [judged, dropped] = [
    all.reduce((sum, one) => sum + one.judged, 0),
    all.reduce((sum, one) => sum + one.dropped, 0),
  ];
  const seen =
    judged + dropped === 0 ? "" : `; it judged ${judged.toLocaleString("en")}, dropped ${dropped.toLocaleString("en")}`;
  process.stdout.write(
    `${name.padEnd(18)} ${rate} records/s, p50 ${at(all, 0.5).toFixed(2)} ms, p99 ${at(all, 0.99).toFixed(2)} ms${seen}\n`,
  );
}

function ratio(share: number): string {
  return (at(looking, share) / at(without, share)).toFixed(2);
}

function at(all: readonly Measured[], share: number): number {
  const sorted = all.flatMap(({ latencies }) => latencies).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}

async function measure(shadow: Shadow | null): Promise<Measured> {
  const directory = mkdtempSync(join(tmpdir(), "sigma-bench-"));
  const log = openLog(join(directory, "log.db"), TOPIC);
  const store = openSqliteStore({
    path: join(directory, "store.db"),
    collections: ["shipments"],
    busyTimeoutMs: 1_000,
  });
  const gateway = await startOn(
    log,
    store,
    set,
    BATCH,
    shadow === null ? {} : { observeBatch: (stream, subject) => observeWithShadow(shadow, stream, subject) },
  );
  const append = async (from: number, count: number): Promise<void> => {
    const values = Array.from({ length: count }, (_, index) => Buffer.from(line(from + index)));
    await log.append(
      TOPIC,
      values.map((value) => ({ key: null, headers: [], value, partition: null })),
    );
  };
  const [{ id } = { id: "" }] = await log.streams();
  const settled = async (offset: number): Promise<unknown> =>
    gateway.settled(id, BigInt(offset), AbortSignal.timeout(600_000));
  const started = performance.now();
  for (let from = 0; from < RECORDS; from += BATCH) await append(from, Math.min(BATCH, RECORDS - from));
  await settled(RECORDS - 1);
  const rate = RECORDS / ((performance.now() - started) / 1_000);
  const latencies: number[] = [];
  for (let n = 0; n < SINGLE; n += 1) {
    const sent = performance.now();
    await append(RECORDS + n, 1);
    await settled(RECORDS + n);
    latencies.push(performance.now() - sent);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await gateway.stop();
  const { judged = 0, dropped = 0 } = shadow?.snapshot()[0] ?? {};
  await shadow?.close();
  await store.close();
  await log.close();
  rmSync(directory, { recursive: true, force: true });
  return { rate, latencies, judged, dropped };
}
