import { createKeyCounter } from "../src/traffic/hot-keys.ts";
import { amount, readArguments } from "./arguments.ts";

// node bench/hot-keys.ts [millions]
// What it costs to name the keys that take most of a partition: keys that all differ, which is the worst case, as the key that was seen
// least is replaced each time; and one key in two the same. Target: at most 0.05 us a record.

const [MILLIONS] = readArguments(amount(4));
const RECORDS = MILLIONS * 1_000_000;
const KEYS = 65_536;

function measure(name: string, keyOf: (at: number) => string): void {
  const records = Array.from({ length: KEYS }, (_, at) => Buffer.from(keyOf(at)));
  const run = (): number => {
    const counter = createKeyCounter(Math.random);
    const begun = process.cpuUsage();
    for (let at = 0; at < RECORDS; at += 1) counter.see(records[at % KEYS] as Buffer, null);
    return process.cpuUsage(begun).user / RECORDS;
  };
  run();
  const best = Math.min(...Array.from({ length: 5 }, run));
  process.stdout.write(`${name}: ${best.toFixed(4)} us of CPU a record\n`);
}

measure("all keys differ", (at) => `shipment-${at}`);
measure("one key has half", (at) => (at % 2 === 0 ? "hot" : `shipment-${at}`));
