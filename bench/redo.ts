import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { redoTail } from "../src/gateway/redo.ts";
import { openMongoStore } from "../src/store/mongodb/store.ts";
import { openSqliteStore } from "../src/store/sqlite/store.ts";
import type { Store } from "../src/store/store.ts";
import { startMongo } from "../test/servers/mongodb.ts";
import { readArguments } from "./arguments.ts";
import { shipmentContracts } from "./contracts.ts";
import { shipmentLine } from "./line.ts";
import { median } from "./rounds.ts";
import { openLog, startOn } from "./start.ts";

// node bench/redo.ts     What taking up a stream costs: its last entry, of 3,000 records, redone. Target: under 100 ms.

readArguments();
const RECORDS = 3_000;
const ROUNDS = 11;
const TOPIC = "shipments";

const directory = mkdtempSync(join(tmpdir(), "sigma-bench-"));
const mongo = await startMongo(1, [], []);
const uri = mongo.uri.replace("/?", "/redo?");
const timeouts = { selectionTimeoutMs: 5_000, socketTimeoutMs: 30_000 };
await measure("mongodb", await openMongoStore({ uri, collections: [TOPIC], ...timeouts }));
const path = join(directory, "store.db");
await measure("sqlite", openSqliteStore({ path, collections: [TOPIC], busyTimeoutMs: 1_000 }));
await mongo.stop();
rmSync(directory, { recursive: true, force: true });

async function measure(name: string, store: Store): Promise<void> {
  const log = openLog(join(directory, `${name}.db`), TOPIC);
  const values = Array.from({ length: RECORDS }, (_, n) => Buffer.from(shipmentLine(n)));
  await log.append(
    TOPIC,
    values.map((value) => ({ key: null, headers: [], value, partition: null })),
  );
  const set = shipmentContracts(TOPIC);
  const gateway = await startOn(log, store, set, RECORDS);
  const [stream] = await log.streams();
  if (stream === undefined) throw new Error("the log has no stream");
  await gateway.settled(stream.id, BigInt(RECORDS - 1), AbortSignal.timeout(60_000));
  await gateway.stop();
  const samples: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const tail = await store.tail(stream.id);
    if (tail?.count !== RECORDS) throw new Error("the last entry is another");
    const started = process.hrtime.bigint();
    const redone = await redoTail(store, stream, tail);
    if (redone.kind !== "applied") throw new Error(`it was ${redone.kind}`);
    // The first round warms the compiler.
    if (round > 0) samples.push(Number(process.hrtime.bigint() - started) / 1e6);
  }
  await store.close();
  await log.close();
  process.stdout.write(`${name.padEnd(8)} a tail of ${RECORDS} records: ${median(samples).toFixed(0)} ms\n`);
}
