import { randomBytes } from "node:crypto";
import { openEmbeddedLog } from "../../../src/source/embedded/log.ts";
import { LAW_TOPIC } from "../law-topic.ts";

// node append.child.ts <path>: appends without end, and prints each record that was acknowledged.
const log = openEmbeddedLog({
  path: process.argv[2] ?? "",
  topics: [LAW_TOPIC],
  now: Date.now,
  randomBytes,
  busyTimeoutMs: 120_000,
});
for (let turn = 0; ; turn += 1) {
  const values = Array.from({ length: 7 }, (_, index) => `${process.pid}-${turn}-${index}`);
  const records = values.map((value) => ({
    key: Buffer.from(value),
    headers: [],
    value: Buffer.from(value),
    partition: null,
  }));
  const appended = await log.append(LAW_TOPIC.name, records);
  const lines = appended.map(({ partition, offset }, index) => `${partition} ${offset} ${values[index]} .\n`);
  process.stdout.write(lines.join(""));
}
