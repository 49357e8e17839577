import { EXIT } from "../../../config/codes.ts";
import type { Config } from "../../../config/config.ts";
import type { CompiledContractSet } from "../../../core/compiled.ts";
import { decide } from "../../../core/decide.ts";
import { Unavailable } from "../../../core/unavailable.ts";
import { placed, loadContractSet } from "../../../app/contracts.ts";
import { openKafkaAppender } from "../../../app/logs.ts";
import type { NewRecord } from "../../../source/source.ts";
import { createRedaction, NO_REDACTION, type Redaction } from "../../../failures/redact.ts";
import { createFirstFailures, failedLine, printFirstFailures, type FirstFailures } from "./first-failures.ts";
import { readInputs, resumeHint, type Reading, type Sink } from "./ingest-reading.ts";
import { createMakeRecord } from "./new-records.ts";
import { counted, note, print, printJson } from "../../terminal/output.ts";
import { createProgress } from "../../terminal/progress.ts";
import { Refusals, usage } from "../../terminal/refusal.ts";
import { onInterruption } from "../../terminal/signals.ts";

/**
 * `sigma ingest --to kafka`: appends each line to the topic, durable on every in-sync replica; a gateway decides them
 * later. Since a decision depends only on the record and the contracts, the local contracts already tell which records
 * will be FAILED, except for conflicts.
 */
export async function ingestToKafka(reading: Reading): Promise<void> {
  const { config, topic, options } = reading;
  if (config.kafka === null) {
    throw usage("SIG-I-013", "Cannot append to Kafka: no broker is configured", "set KAFKA_BROKERS or kafka.brokers");
  }
  const set = await contractsFor(config, options.strict);
  const make = createMakeRecord(options, topic, set);
  const interruption = onInterruption(config.shutdownDeadlineMs);
  const appender = await openKafkaAppender(config.kafka);
  const progress = createProgress(options.quiet ? "none" : options.json ? "json" : "text");
  const failures = createFirstFailures(options.showFailures);
  const redaction = set === null ? NO_REDACTION : createRedaction(config.redact, () => set);
  let appended = 0;
  const sink: Sink = {
    add: async ({ lines, lineNumbers }, file) => {
      const records = lines.map(make);
      appended += (await appender.append(topic, records)).length;
      if (set !== null) judge(records, lineNumbers, { file, topic, set, failures, redaction });
    },
    settle: async () => undefined,
    count: () => appended,
    failed: failures.count,
  };
  try {
    const stop = await readInputs(reading, sink, progress, interruption.signal);
    progress.end();
    printAppended(reading, appended, set === null ? null : failures);
    if (stop !== null) note(resumeHint(stop));
    const failed = options.strict && failures.count() > 0;
    process.exitCode = interruption.exitCode() ?? (failed ? EXIT.findings : EXIT.ok);
  } catch (error) {
    if (error instanceof Unavailable)
      note("what was in flight may be appended: as facts have ids, sending it again is safe");
    throw error;
  } finally {
    progress.end();
    await appender.close();
    interruption.dispose();
  }
}

/** The local contracts. They are optional for appending, but required to tell which records FAILED. */
async function contractsFor(config: Config, strict: boolean): Promise<CompiledContractSet | null> {
  const loaded = await loadContractSet(config);
  if (loaded.ok) return loaded.set;
  if (strict) throw new Refusals(loaded.faults.map(placed));
  note("the contracts cannot be read here: nothing is known of failures, and records are not keyed by their identity");
  return null;
}

type Judging = {
  readonly file: string;
  readonly topic: string;
  readonly set: CompiledContractSet;
  readonly failures: FirstFailures;
  readonly redaction: Redaction;
};

function judge(
  records: readonly NewRecord[],
  lineNumbers: readonly number[],
  { file, topic, set, failures, redaction }: Judging,
): void {
  for (const [at, { headers, value }] of records.entries()) {
    const decision = decide({ topic, headers, value }, set);
    if (decision.status === "FAILED") failures.add(failedLine(file, lineNumbers[at] ?? 0, decision, redaction));
  }
}

function printAppended({ topic, options }: Reading, records: number, failures: FirstFailures | null): void {
  const failed = failures?.count() ?? null;
  const list = failures?.list() ?? [];
  if (options.json) return printJson({ kind: "appended", topic, records, failed, firstFailures: list });
  print(`${counted(records, "record")} appended to ${topic}; a gateway decides them`);
  if (failed !== null) print(`By the contracts here ${counted(failed, "record")} of them FAILED`);
  printFirstFailures(list, failed ?? 0);
}
