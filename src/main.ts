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
import type { Erasing } from "./erase/erase.ts";
import type { EmbeddedLog } from "./source/embedded/log.ts";
import type { Appender } from "./source/kafka/append.ts";
import type { FileName, Manifest } from "./backup/manifest.ts";
import type { IntegrityCheck } from "./sqlite/integrity.ts";
import type { FileKind } from "./sqlite/open.ts";
import type { Log, Source } from "./source/source.ts";
import { LAYOUT } from "./store/layout-version.ts";
import type { LogAtHand } from "./store/migrations/loss.ts";
import type { Migration } from "./store/migrations/migration.ts";
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

/** Reads a topic that is no source, whatever its clean-up. @throws `Unavailable`. */
export async function openTopic(kafka: KafkaConfig, topic: string): Promise<Source> {
  const { openKafkaSource } = await import("./source/kafka/source.ts");
  const connection = kafkaConnection(kafka);
  return openKafkaSource({
    connection,
    topics: [topic],
    group: null,
    acceptCompacted: [topic],
    fetchWaitMs: FETCH_WAIT_MS,
  });
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
  return withStore(log, config, collections, purpose);
}

/** A log that is open, and the store beside it. The log is closed when that cannot be opened. */
async function withStore<At extends Pick<Source, "close"> | null>(
  log: At,
  ...[config, collections, purpose]: Parameters<typeof openEngine>
): Promise<{ readonly log: At; readonly store: Store; readonly close: () => Promise<void> }> {
  try {
    const store = await openStore(config, collections, purpose);
    return { log, store, close: async () => void (await Promise.all([store.close(), log?.close()])) };
  } catch (error) {
    await log?.close();
    throw error;
  }
}

async function openEmbedded(config: Config, purpose: Purpose): Promise<Source & Log> {
  if (purpose !== "look") await refuseHalfRestored(config);
  return embeddedLog(config, { readOnly: purpose === "look" });
}

/** @param how `all`: also what is no source now, and may have been one. */
async function embeddedLog(
  { dataDir, sources }: Pick<Config, "dataDir"> & { readonly sources: readonly SourceTopic[] },
  how: { readonly readOnly?: boolean; readonly all?: boolean },
): Promise<EmbeddedLog> {
  const { openEmbeddedLog } = await import("./source/embedded/log.ts");
  const topics = sources.map(({ topic, partitions }) => ({ name: topic, partitions }));
  const path = dataFiles({ dataDir }).logFile;
  return openEmbeddedLog({ path, ...how, topics, now: Date.now, randomBytes, busyTimeoutMs: BUSY_TIMEOUT_MS });
}

/** A store to erase records of, and the log beside it where it is the gateway's own. @throws `Unavailable`. */
export async function openErasing(config: Config, past: readonly string[]): Promise<Erasing & Pick<Store, "close">> {
  await refuseHalfRestored(config);
  const isOwn = config.kafka === null && existsSync(dataFiles(config).logFile);
  return withStore(isOwn ? await embeddedLog(config, { all: true }) : null, config, past, "operate");
}

/** What a restore made ready and did not put in its place; none where the log is there. */
async function refuseHalfRestored(config: Config): Promise<void> {
  const { logFile } = dataFiles(config);
  if (existsSync(logFile) || (await foldersOfRestores(config)).length === 0) return;
  const { Unavailable } = await import("./core/unavailable.ts");
  throw new Unavailable(
    "LOG_RESTORING",
    `Cannot use log "${logFile}": a restore into its directory was broken off before it was there, or goes on`,
    "run `sigma restore` again, with the same options; what was there before is in the folder that begins with before-",
  );
}

/** Folders of restores in the data directory that were broken off or go on. */
export async function foldersOfRestores({ dataDir }: Pick<Config, "dataDir">): Promise<readonly string[]> {
  const { RESTORING } = await import("./backup/restore.ts");
  const { workFolders } = await import("./backup/work-folder.ts");
  return workFolders(join(dataDir, RESTORING));
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
  const collections = new Set(set === null ? [] : [...set.bySubject.values()].map(({ collection }) => collection));
  const checks: Check[] = [];
  if (kafka !== null) {
    const { diagnoseKafka } = await import("./source/kafka/diagnose.ts");
    const { group, acceptCompacted } = kafka;
    const topics = sources.map(({ topic }) => topic);
    const told = await toldTopics(config, kafka);
    const connection = kafkaConnection(kafka);
    const anchors = config.anchor.topic;
    checks.push(...(await diagnoseKafka({ connection, topics, told, anchors, group, acceptCompacted, now: Date.now })));
  }
  if (registry !== null && set !== null) {
    const { diagnoseRegistry } = await import("./registry/diagnose.ts");
    checks.push(...(await diagnoseRegistry(registry, parseJson(set.text) as ContractSet)));
  }
  if (mongodbUri !== null) {
    const { diagnoseMongo } = await import("./store/mongodb/diagnose.ts");
    const options = { uri: mongodbUri, ...MONGODB_TIMEOUTS, collections: [...collections], now: Date.now };
    checks.push(...(await diagnoseMongo(options)));
  }
  return checks;
}

/** What of a configuration says where the store is. */
type Where = Pick<Config, "dataDir" | "mongodbUri">;

/** The store alone, for commands that need no log. @throws `Unavailable` when it cannot be opened. */
export async function openStoreFor(
  config: Config,
  purpose: Exclude<Purpose, "gateway">,
  collections: readonly string[] = [],
): Promise<Store> {
  return openStore(config, collections, purpose);
}

async function openStore(config: Where, collections: readonly string[], purpose: Purpose): Promise<Store> {
  const readOnly = purpose === "look";
  if (config.mongodbUri !== null) {
    const { openMongoStore } = await import("./store/mongodb/store.ts");
    return openMongoStore({ uri: config.mongodbUri, collections, readOnly, ...MONGODB_TIMEOUTS });
  }
  const { openSqliteStore, openSqliteStoreInThread } = await import("./store/sqlite/store.ts");
  const options = { path: dataFiles(config).storeFile, readOnly, collections, busyTimeoutMs: BUSY_TIMEOUT_MS };
  return purpose === "gateway" ? openSqliteStoreInThread(options) : openSqliteStore(options);
}

/** The store alone, to look: what was decided can be read while the log cannot. @throws `Unavailable`. */
export async function openHistory(config: Where): Promise<Store> {
  return openStore(config, [], "look");
}

/** A store of whatever layout of ours, and what leads on from the older ones. */
export type Migrating = {
  /** The layout that it has; null when nothing of ours is there yet. */
  readonly found: () => Promise<number | null>;
  readonly migrations: readonly Migration[];
  readonly close: () => Promise<void>;
};

/**
 * @param othersElsewhere the operator's word that whoever is connected to MongoDB works on other databases.
 * @throws `Unavailable` when the store cannot be opened, is newer or is not ours.
 */
export async function openToMigrate(config: Where, othersElsewhere: boolean): Promise<Migrating> {
  if (config.mongodbUri !== null) {
    const { openMongoToMigrate } = await import("./store/mongodb/migrating.ts");
    const { fromLayout1 } = await import("./store/migrations/from-1-mongodb.ts");
    const opened = await openMongoToMigrate({ uri: config.mongodbUri, ...MONGODB_TIMEOUTS });
    const { found, close, guarded } = opened;
    const { from, to, plan, up } = fromLayout1({ ...opened.target, othersElsewhere });
    const translated: Migration = {
      from,
      to,
      plan: async () => guarded(plan),
      up: async (...args) => guarded(async () => up(...args)),
    };
    return { found, migrations: [translated], close };
  }
  const { readLayout } = await import("./sqlite/open.ts");
  const { STORE_FILE } = await import("./store/sqlite/layout.ts");
  const { openSqliteStore } = await import("./store/sqlite/store.ts");
  const { fromLayout1 } = await import("./store/migrations/from-1-sqlite.ts");
  const busyTimeoutMs = BUSY_TIMEOUT_MS;
  const path = dataFiles(config).storeFile;
  const migration = fromLayout1({
    kind: STORE_FILE,
    path,
    busyTimeoutMs,
    make: (file, collections) => openSqliteStore({ path: file, collections, busyTimeoutMs }),
  });
  const found = async (): Promise<number | null> => {
    const layout = readLayout(STORE_FILE, path, busyTimeoutMs);
    // What opening has against it is said in its words: a newer one, or two in one.
    if (layout !== null && layout >= LAYOUT)
      await openHistory({ ...config, mongodbUri: null }).then((store) => store.close());
    return layout;
  };
  return { found, migrations: [migration], close: async () => undefined };
}

/** The log alone, to compare a store with; null when the file of an embedded log is missing. @throws `Unavailable`. */
export async function openLogAtHand(config: Config): Promise<(LogAtHand & Pick<Source, "close">) | null> {
  if (config.kafka === null) {
    await refuseHalfRestored(config);
    if (!existsSync(dataFiles(config).logFile)) return null;
    return { ...(await openEmbedded(config, "look")), compacted: [] };
  }
  const { compactedTopics } = await import("./source/kafka/topics.ts");
  const topics = config.sources.map(({ topic }) => topic);
  const log = await openKafka(config, config.kafka, "look");
  return { ...log, compacted: await compactedTopics(kafkaConnection(config.kafka), topics) };
}

/** The layout of the store's file in a directory; null when there is none. @throws `Unavailable` when it is not ours. */
export async function layoutIn(directory: string): Promise<number | null> {
  const { readLayout } = await import("./sqlite/open.ts");
  const { STORE_FILE } = await import("./store/sqlite/layout.ts");
  return readLayout(STORE_FILE, dataFiles({ dataDir: directory }).storeFile, BUSY_TIMEOUT_MS);
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

type SourceTopic = Pick<Config["sources"][number], "topic" | "partitions">;

/** Offsets that a restored log gives to nobody, and for each millisecond since the backup: more than can have been appended. */
const SKIPPED = { atLeast: 1_000_000n, perMs: 1_000n } as const;

/** Lets the log of a data directory go on behind positions that may have been given to records it lacks. */
export async function skipPositions(
  { dataDir, sources }: Pick<Config, "dataDir"> & { readonly sources: readonly SourceTopic[] },
  { streams, madeAt }: Pick<Manifest, "streams" | "madeAt">,
): Promise<void> {
  if (streams.length === 0) return;
  const passedMs = Date.now() - Date.parse(madeAt);
  const skipped = SKIPPED.atLeast + (passedMs > 0 ? BigInt(passedMs) * SKIPPED.perMs : 0n);
  // Also what became a source since the backup was made, and what was none then and may be one again.
  const log = await embeddedLog({ dataDir, sources }, { all: true });
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

/** @throws `Unavailable` when a file of the data directory that is to be written may not be. */
export async function requireWritable(config: Config): Promise<void> {
  const { refuseReadOnly } = await import("./sqlite/open.ts");
  const { "log.db": log, "store.db": store } = await fileKinds();
  const { logFile, storeFile } = dataFiles(config);
  if (config.kafka === null) refuseReadOnly(log, logFile);
  if (config.mongodbUri === null) refuseReadOnly(store, storeFile);
}

/** Has the files of the data directory checked, each in a thread of its own, while the gateway starts. */
export async function checkFiles(config: Config): Promise<IntegrityCheck> {
  const checks = await Promise.all([checkFile(config, "store.db"), checkFile(config, "log.db")]);
  const damage = Promise.race([
    // The first that finds something; nothing once all are over.
    ...checks.map(async (check) => (await check.damage) ?? new Promise<never>(() => undefined)),
    Promise.all(checks.map(async (check) => check.damage)).then((found) => found.find((one) => one !== null) ?? null),
  ]);
  return { damage, stop: async () => void (await Promise.all(checks.map(async (check) => check.stop()))) };
}

/** Has SQLite check the structure of a file of the data directory; nothing where what it holds is in Kafka or MongoDB. */
export async function checkFile(config: Config, name: FileName): Promise<IntegrityCheck> {
  const elsewhere = name === "log.db" ? config.kafka !== null : config.mongodbUri !== null;
  if (elsewhere) return { damage: Promise.resolve(null), stop: async () => undefined };
  const { startIntegrityCheck } = await import("./sqlite/integrity.ts");
  return startIntegrityCheck((await fileKinds())[name], join(config.dataDir, name));
}
