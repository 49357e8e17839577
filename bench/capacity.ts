import { availableParallelism, cpus } from "node:os";
import { writeFileSync } from "node:fs";
import { MEASURED, type Coefficients, type Cost } from "../src/capacity/coefficients.ts";
import { readOptions, someText, wholeNumber } from "./arguments.ts";
import { median } from "./rounds.ts";
import { backlogFor, openBench, type Stored, type Turn } from "./turns.ts";

// node bench/capacity.ts [--out costs.json] [--turns 3] [--turn 100000]
// What records and batches cost on this machine, for `sigma capacity --costs costs.json`: CPU of the gateway, MongoDB and Kafka, bytes on
// disk, memory. Facts, failures and receipts of 85 B, 1 kB and 16 kB; batches of 3,000 and of 100. Of each the middle of all turns, with what
// MongoDB writes out afterwards: the least would leave out its checkpoints. Nothing else should run. bench/capacity-check.ts compares what
// follows with runs.

const {
  out: OUT,
  turns: TURNS,
  turn: TURN,
} = readOptions({ out: someText("costs.json"), turns: wholeNumber(3), turn: wholeNumber(100_000) });
const PARTITIONS = 6;
const SIZES = [85, 1_024, 16_384];
const SMALL_BATCH = 100;

/** What a record of a run cost: CPU in microseconds, bytes on disk of each document, and of the evidence of a record. */
type Run = {
  readonly bytes: number;
  readonly shares: { readonly fact: number; readonly failure: number; readonly receipt: number };
  readonly batchRecords: number;
  readonly own: number;
  readonly store: number;
  readonly broker: number;
  /** Parts, 0 to 1. */
  readonly beside: number;
  readonly later: number;
  readonly disk: { readonly fact: number; readonly failure: number; readonly receipt: number; readonly ledger: number };
  readonly residentMegabytes: number;
};

const bench = await openBench();
try {
  const facts: Run[] = [];
  const failures: Run[] = [];
  const receipts: Run[] = [];
  for (const bytes of SIZES) {
    facts.push(await measure(bytes, 0, 0));
    failures.push(await measure(bytes, 0.5, 0));
    receipts.push(await measure(bytes, 0, 0.5));
  }
  const few = await measure(SIZES[0] ?? 0, 0, 0.05);
  const small = await measure(SIZES[0] ?? 0, 0, 0, { SIGMA_BATCH_RECORDS: String(SMALL_BATCH) });
  const two = await measure(SIZES[0] ?? 0, 0, 0, {}, 2);
  const crowd = await measure(SIZES[0] ?? 0, 0, 0, {}, 2 * availableParallelism());
  const costs = coefficientsOf({ facts, failures, receipts, few, small, two, crowd }, await bench.writeMs());
  writeFileSync(OUT, `${JSON.stringify(costs, null, 2)}\n`);
  process.stdout.write(`${JSON.stringify(costs, null, 2)}\n`);
} finally {
  await bench.close();
}

async function measure(
  bytes: number,
  failing: number,
  repeated: number,
  settings: NodeJS.ProcessEnv = {},
  workers = 1,
): Promise<Run> {
  const turn = Math.round(TURN / Math.max(1, Math.sqrt(bytes / 85)));
  const topic = `shipments-${bytes}-${failing}-${repeated}-${Object.values(settings).join("")}-${workers}`;
  await bench.fill(topic, backlogFor(turn, TURNS, workers), PARTITIONS, { bytes, failing, repeated });
  const runner = await bench.begin(topic, workers, turn, settings);
  try {
    const turns: Turn[] = [];
    for (let round = 0; round < TURNS; round += 1) turns.push(await runner.takeTurn(turn));
    const run = runOf(bytes, turns, await runner.stored(), runner.residentMegabytes());
    const { own, store, broker, shares } = run;
    const [ours, theirs, brokers] = [own, store, broker].map((micros) => micros.toFixed(1));
    process.stdout.write(
      `${topic}: own ${ours} us a record, mongod ${theirs}, broker ${brokers}; ${Math.round(run.batchRecords)} a batch; ` +
        `${Math.round(shares.failure * 100)} % failures, ${Math.round(shares.receipt * 100)} % receipts; ${Math.round(run.residentMegabytes)} MB\n`,
    );
    return run;
  } finally {
    await runner.end();
  }
}

function runOf(bytes: number, turns: readonly Turn[], stored: Stored, residentMegabytes: number): Run {
  const middle = (of: (turn: Turn) => number): number => median(turns.map((turn) => of(turn) / turn.records));
  const sum = (of: (turn: Turn) => number): number => turns.reduce((total, turn) => total + of(turn), 0);
  const { fact, failure, receipt, ledger } = stored;
  const documents = fact.documents + failure.documents + receipt.documents;
  const each = (one: Stored["fact"]): number => (one.documents === 0 ? 0 : one.bytes / one.documents);
  return {
    bytes,
    shares: {
      fact: fact.documents / documents,
      failure: failure.documents / documents,
      receipt: receipt.documents / documents,
    },
    batchRecords: sum(({ records }) => records) / sum(({ entries }) => entries),
    own: middle(({ own }) => own),
    store: middle(({ mongod, later }) => mongod + later),
    broker: middle(({ broker }) => broker),
    beside: 1 - sum(({ main }) => main) / sum(({ own }) => own),
    later: sum(({ later }) => later) / sum(({ mongod, later }) => mongod + later),
    disk: { fact: each(fact), failure: each(failure), receipt: each(receipt), ledger: ledger.bytes / documents },
    residentMegabytes,
  };
}

/** The runs: facts alone, half failures and half repeats of each size; of the least size few repeats, small batches, two workers, and twice as many as cores. */
type Runs = {
  readonly facts: readonly Run[];
  readonly failures: readonly Run[];
  readonly receipts: readonly Run[];
  readonly few: Run;
  readonly small: Run;
  readonly two: Run;
  readonly crowd: Run;
};

function coefficientsOf({ facts, failures, receipts, few, small, two, crowd }: Runs, writeMs: number): Coefficients {
  const [first] = facts;
  if (first === undefined) throw new Error("Nothing was measured");
  const batch = { own: batchCost("own"), store: batchCost("store"), broker: batchCost("broker") };
  type Part = keyof typeof batch;
  function batchCost(part: "own" | "store" | "broker"): number {
    const more = (small[part] - (first?.[part] ?? 0)) / (1 / small.batchRecords - 1 / (first?.batchRecords ?? 1));
    return Math.max(0, more);
  }
  /** What a record costs without its part of the batch. */
  const bare = (run: Run, part: Part): number => Math.max(0, run[part] - batch[part] / run.batchRecords);
  /** What looking for an id costs: few repeats and many differ in what a receipt costs, and both look for every id. */
  const look = (part: "own" | "store"): number => {
    const [many] = receipts;
    const fact = bare(first, part);
    if (many === undefined) return 0;
    const beyond = (run: Run): number => bare(run, part) - run.shares.fact * fact;
    const receipt = (beyond(many) - beyond(few)) / (many.shares.receipt - few.shares.receipt);
    return Math.max(0, beyond(few) - few.shares.receipt * receipt);
  };
  const looks = { own: look("own"), store: look("store"), broker: 0 };
  /** What the other half costs, where what a fact costs is known. */
  const other = (runs: readonly Run[], kind: "failure" | "receipt", part: Part): Cost =>
    fit(
      runs.map((run, at) => {
        const { shares } = run;
        const known = shares.fact * bare(facts[at] ?? run, part) + (kind === "receipt" ? looks[part] : 0);
        return [run.bytes, Math.max(0, bare(run, part) - known) / shares[kind]];
      }),
    );
  const records = (part: Part): Coefficients["own"]["record"] => ({
    fact: fit(facts.map((run) => [run.bytes, bare(run, part)])),
    failure: other(failures, "failure", part),
    receipt: other(receipts, "receipt", part),
  });
  const disk = (runs: readonly Run[], kind: keyof Run["disk"]): Cost =>
    fit(runs.map((run) => [run.bytes, run.disk[kind]]));
  const mean = (of: (run: Run) => number): number => facts.reduce((sum, run) => sum + of(run), 0) / facts.length;
  return rounded({
    measuredOn: `${availableParallelism()} cores (${cpus()[0]?.model ?? "unknown"}), Node ${process.versions.node}`,
    crowded: Math.max(1, (crowd.own + crowd.store) / (two.own + two.store)),
    own: {
      record: records("own"),
      batch: batch.own,
      look: looks.own,
      beside: mean(({ beside }) => beside),
      shared: Math.max(1, two.own / first.own),
    },
    store: {
      record: records("store"),
      batch: batch.store,
      look: looks.store,
      later: mean(({ later }) => later),
      writeMs,
    },
    broker: { record: fit(facts.map((run) => [run.bytes, bare(run, "broker")])), batch: batch.broker },
    disk: {
      fact: disk(facts, "fact"),
      failure: disk(failures, "failure"),
      receipt: disk(receipts, "receipt"),
      ledger: disk(facts, "ledger"),
    },
    memory: memoryOf(facts, two),
  });
}

/** Batches in flight are at most four, and a page waits for each partition. */
function memoryOf(facts: readonly Run[], two: Run): Coefficients["memory"] {
  const inFlight = (run: Run): number => ((4 + PARTITIONS) * run.batchRecords * run.bytes) / 1e6;
  const [small, , large] = facts;
  if (small === undefined || large === undefined) return MEASURED.memory;
  const perMegabyte = Math.max(
    0,
    (large.residentMegabytes - small.residentMegabytes) / (inFlight(large) - inFlight(small)),
  );
  const worker = small.residentMegabytes - perMegabyte * inFlight(small);
  return { watching: Math.max(0, two.residentMegabytes - 2 * small.residentMegabytes), worker, perMegabyte };
}

/** The line through points that misses none by much, as a part of its value: least squares of what is missed over the value. */
function fit(points: readonly (readonly [bytes: number, value: number])[]): Cost {
  const known = points.filter(([, value]) => value > 0);
  let [s, sx, sxx, sy, sxy] = [0, 0, 0, 0, 0];
  for (const [bytes, value] of known) {
    const [x, weight] = [bytes / 1_000, 1 / value ** 2];
    s += weight;
    sx += weight * x;
    sxx += weight * x * x;
    sy += weight * value;
    sxy += weight * x * value;
  }
  const bottom = s * sxx - sx * sx;
  if (known.length < 2 || bottom === 0) return { fixed: known[0]?.[1] ?? 0, perKilobyte: 0 };
  const perKilobyte = Math.max(0, (s * sxy - sx * sy) / bottom);
  return { fixed: Math.max(0, (sy - perKilobyte * sx) / s), perKilobyte };
}

/** Three digits say all that was measured. */
function rounded(costs: Coefficients): Coefficients {
  return JSON.parse(
    JSON.stringify(costs, (_, value: unknown) => (typeof value === "number" ? Number(value.toPrecision(3)) : value)),
  ) as Coefficients;
}
