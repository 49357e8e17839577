import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "./config.ts";
import type { ConfigFault } from "./config/settings.ts";
import type { Fault } from "./contract/fault.ts";
import type { Contracts } from "./contract/in-force.ts";
import type { Check } from "./core/check.ts";
import type { CompiledContractSet } from "./core/compile.ts";
import type { ContractSet } from "./core/contract-set.ts";
import { kafkaConnection } from "./config/kafka-connection.ts";
import type { KafkaConfig } from "./config/engines.ts";
import type { Appender } from "./source/kafka/append.ts";
import type { FileName, Manifest } from "./backup/manifest.ts";
import type { IntegrityCheck } from "./sqlite/integrity.ts";
import type { FileKind } from "./sqlite/open.ts";
import type { Log, Source } from "./source/source.ts";
import type { Store } from "./store/store.ts";
import { parseJson } from "./json/parse-json.ts";

// The composition root: the only file that names adapters. Everything heavy is imported when it is first needed, so that
// commands which need none of it start fast.

/** How long a statement waits for another process's lock; the event loop waits with it. */
const BUSY_TIMEOUT_MS = 500;
/** How long a fetch waits for a record; an append in this process ends it at once. */
export const FETCH_WAIT_MS = 500;
/** How long to look for a primary, and how long an exchange may take, before the gateway pauses and tries again. */
const MONGODB_TIMEOUTS = { selectionTimeoutMs: 5_000, socketTimeoutMs: 30_000 } as const;

/**
 * What a gateway starts with. `stale`: why the copy of a directory on the web could not be brought up to date. `seen`: the state of
 * the files, before they were read.
 */
export type LoadedContracts = Contracts & { readonly stale: string | null; readonly seen: string };

export type ContractsResult =
  | ({ readonly ok: true } & LoadedContracts)
  | { readonly ok: false; readonly faults: readonly (Fault | ConfigFault)[] };

/** The contract set in force: files without a fault, nothing frozen changed, every source bound to a contract that exists. */
export async function loadContractSet(config: Config): Promise<ContractsResult> {
  const stale = await copyContracts(config);
  const { signatureOf } = await import("./config/signature.ts");
  const seen = await signatureOf(config.contractsDir);
  const { readContractSet } = await import("./config/load-contracts.ts");
  const read = readContractSet(config);
  if (!read.ok) return read;
  const { compileContractSet } = await import("./core/compile.ts");
  const set = compileContractSet(read.sealed);
  return { ok: true, set, about: read.about, stale, seen };
}

/**
 * Brings the copy of a contracts directory on the web up to date before there is anything to decide; nothing without one.
 * @returns why it could not; null when it could.
 * @throws `Unavailable` when it could not and there is no copy.
 */
async function copyContracts({ contractsUrl: url, contractsDir: directory }: Config): Promise<string | null> {
  if (url === null) return null;
  const { FILE_TIMEOUT_MS, refreshSnapshot } = await import("./contract/http-directory.ts");
  const refreshed = await refreshSnapshot({ url, directory, timeoutMs: FILE_TIMEOUT_MS });
  if (refreshed.kind !== "unavailable") return null;
  if (refreshed.there) return refreshed.why;
  const { Unavailable } = await import("./core/unavailable.ts");
  throw new Unavailable(
    "CONTRACTS_UNREACHABLE",
    refreshed.why,
    "there is no earlier copy to go on with: check contracts.url",
  );
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
    readOnly: purpose === "look",
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
    alsoNeeded: purpose === "gateway" ? await toldTopics(config, kafka) : [],
    group: purpose !== "gateway" ? null : { groupId, instanceId, sessionTimeoutMs },
    acceptCompacted: purpose !== "gateway" ? config.sources.map(({ topic }) => topic) : kafka.acceptCompacted,
    fetchWaitMs: FETCH_WAIT_MS,
  });
}

/** The topics that are written to besides the sources. */
async function toldTopics({ sources }: Config, { mirror, advisoryTopic }: KafkaConfig): Promise<readonly string[]> {
  const { MIRROR_TOPICS } = await import("./gateway/mirror.ts");
  const names = sources.map(({ topic }) => topic);
  const failed = mirror === "off" ? [] : names.map(MIRROR_TOPICS.failed);
  const validated = mirror === "all" ? names.map(MIRROR_TOPICS.validated) : [];
  return [...failed, ...validated, ...(advisoryTopic === null ? [] : [advisoryTopic])];
}

/** Appends to Kafka without reading from it. */
export async function openKafkaAppender(kafka: KafkaConfig): Promise<Appender> {
  const { createAppender } = await import("./source/kafka/append.ts");
  return createAppender(kafkaConnection(kafka));
}

/** What `sigma doctor` has to know of Kafka, MongoDB and a schema registry, as far as they are configured. Nothing is changed. */
export async function checkEngines(config: Config, set: CompiledContractSet | null): Promise<readonly Check[]> {
  const { kafka, mongodbUri, registry, sources } = config;
  const collections = set === null ? [] : [...set.bySubject.values()].map(({ collection }) => collection);
  const checks: Check[] = [];
  if (kafka !== null) {
    const { diagnoseKafka } = await import("./source/kafka/diagnose.ts");
    const { group, acceptCompacted } = kafka;
    const topics = sources.map(({ topic }) => topic);
    const told = await toldTopics(config, kafka);
    const connection = kafkaConnection(kafka);
    checks.push(...(await diagnoseKafka({ connection, topics, told, group, acceptCompacted, now: Date.now })));
  }
  if (registry !== null && set !== null) {
    const { diagnoseRegistry } = await import("./registry/diagnose.ts");
    checks.push(...(await diagnoseRegistry(registry, parseJson(set.text) as ContractSet)));
  }
  if (mongodbUri !== null) {
    const { diagnoseMongo } = await import("./store/mongodb/diagnose.ts");
    checks.push(
      ...(await diagnoseMongo({
        uri: mongodbUri,
        ...MONGODB_TIMEOUTS,
        collections: [...new Set(collections)],
        now: Date.now,
      })),
    );
  }
  return checks;
}

/** The store alone, for commands that need no log. @throws `Unavailable` when it cannot be opened. */
export async function openStoreFor(config: Config, purpose: Exclude<Purpose, "gateway">): Promise<Store> {
  return openStore(config, [], purpose);
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

/** Whether there is anything to look at; a store in MongoDB has to be asked. */
export function hasData(config: Config): boolean {
  const { logFile, storeFile } = dataFiles(config);
  return config.mongodbUri !== null || existsSync(storeFile) || (config.kafka === null && existsSync(logFile));
}

/** A store, and its log where there is one: null when the file of an embedded log is missing, at `logFile`. */
export type Look = Omit<Engine, "log"> & { readonly log: (Source & Log) | null; readonly logFile: string };

/** Opens what is there, to look. @throws `Unavailable`. */
export async function openToLook(config: Config): Promise<Look> {
  const { logFile } = dataFiles(config);
  if (config.kafka !== null || existsSync(logFile)) return { ...(await openEngine(config, [], "look")), logFile };
  const store = await openHistory(config);
  return { log: null, logFile, store, close: store.close };
}

/** Offsets that a restored log gives to nobody, and for each millisecond since the backup: more than can have been appended. */
const SKIPPED = { atLeast: 1_000_000n, perMs: 1_000n } as const;

/** Lets the log of a data directory go on behind positions that may have been given to records it lacks. */
export async function skipPositions(
  dataDir: string,
  { streams, madeAt }: Pick<Manifest, "streams" | "madeAt">,
): Promise<void> {
  if (streams.length === 0) return;
  const passedMs = Date.now() - Date.parse(madeAt);
  const skipped = SKIPPED.atLeast + (passedMs > 0 ? BigInt(passedMs) * SKIPPED.perMs : 0n);
  const { openEmbeddedLog } = await import("./source/embedded/log.ts");
  const names = [...new Set(streams.map(({ topic }) => topic))];
  const log = openEmbeddedLog({
    path: dataFiles({ dataDir }).logFile,
    // As many partitions as the file has.
    topics: names.map((name) => ({ name, partitions: 1 })),
    now: Date.now,
    randomBytes,
    busyTimeoutMs: BUSY_TIMEOUT_MS,
  });
  try {
    for (const stream of await log.streams()) await log.skipTo(stream, (await log.bounds(stream)).end + skipped);
  } finally {
    await log.close();
  }
}

/** What the files of a data directory are. */
export async function fileKinds(): Promise<Readonly<Record<FileName, FileKind>>> {
  const { LOG_FILE } = await import("./source/embedded/layout.ts");
  const { STORE_FILE } = await import("./store/sqlite/layout.ts");
  return { "log.db": LOG_FILE, "store.db": STORE_FILE };
}

/** Has the file of an embedded store checked while the gateway starts. */
export async function checkFiles(config: Config): Promise<IntegrityCheck> {
  if (config.mongodbUri !== null) return { damage: Promise.resolve(null), stop: async () => undefined };
  const { startIntegrityCheck } = await import("./sqlite/integrity.ts");
  const { STORE_FILE } = await import("./store/sqlite/layout.ts");
  return startIntegrityCheck(STORE_FILE, dataFiles(config).storeFile);
}
