import type { Command } from "commander";
import type { Config } from "../../../config/config.ts";
import { nearestName } from "../../../json/nearest.ts";
import { requireContracts } from "../contracts.ts";
import type { Reading } from "./ingest-reading.ts";
import { openInputs } from "../../input/inputs.ts";
import { readKey, readProducer } from "./new-records.ts";
import { usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";
import type { IngestOptions } from "./ingest-options.ts";

/**
 * `sigma ingest`: sends records of files or standard input through the whole pipeline in this process, to a gateway, or
 * to Kafka.
 */
export async function ingest(command: Command, files: readonly string[], options: IngestOptions): Promise<void> {
  const config = await configFor(command);
  const fromLine = readFromLine(options.fromLine);
  readKey(options.key);
  readProducer(options.producer);
  const topic = options.topic ?? config.sources[0]?.topic ?? "";
  const read = (): Reading => ({ config, topic, inputs: openInputs(files), fromLine, options });
  if (options.to === "kafka" || (options.to === undefined && config.kafka !== null)) {
    requireTopic(config, topic);
    const { ingestToKafka } = await import("./ingest-kafka.ts");
    return ingestToKafka(read());
  }
  if (options.to !== undefined) {
    const reading = read();
    const { ingestRemotely } = await import("./ingest-remote.ts");
    return ingestRemotely(reading, options.to);
  }
  requireTopic(config, topic);
  const contracts = await requireContracts(config);
  const reading = read();
  const { ingestHere } = await import("./ingest-here.ts");
  await ingestHere(reading, contracts);
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
