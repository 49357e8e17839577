import { randomBytes } from "node:crypto";
import { openEmbeddedLog } from "../../src/source/embedded/log.ts";

// node create.child.ts <path>: opens a log when told to by a line on stdin, and prints its streams.
process.stdout.write("ready\n");
await new Promise((resolve) => process.stdin.once("data", resolve));
const log = openEmbeddedLog({
  path: process.argv[2] ?? "",
  topics: [{ name: "orders", partitions: 1 }],
  now: Date.now,
  randomBytes,
  busyTimeoutMs: 120_000,
});
const records = [{ key: null, headers: [], value: Buffer.from("x"), partition: 0 }];
const [appended] = await log.append("orders", records);
const [stream] = await log.streams();
process.stdout.write(`${stream?.id} ${appended?.offset}\n`);
await log.close();
process.stdin.destroy();
