import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GatewayEvent, Observe } from "../src/gateway/event.ts";
import { createLogger } from "../src/observe/log/logger.ts";
import { createMetrics } from "../src/observe/metrics/metrics.ts";
import { logEvents } from "../src/observe/streams.ts";
import { openSqliteStoreInThread } from "../src/store/sqlite/store.ts";
import { readArguments, wholeNumber } from "./arguments.ts";
import { shipmentContracts } from "./contracts.ts";

import { recordOf } from "./records.ts";
import { median } from "./rounds.ts";
import { openLog, startOn } from "./start.ts";

// node bench/observers.ts [records] [rounds]
// CPU that metrics and the log at their defaults take for a record: the events of a real run, 10 % of its records failing, are handed to them
// again and again. Target: 0.1 us a record. A whole pipeline with and without them (bench/shares.ts) shows the rest, within its noise.

const [RECORDS, ROUNDS] = readArguments(wholeNumber(60_000), wholeNumber(200));
const BATCH = 1_000;
const TOPIC = "shipments";

const events = await eventsOfARun();
const destination = createWriteStream("/dev/null");
const logger = createLogger({
  level: "info",
  format: "json",
  destination,
  pid: process.pid,
  reword: (remedy) => remedy,
});
const contenders: readonly (readonly [string, Observe])[] = [
  ["metrics", createMetrics().gateway.observe],
  ["the log", logEvents(logger, (ms, callback) => void setTimeout(callback, ms).unref())],
];
for (const [name, observe] of contenders) {
  const rounds: number[] = [];
  for (let round = -20; round < ROUNDS; round += 1) {
    const before = process.cpuUsage();
    for (const event of events) observe(event);
    const { user, system } = process.cpuUsage(before);
    if (round >= 0) rounds.push((user + system) / RECORDS);
  }
  const [least, middle] = [Math.min(...rounds), median(rounds)];
  process.stdout.write(
    `${name.padEnd(10)} ${least.toFixed(4)} us of CPU a record, least; ${middle.toFixed(4)}, median\n`,
  );
}
process.stdout.write(`${events.length} events of ${RECORDS} records\n`);
process.exit(0);

/** The whole gateway on SQLite, until every record is settled. */
async function eventsOfARun(): Promise<readonly GatewayEvent[]> {
  const directory = mkdtempSync(join(tmpdir(), "sigma-bench-"));
  const kept: GatewayEvent[] = [];
  const log = openLog(join(directory, "log.db"), TOPIC);
  const options = { path: join(directory, "store.db"), collections: ["shipments"], busyTimeoutMs: 1_000 };
  const store = await openSqliteStoreInThread(options);
  for (let first = 0; first < RECORDS; first += BATCH) {
    const records = Array.from({ length: Math.min(BATCH, RECORDS - first) }, (_, at) => ({
      key: null,
      headers: [],
      value: recordOf(first + at),
      partition: null,
    }));
    await log.append(TOPIC, records);
  }
  const done = Promise.withResolvers<void>();
  let settled = 0;
  const observe: Observe = (event) => {
    kept.push(event);
    if (event.kind === "batch-settled") settled += event.count;
    if (settled >= RECORDS) done.resolve();
  };
  const gateway = await startOn(log, store, shipmentContracts(TOPIC), BATCH, { observe });
  await done.promise;
  await gateway.stop();
  await Promise.all([store.close(), log.close()]);
  rmSync(directory, { recursive: true, force: true });
  return kept;
}
