import { fraction, readOptions, several, wholeNumber } from "./arguments.ts";
import { median } from "./rounds.ts";
import { backlogFor, openBench, type Runner, type Turn } from "./turns.ts";

// node bench/workers.ts [--workers 1,2] [--turns 8] [--turn 60000] [--bytes 85,1024,16384] [--failing 0,0.1,0.5] [--partitions 6]
// What a record costs where one, two or more workers of one group share the partitions: CPU of all our processes and of mongod, and how
// many records a batch has. The gateways read the same backlog, each in a group and a database of its own, and take turns. What their start
// costs, and the records while V8 still compiles, is told apart.
// Targets: two workers spend at most 1.15 times the CPU of one, so that they decide at least 1.7 times as much for twice the CPU.

const { turns, partitions, ...values } = readOptions({
  workers: several([1, 2], wholeNumber(1)),
  turns: wholeNumber(8),
  turn: wholeNumber(60_000),
  bytes: several([85], wholeNumber(1)),
  failing: several([0.1], fraction(0)),
  partitions: wholeNumber(6),
});
const WORKERS = values.workers;
const bench = await openBench();
try {
  for (const bytes of values.bytes) {
    for (const failing of values.failing) await compareOn(bytes, failing);
  }
} finally {
  await bench.close();
}

async function compareOn(bytes: number, failing: number): Promise<void> {
  // Large records are fewer.
  const turn = Math.round(values.turn / Math.max(1, Math.sqrt(bytes / 85)));
  const topic = `shipments-${bytes}-${failing}`;
  await bench.fill(topic, backlogFor(turn, turns, Math.max(...WORKERS)), partitions, {
    bytes,
    failing,
    repeated: 0.05,
  });
  const runners: Runner[] = [];
  try {
    for (const workers of WORKERS) runners.push(await bench.begin(topic, workers, turn));
    const spent = runners.map((): Turn[] => []);
    for (let round = 0; round < turns; round += 1)
      for (const [at, one] of runners.entries()) spent[at]?.push(await one.takeTurn(turn));
    process.stdout.write(`\n${bytes} bytes, ${failing * 100} % failing, ${partitions} partitions, turns of ${turn}\n`);
    report(runners, spent);
  } finally {
    for (const one of runners) await one.end();
  }
}

function report(runners: readonly Runner[], spent: readonly (readonly Turn[])[]): void {
  const first = spent[0] ?? [];
  for (const [at, { workers, cold }] of runners.entries()) {
    const all = spent[at] ?? [];
    const ratio = (of: (turn: Turn) => number): string => (middle(all, of) / middle(first, of)).toFixed(2);
    const more = cold.own - middle(all, perRecord("own")) * cold.records;
    process.stdout.write(
      `${workers} worker(s): own ${described(all, "own")} us a record, ${ratio(perRecord("own"))}x; mongod ${described(all, "mongod")}, ` +
        `of both ${ratio(({ own, mongod, records }) => (own + mongod) / records)}x; broker ${described(all, "broker")}; ` +
        `${Math.round(middle(all, ({ records, entries }) => records / entries))} records a batch; ` +
        `${Math.round(middle(all, ({ records, ms }) => (records / ms) * 1_000))}/s; ` +
        `decisions for twice the CPU ${((2 * middle(first, perRecord("own"))) / middle(all, perRecord("own"))).toFixed(2)}x; ` +
        `start and warming ${(more / 1e6).toFixed(1)} s of CPU\n`,
    );
  }
}

type Part = "own" | "mongod" | "broker";

function perRecord(part: Part): (turn: Turn) => number {
  return (turn) => turn[part] / turn.records;
}

/** The median, and the least. */
function described(all: readonly Turn[], part: Part): string {
  return `${middle(all, perRecord(part)).toFixed(2)} (least ${Math.min(...all.map(perRecord(part))).toFixed(2)})`;
}

function middle(all: readonly Turn[], of: (turn: Turn) => number): number {
  return median(all.map(of));
}
