import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { MEASURED, parseCoefficients, type Coefficients } from "../src/capacity/coefficients.ts";
import { forecast } from "../src/capacity/forecast.ts";
import { backlogFor, openBench, type Turn } from "./turns.ts";

// node bench/capacity-check.ts [--costs costs.json] [--workers 1,2,4] [--bytes 85,1024] [--failing 0.1] [--turns 3] [--turn 40000]
// What `sigma capacity` predicts beside what is measured, for a backlog over six partitions: records a second, and CPU of a record of
// the gateway, MongoDB and Kafka. Target: less than 20 % off. Rates mean something only where nothing else runs on the machine.

const { values } = parseArgs({
  options: {
    costs: { type: "string", default: "" },
    workers: { type: "string", default: "1,2,4" },
    bytes: { type: "string", default: "85,1024" },
    failing: { type: "string", default: "0.1" },
    turns: { type: "string", default: "3" },
    turn: { type: "string", default: "40000" },
  },
});
const numbers = (text: string): readonly number[] => text.split(",").map(Number);
const PARTITIONS = 6;
const REPEATED = 0.05;
const TURNS = Number(values.turns);
const coefficients = values.costs === "" ? MEASURED : read(values.costs);
const bench = await openBench();
try {
  for (const bytes of numbers(values.bytes))
    for (const failing of numbers(values.failing))
      for (const workers of numbers(values.workers)) await check(bytes, failing, workers);
} finally {
  await bench.close();
}

function read(file: string): Coefficients {
  const parsed = parseCoefficients(JSON.parse(readFileSync(file, "utf8")) as unknown);
  if (parsed.kind === "wrong") throw new Error(`${file}: ${parsed.pointer} is not ${parsed.expected}`);
  return parsed.coefficients;
}

async function check(bytes: number, failing: number, workers: number): Promise<void> {
  const predicted = forecast(coefficients, {
    partitions: PARTITIONS,
    workers,
    recordBytes: bytes,
    failing,
    repeated: REPEATED,
    rate: null,
    cores: availableParallelism(),
    storeCores: null,
    writeMs: null,
    batchRecords: 3_000,
    batchBytes: 1_048_576,
  });
  const turn = Math.round(Number(values.turn) / Math.max(1, Math.sqrt(bytes / 85)));
  const topic = `shipments-${bytes}-${failing}-${workers}`;
  await bench.fill(topic, backlogFor(turn, TURNS, workers), PARTITIONS, { bytes, failing, repeated: REPEATED });
  const runner = await bench.begin(topic, workers, turn);
  try {
    const turns: Turn[] = [];
    for (let round = 0; round < TURNS; round += 1) turns.push(await runner.takeTurn(turn));
    const sum = (of: (one: Turn) => number): number => turns.reduce((total, one) => total + of(one), 0);
    const records = sum((one) => one.records);
    const perRecord = (cores: number): number => (cores * 1e6) / predicted.recordsPerSecond;
    const { own, store, broker } = predicted.cores;
    const rows: readonly (readonly [what: string, predicted: number, measured: number])[] = [
      ["records/s", predicted.recordsPerSecond, (records / sum(({ ms }) => ms)) * 1_000],
      ["own us a record", perRecord(own), sum((one) => one.own) / records],
      ["mongod us a record", perRecord(store), sum(({ mongod, later }) => mongod + later) / records],
      ["broker us a record", perRecord(broker), sum((one) => one.broker) / records],
    ];
    process.stdout.write(`\n${bytes} bytes, ${failing * 100} % failing, ${workers} worker(s)\n`);
    for (const [what, ours, theirs] of rows) {
      const off = ((100 * (ours - theirs)) / theirs).toFixed(0);
      process.stdout.write(
        `  ${what.padEnd(20)} predicted ${ours.toFixed(1).padStart(9)}  measured ${theirs.toFixed(1).padStart(9)}  ${off.padStart(4)} %\n`,
      );
    }
  } finally {
    await runner.end();
  }
}
