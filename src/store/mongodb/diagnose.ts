import { MongoServerError, MongoServerSelectionError, type Db } from "mongodb";
import { checkClock, fail, ok, warn, type Check } from "../../doctor/check.ts";
import { Unavailable } from "../../core/unavailable.ts";
import { MONGODB_LAYOUT } from "../layout-version.ts";
import { checkCache } from "./cache-check.ts";
import { createClient, type MongoOptions } from "./connect.ts";
import { findLayoutFaults, layoutOf } from "./layout.ts";
import { refuseOtherLayout } from "./layout-version.ts";
import { guarded } from "./unavailable.ts";

export type MongoDiagnosis = MongoOptions & {
  /** Collections of the live contracts. */
  readonly collections: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** Checks the server, its replica set and the layout of the database, for `sigma doctor`. Changes nothing. */
export async function diagnoseMongo(options: MongoDiagnosis): Promise<readonly Check[]> {
  try {
    const { client, database } = createClient(options);
    try {
      return await guarded(async () => look(client.db(database), options));
    } finally {
      await client.close();
    }
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return [fail("mongodb", `${error.code} ${error.message}${seenBy(error.cause)}`, error.remedy)];
  }
}

/** The members of the replica set that were seen when no primary was found, as the end of a sentence. */
function seenBy(cause: unknown): string {
  if (!(cause instanceof MongoServerSelectionError) || cause.reason === undefined) return "";
  const seen = [...cause.reason.servers.values()].map(({ address, type }) => `${address} ${type}`);
  return seen.length === 0 ? "" : `; seen: ${seen.join(", ")}`;
}

async function look(db: Db, { collections, now }: MongoDiagnosis): Promise<readonly Check[]> {
  const beforeMs = now();
  const hello = (await db.command({ hello: 1 })) as Hello;
  const oursMs = (beforeMs + now()) / 2;
  return [
    ok("mongodb", `database "${db.databaseName}" can be reached`),
    await checkVersion(db),
    await checkTopology(db, hello),
    ok("mongodb write concern", "majority and journal on every write; nothing in the URI weakens it"),
    ...(await checkLayout(db, collections)),
    ...(await checkServer(db, collections)),
    checkClock("MongoDB", hello.localTime.getTime(), oursMs),
  ];
}

type Hello = {
  readonly localTime: Date;
  readonly setName?: string;
  readonly hosts?: readonly string[];
  /** `isdbgrid` for a router of a sharded cluster. */
  readonly msg?: string;
};

const MAJOR_MIN = 5;

async function checkVersion(db: Db): Promise<Check> {
  const { version } = (await db.command({ buildInfo: 1 })) as { readonly version: string };
  if (Number(version.split(".", 1)[0]) >= MAJOR_MIN) return ok("mongodb version", version);
  return fail("mongodb version", `${version} is older than ${MAJOR_MIN}.0`, `upgrade it to ${MAJOR_MIN}.0 or newer`);
}

async function checkTopology(db: Db, { setName, hosts = [], msg }: Hello): Promise<Check> {
  const name = "mongodb topology";
  if (msg === "isdbgrid") return ok(name, "a sharded cluster, through its router");
  if (setName === undefined) {
    return warn(name, "a standalone server: one disk is one copy", "make it a replica set of three");
  }
  const set = `replica set ${setName}`;
  const status = await allowed<Status>(db, { replSetGetStatus: 1 });
  if (status === null) {
    return ok(name, `${set} of ${hosts.join(", ")}; how they are needs the role clusterMonitor`);
  }
  const members = status.members.map((member) => `${member.name} ${member.stateStr}`).join(", ");
  const sick = status.members.filter(({ health, stateStr }) => health !== 1 || !WELL.includes(stateStr));
  if (sick.length > 0) {
    const fix = `bring back ${sick.map((member) => member.name).join(", ")}: without a majority nothing is stored`;
    return warn(name, `${set}: ${members}`, fix);
  }
  if (status.members.length > 1) return ok(name, `${set}: ${members}`);
  return warn(name, `${set}: ${members}; one disk is one copy`, "add two members on other machines");
}

type Status = {
  readonly members: readonly { readonly name: string; readonly stateStr: string; readonly health: number }[];
};

const WELL: readonly string[] = ["PRIMARY", "SECONDARY", "ARBITER"];

/** Checks the collections that exist. Missing ones are no fault: the first start creates them. */
async function checkLayout(db: Db, collections: readonly string[]): Promise<readonly Check[]> {
  const name = "mongodb layout";
  const version = await checkLayoutVersion(db);
  // A database with another layout version cannot be compared with this build's layout.
  if (version.result === "fail") return [version];
  const there = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map((one) => one.name));
  const layout = layoutOf(collections);
  const faults = await findLayoutFaults(
    db,
    layout.filter((one) => there.has(one.name)),
  );
  if (faults.length > 0) {
    const fix = "make it as docs/mongodb.md lists it; an empty collection gets its indexes when the gateway starts";
    return [version, ...faults.map((fault) => fail(name, fault, fix))];
  }
  const missing = layout.filter((one) => !there.has(one.name));
  if (missing.length === 0)
    return [version, ok(name, `${layout.length} collections with their indexes and validators`)];
  return [version, ok(name, `the first start makes ${missing.map((one) => one.name).join(", ")}`)];
}

async function checkLayoutVersion(db: Db): Promise<Check> {
  const name = "mongodb layout version";
  try {
    const { kind } = await refuseOtherLayout(db);
    return ok(
      name,
      kind === "empty" ? `none yet; this build writes ${MONGODB_LAYOUT}` : `${MONGODB_LAYOUT}, which this build writes`,
    );
  } catch (error) {
    if (!(error instanceof Unavailable) || !error.code.startsWith("STORE_")) throw error;
    return fail(name, `${error.code} ${error.message}`, error.remedy);
  }
}

/** Fewer free connections than this are a warning: a gateway opens up to 32, and most of them when the server is already slow. */
const CONNECTIONS_FEW = 64;

/** Checks what the server says of itself to a user who may ask it. */
async function checkServer(db: Db, collections: readonly string[]): Promise<readonly Check[]> {
  const status = await allowed<ServerStatus>(db, { serverStatus: 1 });
  if (status === null) return [ok("mongodb connections", "not counted: that needs the role clusterMonitor")];
  const checks = [checkConnections(status.connections)];
  // Only a server with the engine WiredTiger has such a cache.
  const cache = status.wiredTiger?.cache;
  if (cache === undefined) return checks;
  const facts = await Promise.all(
    collections.map(async (one) => db.collection(`validated_${one}`).estimatedDocumentCount()),
  );
  const [size, changed] = [cache["maximum bytes configured"], cache["tracked dirty bytes in the cache"]];
  const settings = await cacheSettings(db);
  if (settings === null) return checks;
  return [
    ...checks,
    checkCache(
      { size, changed, settings },
      facts.reduce((sum, count) => sum + count, 0),
    ),
  ];
}

type ServerStatus = {
  readonly connections: Connections;
  readonly wiredTiger?: {
    readonly cache: Readonly<Record<"maximum bytes configured" | "tracked dirty bytes in the cache", number>>;
  };
};

type Connections = { readonly current: number; readonly available: number };

function checkConnections({ current, available }: Connections): Check {
  const name = "mongodb connections";
  const message = `${current} open, ${available} free`;
  if (available >= CONNECTIONS_FEW) return ok(name, message);
  return warn(name, message, "raise net.maxIncomingConnections and the limit of open files, or close other clients");
}

/**
 * The settings of WiredTiger with which the server was started, and those set since; null where it does not say. Services that run
 * MongoDB for others refuse such commands, each with a code of its own (Atlas answers `getParameter` for two names only).
 */
async function cacheSettings(db: Db): Promise<readonly string[] | null> {
  try {
    const started = (await db.admin().command({ getCmdLineOpts: 1 })) as StartOptions;
    const since = (await db.admin().command({ getParameter: 1, [RUNTIME]: 1 })) as { readonly [RUNTIME]?: string };
    return [started.parsed.storage?.wiredTiger?.engineConfig?.configString ?? "", since[RUNTIME] ?? ""];
  } catch (error) {
    if (error instanceof MongoServerError) return null;
    throw error;
  }
}

const RUNTIME = "wiredTigerEngineRuntimeConfig";

type StartOptions = {
  readonly parsed: {
    readonly storage?: { readonly wiredTiger?: { readonly engineConfig?: { readonly configString?: string } } };
  };
};

const UNAUTHORIZED = 13;

/** Runs an admin command; null when the user is not authorized. The gateway itself needs no admin command. */
async function allowed<T>(db: Db, command: Readonly<Record<string, number>>): Promise<T | null> {
  try {
    return (await db.admin().command(command)) as T;
  } catch (error) {
    if (error instanceof MongoServerError && error.code === UNAUTHORIZED) return null;
    throw error;
  }
}
