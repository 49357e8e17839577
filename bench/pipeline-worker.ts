import { bareInsert, evidenceInsert, runLoops } from "./bare.ts";
import { createWriteStream } from "node:fs";
import type { Observe } from "../src/gateway/event.ts";
import { createLogger } from "../src/observe/log/logger.ts";
import { createMetrics } from "../src/observe/metrics/metrics.ts";
import { logEvents } from "../src/observe/streams.ts";
import { runGateway } from "./gateway.ts";

// A process of bench/pipeline.ts and bench/shares.ts: runs what it is told to, and tells what that took.

export type Task = {
  readonly variant: "loop" | "loops" | "evidence" | "no-ledger" | "no-counters" | "no-groups" | "gateway" | "watched";
  readonly brokers: string;
  readonly mongodb: string;
  readonly topic: string;
  readonly records: number;
  readonly partitions: number;
};
export type Cost = { readonly seconds: number; readonly cpuSeconds: number };

const DATABASE = "bench";

process.on("message", (task: Task) => void measure(task).then((cost) => process.send?.(cost)));

async function measure(task: Task): Promise<Cost> {
  const cpu = process.cpuUsage();
  const started = process.hrtime.bigint();
  await run(task);
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: Number(process.hrtime.bigint() - started) / 1e9, cpuSeconds: (user + system) / 1e6 };
}

async function run({ variant, brokers, mongodb, topic, records, partitions }: Task): Promise<void> {
  const servers = { brokers, mongodb, topic };
  switch (variant) {
    case "loop":
      return runLoops(servers, DATABASE, 1, partitions, bareInsert);
    case "loops":
      return runLoops(servers, DATABASE, partitions, partitions, bareInsert);
    case "evidence":
      return runLoops(servers, DATABASE, 1, partitions, evidenceInsert);
    case "no-ledger":
      return void (await runGateway(brokers, mongodb, DATABASE, topic, records, "ledger"));
    case "no-counters":
      return void (await runGateway(brokers, mongodb, DATABASE, topic, records, "counters"));
    case "no-groups":
      return void (await runGateway(brokers, mongodb, DATABASE, topic, records, "groups"));
    case "watched":
      return void (await runGateway(brokers, mongodb, DATABASE, topic, records, null, watching()));
    case "gateway":
      return void (await runGateway(brokers, mongodb, DATABASE, topic, records));
  }
}

/** Metrics and a log at their defaults; the lines go nowhere. */
function watching(): Observe {
  const destination = createWriteStream("/dev/null");
  const log = createLogger({
    level: "info",
    format: "json",
    destination,
    pid: process.pid,
    reword: (remedy) => remedy,
  });
  const write = logEvents(log, (ms, callback) => void setTimeout(callback, ms).unref());
  const { gateway } = createMetrics();
  return (event) => {
    write(event);
    gateway.observe(event);
  };
}
