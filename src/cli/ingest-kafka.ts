import { EXIT } from "../codes.ts";
import type { Config } from "../config.ts";
import type { LineBatch } from "../json/lines.ts";
import { Unavailable } from "../core/unavailable.ts";
import { openKafkaAppender } from "../main.ts";
import { readInputs, resumeHint, type IngestOptions, type Sink } from "./ingest.ts";
import type { Input } from "./inputs.ts";
import { counted, note, print, printJson } from "./output.ts";
import { createProgress } from "./progress.ts";
import { usage } from "./refusal.ts";
import { onInterruption } from "./signals.ts";

type ToKafka = {
  readonly config: Config;
  readonly topic: string;
  readonly inputs: readonly Input[];
  readonly fromLine: number;
  readonly options: IngestOptions;
};

const NO_HEADERS: readonly [] = [];

/** `sigma ingest --to kafka`: appends each line to the topic, durable on every in-sync replica; a gateway decides them. */
export async function ingestToKafka({ config, topic, inputs, fromLine, options }: ToKafka): Promise<void> {
  if (config.kafka === null) {
    throw usage("SIG-I-013", "Cannot append to Kafka: no broker is configured", "set KAFKA_BROKERS or kafka.brokers");
  }
  const interruption = onInterruption(config.shutdownDeadlineMs);
  const appender = await openKafkaAppender(config.kafka);
  const progress = createProgress(options.quiet ? "none" : options.json ? "json" : "text");
  let appended = 0;
  const sink: Sink = {
    add: async ({ lines }: LineBatch) => {
      const records = lines.map((value) => ({ key: null, headers: NO_HEADERS, value, partition: null }));
      appended += (await appender.append(topic, records)).length;
    },
    settle: async () => undefined,
    count: () => appended,
    failed: () => 0,
  };
  try {
    const stop = await readInputs({ inputs, fromLine, config, topic, options }, sink, progress, interruption.signal);
    progress.end();
    if (options.json) printJson({ kind: "appended", topic, records: appended });
    else print(`${counted(appended, "record")} appended to ${topic}; a gateway decides them`);
    if (stop !== null) note(resumeHint(stop));
    process.exitCode = interruption.exitCode() ?? EXIT.ok;
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
