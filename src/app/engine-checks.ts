import type { Config } from "../config/config.ts";
import type { KafkaConfig } from "../config/kafka-config.ts";
import { readKafkaCredentials } from "../config/kafka-credentials.ts";
import type { CompiledContractSet } from "../core/compiled.ts";
import type { ContractSet } from "../core/contract-set.ts";
import type { Check } from "../doctor/check.ts";
import { parseJson } from "../json/parse-json.ts";
import type { KafkaDiagnosis } from "../source/kafka/diagnose.ts";
import { decidingGroup, notifiedTopics } from "./logs.ts";
import { routesHere } from "./roles.ts";
import { routerGroup } from "./routing.ts";
import { MONGODB_TIMEOUTS } from "./stores.ts";

/** Checks Kafka, MongoDB, the schema registry and the language model for `sigma doctor`, as far as they are configured. Changes nothing. */
export async function checkEngines(config: Config, set: CompiledContractSet | null): Promise<readonly Check[]> {
  const { kafka, mongodbUri, registry } = config;
  const collections = new Set(set === null ? [] : [...set.bySubject.values()].map(({ collection }) => collection));
  const checks: Check[] = [];
  if (kafka !== null) {
    const { diagnoseKafka } = await import("../source/kafka/diagnose.ts");
    const { acceptCompacted } = kafka;
    const connection = readKafkaCredentials(kafka);
    const anchors = config.anchor.topic;
    const used = await usedOf(config, kafka);
    checks.push(...(await diagnoseKafka({ connection, ...used, anchors, acceptCompacted, now: Date.now })));
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

/** The topics and groups that a process of this role uses. A router reads the sources of lanes, and appends to the lanes. */
async function usedOf(
  config: Config,
  kafka: KafkaConfig,
): Promise<Pick<KafkaDiagnosis, "topics" | "appendOnly" | "groups">> {
  const { role } = config.process;
  const routed = config.routes.map(({ source }) => source.topic);
  const routerGroups = config.routes.length > 0 && routesHere(config) ? [routerGroup(kafka)] : [];
  if (role === "router") {
    const lanes = config.routes.flatMap((route) => route.lanes.map(({ topic }) => topic));
    return { topics: routed, appendOnly: lanes, groups: routerGroups };
  }
  const decided = config.sources.map(({ topic }) => topic);
  return {
    topics: role === "worker" ? decided : [...routed, ...decided],
    appendOnly: await notifiedTopics(config, kafka),
    groups: [decidingGroup(config, kafka), ...routerGroups],
  };
}

/** How long a server of language models may take to say what it has. */
const MODEL_TIMEOUT_MS = 5_000;

async function checkModel({ diagnosis: { url, model, token } }: Config): Promise<readonly Check[]> {
  if (url === null) return [];
  const { checkOllama } = await import("../diagnosis/check-ollama.ts");
  return checkOllama({ url, model, token, timeoutMs: MODEL_TIMEOUT_MS });
}
