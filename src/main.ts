import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import { isLoopback, type Config } from "./config.ts";
import type { ConfigFault } from "./config/settings.ts";
import type { Fault } from "./contract/fault.ts";
import type { ContractsInForce } from "./contract/in-force.ts";
import type { Check } from "./core/check.ts";
import type { CompiledContractSet } from "./core/compile.ts";
import type { ContractSet } from "./core/contract-set.ts";
import type { Observe } from "./gateway/event.ts";
import type { Gateway } from "./gateway/gateway.ts";
import { kafkaConnection } from "./config/kafka-connection.ts";
import type { KafkaConfig } from "./config/engines.ts";
import type { Appender } from "./source/kafka/append.ts";
import type { Mirror } from "./gateway/mirror.ts";
import type { Shadow } from "./shadow/shadow.ts";
import type { Log, Source } from "./source/source.ts";
import type { Store } from "./store/store.ts";

// The composition root: the only file that names adapters. Everything heavy is imported when it is first needed, so that
// commands which need none of it start fast.

/** How long a statement waits for another process's lock; the event loop waits with it. */
const BUSY_TIMEOUT_MS = 500;
/** How long a fetch waits for a record; an append in this process ends it at once. */
const FETCH_WAIT_MS = 500;
/** How long to look for a primary, and how long an exchange may take, before the gateway pauses and tries again. */
const MONGODB_TIMEOUTS = { selectionTimeoutMs: 5_000, socketTimeoutMs: 30_000 } as const;

export type ContractsResult =
  | { readonly ok: true; readonly set: CompiledContractSet }
  | { readonly ok: false; readonly faults: readonly (Fault | ConfigFault)[] };

/** The contract set in force: files without a fault, nothing frozen changed, every source bound to a contract that exists. */
export async function loadContractSet(config: Config): Promise<ContractsResult> {
  const { loadFrozenContracts } = await import("./contract/commands.ts");
  const { toContractSet } = await import("./contract/files.ts");
  const loaded = loadFrozenContracts(config.contractsDir);
  if (!loaded.ok) return loaded;
  const { checkSources } = await import("./config/sources.ts");
  const { checkShadow } = await import("./config/shadow.ts");
  const faults = [...checkSources(config.sources, loaded.contracts), ...checkShadow(config.shadow, loaded.contracts)];
  if (faults.length > 0) return { ok: false, faults };
  const { compileContractSet } = await import("./core/compile.ts");
  return { ok: true, set: compileContractSet(toContractSet(loaded.contracts, config.sources, config.limits)) };
}

/** A log and a store: embedded in the data directory, or Kafka and MongoDB where the configuration names them. */
export type Engine = {
  readonly log: Source & Log;
  readonly store: Store;
  readonly close: () => Promise<void>;
};

/**
 * What an engine is opened for: to write as a member of the group, only to look, which changes nothing, or to act on
 * streams beside a gateway that runs.
 */
export type Purpose = "gateway" | "look" | "operate";

/** @throws `Unavailable` when the log or the store cannot be opened. */
export async function openEngine(config: Config, collections: readonly string[], purpose: Purpose): Promise<Engine> {
  const log = await (config.kafka === null ? openEmbedded(config, purpose) : openKafka(config, config.kafka, purpose));
  try {
    const store = await openStore(config, collections, purpose);
    return { log, store, close: async () => void (await Promise.all([store.close(), log.close()])) };
  } catch (error) {
    await log.close();
    throw error;
  }
}

async function openEmbedded(config: Config, purpose: Purpose): Promise<Source & Log> {
  const { openEmbeddedLog } = await import("./source/embedded/log.ts");
  return openEmbeddedLog({
    path: dataFiles(config).logFile,
    readOnly: purpose !== "gateway",
    topics: config.sources.map(({ topic, partitions }) => ({ name: topic, partitions })),
    now: Date.now,
    randomBytes,
    busyTimeoutMs: BUSY_TIMEOUT_MS,
  });
}

async function openKafka(config: Config, kafka: KafkaConfig, purpose: Purpose): Promise<Source & Log> {
  const { openKafkaSource } = await import("./source/kafka/source.ts");
  const { group: groupId, instanceId, sessionTimeoutMs } = kafka;
  return openKafkaSource({
    connection: kafkaConnection(kafka),
    topics: config.sources.map(({ topic }) => topic),
    alsoNeeded: purpose === "gateway" ? await mirrorTopics(config, kafka) : [],
    group: purpose !== "gateway" ? null : { groupId, instanceId, sessionTimeoutMs },
    acceptCompacted: purpose !== "gateway" ? config.sources.map(({ topic }) => topic) : kafka.acceptCompacted,
    fetchWaitMs: FETCH_WAIT_MS,
  });
}

async function mirrorTopics({ sources }: Config, { mirror }: KafkaConfig): Promise<readonly string[]> {
  const { MIRROR_TOPICS } = await import("./gateway/mirror.ts");
  const names = sources.map(({ topic }) => topic);
  const failed = mirror === "off" ? [] : names.map(MIRROR_TOPICS.failed);
  return mirror === "all" ? [...failed, ...names.map(MIRROR_TOPICS.validated)] : failed;
}

/** Appends to Kafka without reading from it. */
export async function openKafkaAppender(kafka: KafkaConfig): Promise<Appender> {
  const { createAppender } = await import("./source/kafka/append.ts");
  return createAppender(kafkaConnection(kafka));
}

/** What `sigma doctor` has to know of Kafka and of MongoDB, as far as they are configured. Nothing is changed. */
export async function checkEngines(config: Config, collections: readonly string[]): Promise<readonly Check[]> {
  const { kafka, mongodbUri, sources } = config;
  const checks: Check[] = [];
  if (kafka !== null) {
    const { diagnoseKafka } = await import("./source/kafka/diagnose.ts");
    const { group, acceptCompacted } = kafka;
    const topics = sources.map(({ topic }) => topic);
    const mirrors = await mirrorTopics(config, kafka);
    const connection = kafkaConnection(kafka);
    checks.push(...(await diagnoseKafka({ connection, topics, mirrors, group, acceptCompacted, now: Date.now })));
  }
  if (mongodbUri !== null) {
    const { diagnoseMongo } = await import("./store/mongodb/diagnose.ts");
    checks.push(...(await diagnoseMongo({ uri: mongodbUri, ...MONGODB_TIMEOUTS, collections, now: Date.now })));
  }
  return checks;
}

async function openStore(config: Config, collections: readonly string[], purpose: Purpose): Promise<Store> {
  const readOnly = purpose === "look";
  if (config.mongodbUri !== null) {
    const { openMongoStore } = await import("./store/mongodb/store.ts");
    return openMongoStore({ uri: config.mongodbUri, collections, readOnly, ...MONGODB_TIMEOUTS });
  }
  const { openSqliteStore } = await import("./store/sqlite/store.ts");
  return openSqliteStore({
    path: dataFiles(config).storeFile,
    readOnly,
    collections,
    busyTimeoutMs: BUSY_TIMEOUT_MS,
  });
}

/** The store alone, to look: what was decided can be read while the log cannot. @throws `Unavailable`. */
export async function openHistory(config: Config): Promise<Store> {
  return openStore(config, [], "look");
}

/** Where a data directory keeps its files. */
function dataFiles({ dataDir }: Pick<Config, "dataDir">): {
  readonly logFile: string;
  readonly storeFile: string;
} {
  return { logFile: join(dataDir, "log.db"), storeFile: join(dataDir, "store.db") };
}

/** Whether a gateway has ever run on the data directory. */
export function hasData(config: Config): boolean {
  const { logFile, storeFile } = dataFiles(config);
  return (config.kafka !== null || existsSync(logFile)) && (config.mongodbUri !== null || existsSync(storeFile));
}

/** An engine with a gateway that settles what is appended to it. */
export type Pipeline = Engine & {
  readonly contracts: ContractsInForce;
  readonly gateway: Gateway;
  /** Null when no version looks on. */
  readonly shadow: Shadow | null;
  readonly stop: () => Promise<void>;
};

/** Opens the data directory and starts deciding. `stop` finishes the batches in flight and closes the files. */
export async function startPipeline(config: Config, first: CompiledContractSet, observe: Observe): Promise<Pipeline> {
  const collections = [...new Set([...first.bySubject.values()].map(({ collection }) => collection))];
  const engine = await openEngine(config, collections, "gateway");
  try {
    const { startGateway } = await import("./gateway/gateway.ts");
    const { holdContracts } = await import("./contract/in-force.ts");
    const contracts = holdContracts(first);
    const shadow = await openShadows(config, first);
    const gateway = await startGateway({
      source: engine.log,
      store: engine.store,
      contracts: contracts.current,
      limits: { ...config.batch, waitMs: FETCH_WAIT_MS },
      breaker: config.breaker,
      ...(await mirrorOf(config, engine.log)),
      ...(shadow === null ? {} : { shadow: shadow.offer }),
      observe,
      sleep,
      random: Math.random,
    });
    const stop = async (): Promise<void> => {
      try {
        await gateway.stop();
      } finally {
        await shadow?.close();
        await engine.close();
      }
    };
    return { ...engine, contracts, gateway, shadow, stop };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** The versions that are to look on, if there are any: nothing of it is loaded without. */
async function openShadows({ shadow }: Config, { text }: CompiledContractSet): Promise<Shadow | null> {
  if (shadow.length === 0) return null;
  const { openShadow } = await import("./shadow/shadow.ts");
  const { SHADOW_LIMITS } = await import("./shadow/thread.ts");
  return openShadow(shadow, JSON.parse(text) as ContractSet, SHADOW_LIMITS);
}

/** The mirror that the configuration asks for; its topics must be there, or the gateway would stand still at its first record. */
async function mirrorOf(config: Config, log: Log): Promise<{ readonly mirror?: Mirror }> {
  const wanted = config.kafka?.mirror ?? "off";
  if (wanted === "off") return {};
  const { failedRecord, MIRROR_TOPICS, validatedRecord } = await import("./gateway/mirror.ts");
  return {
    mirror: async (topic, facts, failed) => {
      if (failed.length > 0) await log.append(MIRROR_TOPICS.failed(topic), failed.map(failedRecord));
      if (wanted === "all" && facts.length > 0) {
        await log.append(MIRROR_TOPICS.validated(topic), facts.map(validatedRecord));
      }
    },
  };
}

/** A pipeline behind an HTTP server. `url` is where it listens. `stop`: accept nothing more, answer, settle, close. */
export type Service = { readonly url: string; readonly pipeline: Pipeline; readonly stop: () => Promise<void> };

/** @throws the system's error when the address cannot be listened on. */
export async function startService(
  config: Config,
  contracts: CompiledContractSet,
  logger: Logger,
  version: string,
): Promise<Service> {
  const { logEvents } = await import("./observe/log.ts");
  const { createHttpServer } = await import("./http/server.ts");
  const pipeline = await startPipeline(config, contracts, logEvents(logger));
  try {
    const { log, store, gateway, shadow, contracts: inForce } = pipeline;
    const reporting = await reportShadow(shadow, logger);
    const http = await createHttpServer({
      log,
      source: log,
      reads: store.reads,
      gateway,
      contracts: inForce.current,
      ...(shadow === null ? {} : { shadow: shadow.snapshot }),
      now: Date.now,
      logger,
      version,
      anyHost: !isLoopback(config.http.host),
    });
    const url = await http.listen({ host: config.http.host, port: config.http.port });
    const stop = async (): Promise<void> => {
      try {
        clearInterval(reporting);
        await http.close();
      } finally {
        await pipeline.stop();
      }
    };
    return { url, pipeline, stop };
  } catch (error) {
    await pipeline.stop();
    throw error;
  }
}

const SHADOW_LOG_EVERY_MS = 60_000;

async function reportShadow(shadow: Shadow | null, logger: Logger): Promise<NodeJS.Timeout | undefined> {
  if (shadow === null) return undefined;
  const { logShadow } = await import("./observe/shadow.ts");
  return setInterval(() => logShadow(logger, shadow.snapshot()), SHADOW_LOG_EVERY_MS).unref();
}

/** A logger to standard error as the configuration wants it. */
export async function openLogger({ log }: Config): Promise<Logger> {
  const { createLogger } = await import("./observe/log.ts");
  const format = log.format === "auto" ? (process.stderr.isTTY ? "pretty" : "json") : log.format;
  return createLogger({ level: log.level, format, destination: process.stderr });
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  // It only ever rejects because the signal aborted, which is one way to be done.
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
