import { openKafkaSource } from "../../../src/source/kafka/source.ts";
import { LAW_TOPIC } from "../law-topic.ts";
import { lawOptions } from "./law-options.ts";

// node append.child.ts BROKERS     Appends without end and prints what was acknowledged.

const log = await openKafkaSource(lawOptions(process.argv[2] ?? ""));
for (let turn = 0; ; turn += 1) {
  const values = Array.from({ length: 5 }, (_, index) => `${process.pid}-${turn}-${index}`);
  const records = values.map((value) => ({ key: null, headers: [], value: Buffer.from(value), partition: null }));
  const appended = await log.append(LAW_TOPIC.name, records);
  const lines = appended.map(({ partition, offset }, index) => `${partition} ${offset} ${values[index]} .\n`);
  process.stdout.write(lines.join(""));
}
