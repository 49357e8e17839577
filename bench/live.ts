import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NO_REDACTION } from "../src/failures/redact.ts";
import { createLive } from "../src/http/live/live.ts";
import { openReader } from "../src/http/live/reader.ts";
import { openSqliteStore } from "../src/store/sqlite/store.ts";
import { amount, readArguments, wholeNumber } from "./arguments.ts";
import { shipmentContracts } from "./contracts.ts";
import { shipmentLine as line } from "./line.ts";
import { median } from "./rounds.ts";
import { openLog, startOn } from "./start.ts";

// node bench/live.ts [records a second] [seconds] [rounds] [readers]
// What it costs the pipeline that somebody looks: CPU of this process at a steady rate, with readers (in a process of their own) and without,
// in alternating rounds of one run. Target: at most 2 % more at 10,000 records a second with one reader.

const [RATE, SECONDS, ROUNDS, READERS] = readArguments(wholeNumber(10_000), amount(10), wholeNumber(5), wholeNumber(1));
const TOPIC = "shipments";
/** Appends a second. */
const STEPS = 20;
const ANY = { verdict: null, code: null, subject: null, version: null, topic: null, partition: null, producer: null };
const READ = `let bytes = 0; for (let n = 0; n < Number(process.argv[2]); n += 1) fetch(process.argv[1]).then(async ({ body }) => { for await (const chunk of body) bytes += chunk.length; });`;

const set = shipmentContracts(TOPIC);
const live = createLive({ now: Date.now });
let bytes = 0;
const server = createServer((_, response) => {
  const write = response.write.bind(response);
  response.write = (chunk: string): boolean => ((bytes += Buffer.byteLength(chunk)), write(chunk));
  response.writeHead(200);
  response.once(
    "close",
    live.open({ filter: ANY, redaction: NO_REDACTION, last: null }, openReader(response, Date.now)),
  );
}).listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const [without, looking]: [number[], number[]] = [[], []];
const sizes: number[] = [];
for (let round = 0; round <= ROUNDS; round += 1) {
  // What goes first changes from round to round: a process that ran longer is another one.
  const first = round % 2 === 0 ? await measure() : null;
  const readers = spawn(process.execPath, ["-e", READ, url, String(READERS)], { stdio: "ignore" });
  for (let open = 0; open < READERS; open += 1) await once(server, "request");
  bytes = 0;
  const watched = await measure();
  readers.kill();
  await once(readers, "exit");
  // The next round begins when nothing is kept for who comes back.
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  const alone = first ?? (await measure());
  // The first round warms the compiler.
  if (round === 0) continue;
  without.push(alone);
  looking.push(watched);
  sizes.push(bytes / SECONDS);
}
server.closeAllConnections();
server.close();
live.close();
const [a, b] = [median(without), median(looking)];
process.stdout.write(
  `${RATE} records/s: ${a.toFixed(2)} us of CPU a record, ${b.toFixed(2)} us with ${READERS} on the live view (${((median(looking.map((one, index) => one / (without[index] ?? Number.NaN))) - 1) * 100).toFixed(1)} %), ${Math.round(median(sizes) / 1_000)} kB/s sent\n`,
);
process.stdout.write(
  `  without ${without.map((one) => one.toFixed(2)).join(" ")}\n  with    ${looking.map((one) => one.toFixed(2)).join(" ")}\n`,
);

/** Microseconds of CPU a record. */
async function measure(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "sigma-bench-"));
  const log = openLog(join(directory, "log.db"), TOPIC);
  const path = join(directory, "store.db");
  const store = openSqliteStore({ path, collections: ["shipments"], busyTimeoutMs: 1_000 });
  const gateway = await startOn(log, store, set, 3_000, {
    observe: live.observe,
    // As in app/observers.ts.
    observeBatch: (stream) => {
      const batch = live.batch(stream);
      return { see: (row) => batch?.see(row), stored: async (conflicts) => batch?.stored(conflicts) };
    },
  });
  const [{ id } = { id: "" }] = await log.streams();
  const each = Math.round(RATE / STEPS);
  const values = Array.from({ length: RATE * SECONDS }, (_, index) => Buffer.from(line(index)));
  const before = process.cpuUsage();
  const started = performance.now();
  for (let at = 0; at < values.length; at += each) {
    const records = values.slice(at, at + each).map((value) => ({ key: null, headers: [], value, partition: null }));
    await log.append(TOPIC, records);
    const due = started + ((at + each) / RATE) * 1_000 - performance.now();
    if (due > 0) await new Promise((resolve) => setTimeout(resolve, due));
  }
  await gateway.settled(id, BigInt(values.length - 1), AbortSignal.timeout(600_000));
  const { user, system } = process.cpuUsage(before);
  await gateway.stop();
  await store.close();
  await log.close();
  rmSync(directory, { recursive: true, force: true });
  return (user + system) / values.length;
}
