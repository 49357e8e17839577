import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { MEASURED, parseCoefficients, type Coefficients } from "../../../capacity/coefficients.ts";
import { forecast, type Forecast, type Limit } from "../../../capacity/forecast.ts";
import type { Plan } from "../../../capacity/plan.ts";
import { grouped, note, print, printJson, printTable } from "../../terminal/output.ts";
import { usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";

export type CapacityOptions = {
  readonly partitions: number;
  readonly workers: readonly number[];
  readonly recordBytes: number;
  readonly failedPercent: number;
  readonly duplicatePercent: number;
  readonly rate?: number;
  readonly storeMs?: number;
  readonly cores?: number;
  readonly storeCores?: number;
  readonly costs?: string;
  readonly json: boolean;
};

/** What takes longer to simulate than anybody waits. */
const MOST = {
  partitions: 10_000,
  // As limits.record_bytes.
  recordBytes: 67_108_864,
  rate: 10_000_000,
  cores: 10_000,
  storeMs: 60_000,
} as const;

/** `sigma capacity`: a line for each number of workers. */
export async function capacity(command: Command, options: CapacityOptions): Promise<void> {
  const { batch } = await configFor(command);
  const plan = planOf(options, { batchRecords: batch.recordsMax, batchBytes: batch.bytesMax });
  const coefficients = options.costs === undefined ? MEASURED : read(options.costs);
  const all = options.workers.map((workers) => ({ workers, ...forecast(coefficients, { ...plan, workers }) }));
  if (options.json) {
    const { measuredOn } = coefficients;
    for (const one of all) printJson({ kind: "forecast", ...plan, ...one, measuredOn });
    return;
  }
  printForecasts(all);
  const spare = options.workers.some((workers) => workers > plan.partitions);
  if (spare) note(`${plan.partitions} partitions keep no more workers than that busy`);
  note(`costs: ${coefficients.measuredOn}`);
}

function planOf(options: CapacityOptions, batch: Pick<Plan, "batchRecords" | "batchBytes">): Omit<Plan, "workers"> {
  const {
    partitions,
    recordBytes,
    rate = null,
    cores = availableParallelism(),
    storeMs = null,
    storeCores = null,
  } = options;
  const within = (name: string, value: number | null, least: number, most: number): void => {
    if (value !== null && (value < least || value > most))
      throw impossible(`--${name} ${value}`, `write a number from ${least} to ${grouped(most)}`);
  };
  within("partitions", partitions, 1, MOST.partitions);
  within("record-bytes", recordBytes, 1, MOST.recordBytes);
  within("rate", rate, 1, MOST.rate);
  within("cores", cores, 1, MOST.cores);
  within("store-cores", storeCores, 1, MOST.cores);
  within("store-ms", storeMs, 0, MOST.storeMs);
  const { failedPercent: failing, duplicatePercent: repeated } = options;
  if (failing + repeated > 1)
    throw impossible("--failed-percent and --duplicate-percent of more than 100", "a record is one of them at most");
  return { partitions, recordBytes, failing, repeated, rate, cores, storeCores, writeMs: storeMs, ...batch };
}

function impossible(what: string, remedy: string): Error {
  return usage("SIG-S-060", `Cannot predict anything for ${what}`, remedy);
}

function read(file: string): Coefficients {
  const refuse = (why: string): Error =>
    usage("SIG-S-061", `Cannot use the costs of "${file}": ${why}`, "make the file with `node bench/capacity.ts`");
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw refuse(error instanceof SyntaxError ? "it is not JSON" : "it cannot be read");
  }
  const parsed = parseCoefficients(value);
  if (parsed.kind === "wrong") throw refuse(`${parsed.pointer} is not ${parsed.expected}`);
  return parsed.coefficients;
}

type Row = Forecast & { readonly workers: number };

function printForecasts(all: readonly Row[]): void {
  printTable(
    [
      [
        "WORKERS",
        "RECORDS/S",
        "WAITING",
        "P50",
        "P99",
        "CORES",
        "MONGODB",
        "KAFKA",
        "MEMORY",
        "DISK A DAY",
        "LIMITED BY",
      ],
      ...all.map(rowOf),
    ],
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  for (const { workers, fallsBehind } of all)
    if (fallsBehind > 0)
      print(`${workers} workers fall behind by ${grouped(Math.round(fallsBehind))} records each second`);
}

function rowOf({ workers, recordsPerSecond, waiting, latencyMs, cores, ...more }: Row): readonly string[] {
  const ms = (value: number | undefined): string => (value === undefined ? "-" : `${Math.round(value)} ms`);
  return [
    String(workers),
    grouped(Math.round(recordsPerSecond)),
    waiting === null ? "-" : grouped(waiting),
    ms(latencyMs?.p50),
    ms(latencyMs?.p99),
    cores.own.toFixed(2),
    cores.store.toFixed(2),
    cores.broker.toFixed(2),
    `${grouped(Math.round(more.memoryMegabytes))} MB`,
    `${(more.diskBytesPerDay.store / 1e9).toFixed(1)} GB`,
    LIMITS[more.limitedBy],
  ];
}

const LIMITS: Readonly<Record<Limit, string>> = {
  arrival: "what arrives",
  workers: "workers",
  cores: "cores",
  "store cores": "cores of MongoDB",
  "store latency": "writes of MongoDB; partitions",
};
