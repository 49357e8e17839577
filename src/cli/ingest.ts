import type { Command } from "commander";
import { EXIT } from "../codes.ts";
import type { Config } from "../config.ts";
import type { GatewayEvent, Observe } from "../gateway/event.ts";
import { nearestName } from "../contract/nearest.ts";
import { startPipeline, type Pipeline } from "../pipeline.ts";
import type { LoadedContracts } from "../main.ts";
import { requireContracts } from "./contracts.ts";
import { createFeeder, createHaltWatch, settleBacklog, type Feeder } from "./feed.ts";
import { openInputs, type Input } from "./inputs.ts";
import { LINE_BYTES_MAX } from "./line-limit.ts";
import { LineTooLong, type LineBatch } from "../json/lines.ts";
import { counted, note, printJson } from "./output.ts";
import { createProgress, type ProgressLine } from "./progress.ts";
import { Interrupted, proveInputs, readRecords, refusalOf } from "./records.ts";
import { usage } from "./refusal.ts";
import { configFor } from "./settings.ts";
import { onInterruption } from "./signals.ts";
import { createTallying, failedIn, printTally, tallyJson, tallyOf, type Tally } from "./tally.ts";

export type IngestOptions = {
  readonly topic?: string;
  readonly to?: string;
  readonly fromLine: string;
  readonly ndjson: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
};

/** `sigma ingest`: lines of files, or of standard input, through the whole pipeline in this process, or to a gateway. */
export async function ingest(command: Command, files: readonly string[], options: IngestOptions): Promise<void> {
  const config = await configFor(command);
  const fromLine = readFromLine(options.fromLine);
  const topic = options.topic ?? config.sources[0]?.topic ?? "";
  if (options.to === "kafka" || (options.to === undefined && config.kafka !== null)) {
    requireTopic(config, topic);
    const { ingestToKafka } = await import("./ingest-kafka.ts");
    return ingestToKafka({ config, topic, inputs: openInputs(files, "ingest"), fromLine, options });
  }
  if (options.to !== undefined) {
    const inputs = openInputs(files, "ingest");
    const { ingestRemotely } = await import("./ingest-remote.ts");
    return ingestRemotely({ url: options.to, topic, inputs, fromLine, config, options });
  }
  requireTopic(config, topic);
  const contracts = await requireContracts(config);
  const inputs = openInputs(files, "ingest");
  await ingestHere({ config, contracts, topic, inputs, fromLine, options });
}

type Here = {
  readonly config: Config;
  readonly contracts: LoadedContracts;
  readonly topic: string;
  readonly inputs: readonly Input[];
  readonly fromLine: number;
  readonly options: IngestOptions;
};

async function ingestHere({ config, contracts, topic, inputs, fromLine, options }: Here): Promise<void> {
  const interruption = onInterruption(config.shutdownDeadlineMs);
  const watch = createHaltWatch();
  const tallying = createTallying();
  const observe: Observe = (event) => {
    watch.observe(event);
    tallying.observe(event);
    reportTrouble(event);
  };
  const pipeline = await startPipeline(config, contracts, observe).catch((error: unknown) => {
    interruption.dispose();
    throw error;
  });
  const progress = createProgress(options.quiet ? "none" : options.json ? "json" : "text");
  try {
    await settleBacklog(pipeline, topic, AbortSignal.any([interruption.signal, watch.signal]));
    tallying.clear();
    const feeder = createFeeder(pipeline, topic, watch);
    const sink: Sink = {
      add: feeder.add,
      settle: feeder.settle,
      count: feeder.appended,
      failed: () => failedIn(tallying.tally()),
    };
    const stop = await readInputs({ inputs, fromLine, config, topic, options }, sink, progress, interruption.signal);
    progress.end();
    printResult(topic, await exactTally(pipeline, feeder, tallying.tally()), options.json);
    if (stop !== null) note(resumeHint(stop));
    process.exitCode = interruption.exitCode() ?? EXIT.ok;
  } finally {
    progress.end();
    await pipeline.stop();
    interruption.dispose();
  }
}

/** Where batches of lines go. */
export type Sink = {
  readonly add: (batch: LineBatch) => Promise<void>;
  readonly settle: () => Promise<void>;
  /** Records added so far. */
  readonly count: () => number;
  readonly failed: () => number;
};

type Reading = Pick<Here, "inputs" | "fromLine" | "config" | "topic" | "options">;

/** Where an interrupted reading goes on: `line` is the next one of the first input. */
export type Stop = {
  readonly inputs: readonly string[];
  readonly line: number;
  readonly topic: string;
  readonly ndjson: boolean;
  /** As the command line had it. */
  readonly to: string | null;
};

/**
 * Reads every input into the sink, batch by batch. When interrupted it finishes the batch and answers where to go on.
 * @throws a refusal: before anything is added where that can be known, else with the count that was and where to go on.
 */
export async function readInputs(
  { inputs, fromLine, config, topic, options: { ndjson, to } }: Reading,
  sink: Sink,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<Stop | null> {
  const limits = { ...config.batch, lineBytesMax: LINE_BYTES_MAX, eager: true };
  await proveInputs(inputs, { limits, fromLine, ndjson, signal });
  const bytesTotal = inputs.every(({ sizeBytes }) => sizeBytes !== null)
    ? inputs.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0)
    : null;
  for (const [index, input] of inputs.entries()) {
    const first = index === 0 ? fromLine : 1;
    const left = inputs.slice(index).map(({ name }) => name);
    let lastLine = 0;
    const stop = (): Stop => ({ inputs: left, line: Math.max(first, lastLine + 1), topic, ndjson, to: to ?? null });
    const before = sink.count();
    try {
      for await (const batch of readRecords(input, { limits, fromLine: first, ndjson, signal })) {
        await sink.add(batch);
        lastLine = batch.lastLine;
        const bytes = inputs.slice(0, index + 1).reduce((sum, { bytesRead }) => sum + bytesRead(), 0);
        progress.update({ records: sink.count(), failed: sink.failed(), bytes, bytesTotal });
      }
    } catch (error) {
      progress.end();
      if (error instanceof Interrupted) {
        await sink.settle();
        return stop();
      }
      await settleWhatCan(sink);
      throw stoppedBy(error, input.name, sink.count(), stop());
    }
    if (index === 0 && lastLine < fromLine - 1) {
      throw usage(
        "SIG-I-005",
        `Cannot start at line ${fromLine} of "${input.name}": it ends before`,
        "name a line it has",
      );
    }
    if (sink.count() === before && first === 1) note(`"${input.name}" holds no record`);
  }
  await sink.settle();
  return null;
}

/** What ended a reading midway, with how many records were ingested and how to go on. */
function stoppedBy(error: unknown, name: string, count: number, stop: Stop): unknown {
  const ingested = `${counted(count, "record")} before it were ingested`;
  if (error instanceof LineTooLong)
    return refusalOf(
      error,
      name,
      `${ingested}; correct it, or leave it out: ${resumeHint({ ...stop, line: error.line + 1 })}`,
    );
  const refusal = refusalOf(
    error,
    name,
    count === 0 ? "nothing of it was ingested" : `${ingested}. ${resumeHint(stop)}`,
  );
  if (refusal === null) note(`${counted(count, "record")} were ingested before the error. ${resumeHint(stop)}`);
  return refusal ?? error;
}

/** The way on after an interruption. */
export function resumeHint({ inputs, line, topic, ndjson, to }: Stop): string {
  const names = inputs.map((name) => (/^[\w./-]+$/.test(name) ? name : `'${name.replaceAll("'", String.raw`'\''`)}'`));
  const others = `${ndjson ? " --ndjson" : ""}${to === null ? "" : ` --to ${to}`}`;
  return `To go on: sigma ingest ${names.join(" ")} --topic ${topic} --from-line ${line}${others}`;
}

function printResult(topic: string, tally: Tally, json: boolean): void {
  if (json) printJson({ kind: "tally", topic, ...tallyJson(tally) });
  else printTally(tally);
}

/** Another process on the same data may have settled some of the records: then the store is asked. */
async function exactTally(pipeline: Pipeline, feeder: Feeder, seen: Tally): Promise<Tally> {
  return seen.records === feeder.appended() ? seen : tallyOf(pipeline.store.reads, feeder.ranges());
}

/** What happens outside the records themselves is said at once. */
function reportTrouble(event: GatewayEvent): void {
  if (event.kind === "stream-paused") note(`waiting: ${event.code} ${event.message}\n  fix: ${event.remedy}`);
  if (event.kind === "stream-resumed") note("going on");
}

/** After an error what was appended is still decided, unless that is what went wrong. */
async function settleWhatCan(sink: Sink): Promise<void> {
  await sink.settle().catch(() => undefined);
}

function readFromLine(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw usage("SIG-I-005", `Cannot start at line "${text}": it is no line number`, "write a whole number from 1");
}

function requireTopic(config: Config, topic: string): void {
  const topics = config.sources.map((source) => source.topic);
  if (topics.includes(topic)) return;
  const nearest = nearestName(topic, topics);
  const hint = nearest === null ? "" : ` (did you mean "${nearest}"?)`;
  throw usage(
    "SIG-I-003",
    `Cannot ingest into topic "${topic}": it is not configured${hint}`,
    `use one of ${topics.join(", ")}, or add it to sources`,
  );
}
