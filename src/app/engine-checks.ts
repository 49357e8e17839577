import type { Config } from "../config/config.ts";
import { readKafkaCredentials } from "../config/kafka-credentials.ts";
import type { CompiledContractSet } from "../core/compiled.ts";
import type { ContractSet } from "../core/contract-set.ts";
import type { Check } from "../doctor/check.ts";
import { parseJson } from "../json/parse-json.ts";
import { notifiedTopics } from "./logs.ts";
import { MONGODB_TIMEOUTS } from "./stores.ts";

/** Checks Kafka, MongoDB, the schema registry and the language model for `sigma doctor`, as far as they are configured. Changes nothing. */
export async function checkEngines(config: Config, set: CompiledContractSet | null): Promise<readonly Check[]> {
  const { kafka, mongodbUri, registry, sources } = config;
  const collections = new Set(set === null ? [] : [...set.bySubject.values()].map(({ collection }) => collection));
  const checks: Check[] = [];
  if (kafka !== null) {
    const { diagnoseKafka } = await import("../source/kafka/diagnose.ts");
    const { group, acceptCompacted } = kafka;
    const topics = sources.map(({ topic }) => topic);
    const appendOnly = await notifiedTopics(config, kafka);
    const connection = readKafkaCredentials(kafka);
    const anchors = config.anchor.topic;
    checks.push(
      ...(await diagnoseKafka({ connection, topics, appendOnly, anchors, group, acceptCompacted, now: Date.now })),
    );
  }
  if (registry !== null && set !== null) {
    const { diagnoseRegistry } = await import("../registry/diagnose.ts");
    checks.push(...(await diagnoseRegistry(registry, parseJson(set.text) as ContractSet)));
  }
  if (mongodbUri !== null) {
    const { diagnoseMongo } = await import("../store/mongodb/diagnose.ts");
    const options = { uri: mongodbUri, ...MONGODB_TIMEOUTS, collections: [...collections], now: Date.now };
    checks.push(...(await diagnoseMongo(options)));
  }
  checks.push(...(await checkModel(config)));
  return checks;
}

/** How long a server of language models may take to say what it has. */
const MODEL_TIMEOUT_MS = 5_000;

async function checkModel({ diagnosis: { url, model, token } }: Config): Promise<readonly Check[]> {
  if (url === null) return [];
  const { checkOllama } = await import("../diagnosis/check-ollama.ts");
  return checkOllama({ url, model, token, timeoutMs: MODEL_TIMEOUT_MS });
}
