import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { MEASURED, parseCoefficients, type Coefficients, type Cost } from "../src/capacity/coefficients.ts";
import { forecast } from "../src/capacity/forecast.ts";
import { flag, fraction, readOptions, several, someText, wholeNumber } from "./arguments.ts";
import { backlogFor, openBench, type Turn } from "./turns.ts";

// node bench/capacity-check.ts [--costs costs.json] [--workers 1,2,4] [--bytes 85,1024] [--failing 0.1] [--turns 3] [--turn 100000]
// What `sigma capacity` predicts beside what is measured, for a backlog over six partitions: records a second, and CPU of a record of
// the gateway, MongoDB and Kafka. Target: less than 20 % off. Rates mean something only where nothing else runs on the machine.
//   [--busy]   for a machine that others use: the costs are multiplied by what the first run took more than predicted, and the cores are
//              as many as each run got; what is left to be wrong is how costs follow from workers, sizes and failures.

const values = readOptions({
  costs: someText(""),
  workers: several([1, 2, 4], wholeNumber(1)),
  bytes: several([85, 1_024], wholeNumber(1)),
  failing: several([0.1], fraction(0)),
  turns: wholeNumber(3),
  turn: wholeNumber(100_000),
  busy: flag(),
});
const PARTITIONS = 6;
const REPEATED = 0.05;
const TURNS = values.turns;
const coefficients = values.costs === "" ? MEASURED : read(values.costs);
/** How much dearer everything is than the costs say; null until the first run of a busy machine said it. */
let dearer: number | null = values.busy ? null : 1;
const bench = await openBench();
try {
  for (const bytes of values.bytes)
    for (const failing of values.failing) for (const workers of values.workers) await check(bytes, failing, workers);
} finally {
  await bench.close();
}

function read(file: string): Coefficients {
  const parsed = parseCoefficients(JSON.parse(readFileSync(file, "utf8")) as unknown);
  if (parsed.kind === "wrong") throw new Error(`${file}: ${parsed.pointer} is not ${parsed.expected}`);
  return parsed.coefficients;
}

async function check(bytes: number, failing: number, workers: number): Promise<void> {
  const turn = Math.round(values.turn / Math.max(1, Math.sqrt(bytes / 85)));
  const topic = `shipments-${bytes}-${failing}-${workers}`;
  await bench.fill(topic, backlogFor(turn, TURNS, workers), PARTITIONS, { bytes, failing, repeated: REPEATED });
  const runner = await bench.begin(topic, workers, turn);
  try {
    const turns: Turn[] = [];
    for (let round = 0; round < TURNS; round += 1) turns.push(await runner.takeTurn(turn));
    const sum = (of: (one: Turn) => number): number => turns.reduce((total, one) => total + of(one), 0);
    const records = sum((one) => one.records);
    report(bytes, failing, workers, {
      perSecond: (records / sum(({ ms }) => ms)) * 1_000,
      own: sum(({ own }) => own) / records,
      store: sum(({ mongod, later }) => mongod + later) / records,
      broker: sum(({ broker }) => broker) / records,
    });
  } finally {
    await runner.end();
  }
}

type Measured = {
  readonly perSecond: number;
  readonly own: number;
  readonly store: number;
  readonly broker: number;
};

/** CPU is in microseconds a record. */
function predict(bytes: number, failing: number, workers: number, cores: number, costs: Coefficients): Measured {
  const predicted = forecast(costs, {
    partitions: PARTITIONS,
    workers,
    recordBytes: bytes,
    failing,
    repeated: REPEATED,
    rate: null,
    cores,
    storeCores: null,
    writeMs: null,
    batchRecords: 3_000,
    batchBytes: 4_194_304,
  });
  const { recordsPerSecond: perSecond, cores: busy } = predicted;
  const perRecord = (one: number): number => (one * 1e6) / perSecond;
  return { perSecond, own: perRecord(busy.own), store: perRecord(busy.store), broker: perRecord(busy.broker) };
}

function report(bytes: number, failing: number, workers: number, measured: Measured): void {
  const all = ({ own, store, broker }: Measured): number => own + store + broker;
  dearer ??= all(measured) / all(predict(bytes, failing, workers, availableParallelism(), coefficients));
  const got = (all(measured) * measured.perSecond) / 1e6;
  const cores = values.busy ? got : availableParallelism();
  const predicted = predict(bytes, failing, workers, cores, times(coefficients, dearer));
  process.stdout.write(
    `\n${bytes} bytes, ${failing * 100} % failing, ${workers} worker(s), ${got.toFixed(2)} cores, costs times ${dearer.toFixed(2)}\n`,
  );
  const rows: readonly (readonly [what: string, of: keyof Measured])[] = [
    ["records/s", "perSecond"],
    ["own us a record", "own"],
    ["mongod us a record", "store"],
    ["broker us a record", "broker"],
  ];
  for (const [what, of] of rows) {
    const [ours, theirs] = [predicted[of], measured[of]];
    const off = ((100 * (ours - theirs)) / theirs).toFixed(0);
    process.stdout.write(
      `  ${what.padEnd(20)} predicted ${ours.toFixed(1).padStart(9)}  measured ${theirs.toFixed(1).padStart(9)}  ${off.padStart(4)} %\n`,
    );
  }
}

/** The same costs, all CPU so many times as dear. */
function times(costs: Coefficients, factor: number): Coefficients {
  const dear = ({ fixed, perKilobyte }: Cost): Cost => ({ fixed: fixed * factor, perKilobyte: perKilobyte * factor });
  const each = ({ fact, failure, receipt }: Coefficients["own"]["record"]): Coefficients["own"]["record"] => ({
    fact: dear(fact),
    failure: dear(failure),
    receipt: dear(receipt),
  });
  const { own, store, broker } = costs;
  return {
    ...costs,
    own: { ...own, record: each(own.record), batch: own.batch * factor },
    store: { ...store, record: each(store.record), batch: store.batch * factor },
    broker: { record: dear(broker.record), batch: broker.batch * factor },
  };
}
