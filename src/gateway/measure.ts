import type { ContractRef } from "../core/compiled.ts";
import { traceOf } from "../core/trace-context.ts";
import type { Applied } from "./apply.ts";
import type { DecideGroup } from "./decide-batch.ts";
import type { Decided } from "./decided.ts";
import type { BatchMeasures, DecisionTally, StagesMs } from "./event.ts";
import type { Clock } from "./ingest-deps.ts";
import type { Resolution } from "./resolution.ts";

/** Measures one batch, from its fetch until it is settled. It costs a few comparisons a record. */
export type BatchMeter = {
  /** Ends a stage: what passed since the last stage ended is added to it. */
  readonly lap: (stage: keyof StagesMs) => void;
  /**
   * Makes a function that decides records also time some of them, each decided by itself: every
   * {@link BatchMeasures.decideMs}`.every`-th, from an offset on that differs from batch to batch. It times nothing more
   * once the stage "decide" ended.
   */
  readonly timed: <Item, Row>(decide: DecideGroup<Item, Row>, count: number) => DecideGroup<Item, Row>;
  /** Sees every decision, in offset order. */
  readonly see: (row: Decided) => void;
  /** The measures, once the batch is durable. `sizes`: those of its evidence in bytes. */
  readonly end: (applied: Pick<Applied, "groups" | "resolutions">, sizes: BatchMeasures["bytes"]) => BatchMeasures;
};

/** The batch a meter is for. */
export type Measured = {
  /** The contract subject bound to the topic. Records whose contract is unknown are counted under it. */
  readonly subject: string;
  readonly from: bigint;
  readonly isRedrive: boolean;
};

/** At most this many decisions of a batch are timed: at 3,000 records a batch about 2 ns a record. */
const TIMED_MAX = 64;

/** A meter of which it is not known yet what it measures. */
export type Measuring = { readonly lap: BatchMeter["lap"]; readonly of: (measured: Measured) => BatchMeter };

/** Begins to measure a batch: its clock runs from now. */
export function measureBatch(clock: Clock): Measuring {
  let last = clock.monotonicMs();
  const stagesMs: { -readonly [Stage in keyof StagesMs]: number } = {
    fetch: 0,
    turn: 0,
    decide: 0,
    queue: 0,
    ledger: 0,
    documents: 0,
    after: 0,
  };
  let durableAtMs = 0;
  let isDecided = false;
  const lap: BatchMeter["lap"] = (stage) => {
    const now = clock.monotonicMs();
    stagesMs[stage] += now - last;
    last = now;
    if (stage === "decide") isDecided = true;
    if (stage === "documents") durableAtMs = clock.nowMs();
  };
  const of: Measuring["of"] = ({ subject, from, isRedrive }) => {
    const versions = createVersionRuns();
    const produced = createTimeRuns();
    const trace = createTraceSearch();
    const sampling = createSampling(clock, from, () => isDecided);
    return {
      lap,
      timed: sampling.timed,
      see: (row) => {
        produced.add(row.timestampMs);
        trace.see(row);
        if (row.kind === "validated") versions.add(row.contract, row.position.offset);
      },
      end: ({ groups, resolutions }, bytes) => ({
        isRedrive,
        subject,
        decisions: [...versions.tallies(resolutions), ...failuresOf(groups, subject)],
        bytes,
        produced: produced.end(),
        durableAtMs,
        decideMs: sampling.end(),
        stagesMs,
        traced: trace.found(),
      }),
    };
  };
  return { lap, of };
}

/** Records of one batch mostly share their millisecond, so that runs of them cost a comparison a record. */
function createTimeRuns() {
  const [ms, counts]: [number[], number[]] = [[], []];
  let latest: Decided["timestampMs"] | null = null;
  let inRun = 0;
  const endRun = (): void => {
    if (latest === null) return;
    ms.push(Number(latest));
    counts.push(inRun);
    inRun = 0;
  };
  return {
    add: (timestampMs: Decided["timestampMs"]): void => {
      if (timestampMs !== latest) {
        endRun();
        latest = timestampMs;
      }
      inRun += 1;
    },
    end: (): BatchMeasures["produced"] => {
      endRun();
      latest = null;
      return { ms, counts };
    },
  };
}

/** Of how many records of a batch the headers are looked at. */
const LOOKED_AT = 8;

/** Finds a record that carries a W3C trace among the first ones of a batch. */
function createTraceSearch() {
  let looked = 0;
  let found: BatchMeasures["traced"] = null;
  return {
    see: ({ headers, timestampMs }: Decided): void => {
      if (looked === LOOKED_AT) return;
      looked += 1;
      const trace = headers.length === 0 ? null : traceOf(headers);
      if (trace === null) return;
      found = { traceId: trace.traceId, timestampMs: Number(timestampMs) };
      looked = LOOKED_AT;
    },
    found: () => found,
  };
}

/** Times some of the decisions of a batch. */
function createSampling(clock: Clock, from: bigint, isDecided: () => boolean) {
  const timedMs: number[] = [];
  let every = 1;
  const timed = <Item, Row>(decide: DecideGroup<Item, Row>, count: number): DecideGroup<Item, Row> => {
    every = Math.max(1, Math.ceil(count / TIMED_MAX));
    const phase = phaseOf(from, every);
    return (records, first) => {
      const end = first + records.length;
      const part = (begin: number, to: number) => decide(records.slice(begin - first, to - first), begin);
      const rows: Row[] = [];
      let at = first;
      const next = first + ((((phase - first) % every) + every) % every);
      for (let one = next; one < end && !isDecided(); one += every) {
        rows.push(...part(at, one));
        const start = clock.monotonicMs();
        rows.push(...part(one, one + 1));
        timedMs.push(clock.monotonicMs() - start);
        at = one + 1;
      }
      return at === first ? decide(records, first) : [...rows, ...part(at, end)];
    };
  };
  return { timed, end: (): BatchMeasures["decideMs"] => ({ every, timed: timedMs }) };
}

/**
 * Which of the first `every` records is timed first: multiples of the golden ratio spread evenly, so that over many batches
 * every place of a batch has its turn, also where the producers' records repeat with a period.
 */
function phaseOf(from: bigint, every: number): number {
  return Math.floor(((Number(from % 4_294_967_296n) * 0.618_033_988_749_895) % 1) * every);
}

/** The passed records of a batch by version: runs of consecutive ones, so that a version is also found by offset. */
function createVersionRuns() {
  type Version = { readonly contract: ContractRef; passed: number; duplicates: number };
  const versions = new Map<string, Version>();
  const starts: bigint[] = [];
  const runs: Version[] = [];
  let current: Version | null = null;
  const versionAt = (offset: bigint): Version | undefined => {
    if (versions.size === 1) return runs[0];
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0n) <= offset) low = middle;
      else high = middle;
    }
    return runs[low];
  };
  return {
    add: (contract: ContractRef, offset: bigint): void => {
      if (current?.contract !== contract) {
        const name = `${contract.subject}@${contract.version}`;
        current = versions.get(name) ?? { contract, passed: 0, duplicates: 0 };
        versions.set(name, current);
        starts.push(offset);
        runs.push(current);
      }
      current.passed += 1;
    },
    tallies: (resolutions: readonly Resolution[]): readonly DecisionTally[] => {
      for (const { offset, letter } of resolutions) {
        const version = versionAt(offset);
        if (version === undefined) throw new Error(`Cannot count offset ${offset}: it did not pass`);
        version.passed -= 1;
        if (letter === "D") version.duplicates += 1;
      }
      return [...versions.values()].flatMap(({ contract: { subject, version }, passed, duplicates }) => [
        ...(passed > 0 ? [{ subject, version, outcome: "passed", code: null, count: passed } as const] : []),
        ...(duplicates > 0 ? [{ subject, version, outcome: "duplicate", code: null, count: duplicates } as const] : []),
      ]);
    },
  };
}

/** The failures by version and code, conflicts included. */
function failuresOf(groups: Applied["groups"], subject: string): readonly DecisionTally[] {
  const tallies = new Map<string, DecisionTally>();
  for (const { contract, code, count } of groups) {
    const of = contract ?? { subject, version: null };
    const key = `${of.subject}@${of.version} ${code}`;
    const before = tallies.get(key)?.count ?? 0;
    tallies.set(key, { subject: of.subject, version: of.version, outcome: "failed", code, count: before + count });
  }
  return [...tallies.values()];
}
