import { MongoClient, type MongoClientOptions } from "mongodb";
import { Unavailable } from "../../core/unavailable.ts";

export type MongoOptions = {
  /** mongodb:// or mongodb+srv://, with the database in its path; without one, `sigma`. Never printed. */
  readonly uri: string;
  /** How long to look for a primary before an operation is Unavailable. */
  readonly selectionTimeoutMs: number;
  /** How long an exchange may take; longer is Unavailable, and the write is tried again. */
  readonly socketTimeoutMs: number;
};

const DATABASE = "sigma";

/** Majority and journal: a write that is acknowledged survives any failover (RELIABILITY of the engine, measured). */
export const WRITE_CONCERN = { w: "majority", j: true } as const;
/** What is read can only stay. A plain command says it itself. */
export const READ_CONCERN = { level: "majority" } as const;

/** As the server knows a gateway. */
export const APP_NAME = "sigma-aetl";

/** Settings of a URI that would weaken a promise, each with what it would do. */
const WEAKENING: readonly (readonly [name: string, allowed: (value: string) => boolean, why: string])[] = [
  ["w", (value) => value === "majority", "a write could be acknowledged and then rolled back"],
  ["journal", (value) => value === "true", "a write could be acknowledged before it is on disk"],
  ["j", (value) => value === "true", "a write could be acknowledged before it is on disk"],
  ["wtimeoutms", () => false, "a write would be given up while it is still under way"],
  ["wtimeout", () => false, "a write would be given up while it is still under way"],
  ["readpreference", (value) => value === "primary", "a stale ledger could be read"],
  ["readconcernlevel", (value) => value === "majority", "a write that is rolled back later could be read"],
  ["tlsinsecure", (value) => value === "false", "anybody could answer for the server"],
  ["tlsallowinvalidcertificates", (value) => value === "false", "anybody could answer for the server"],
];

/** What MongoDB lets no database be called. */
const UNNAMEABLE = /[/\\. "$*<>:|]|^.{64,}$/;
const NAMING = String.raw`no / \ . " $ * < > : | or space in it, and at most 63 characters`;

/** Why a URI is refused, as sentences; empty when it is fine. */
export function findUriFaults(uri: string): readonly string[] {
  const rest = /^mongodb(?:\+srv)?:\/\/([^]*)$/.exec(uri)?.[1];
  if (rest === undefined) return ["it does not begin with mongodb:// or mongodb+srv://"];
  const place = rest.split("?", 1)[0] ?? "";
  const at = place.lastIndexOf("@");
  if (/[@/]/.test(place.slice(0, Math.max(0, at)))) {
    return ["its user or password holds an @ or a / that is not escaped: write %40 and %2F"];
  }
  const database = /\/([^]*)$/.exec(place.slice(at + 1))?.[1] ?? "";
  if (UNNAMEABLE.test(database)) return [`"${database.slice(0, 63)}" cannot be the name of a database: ${NAMING}`];
  const query = uri.slice(uri.indexOf("?") + 1);
  if (!uri.includes("?")) return [];
  const faults: string[] = [];
  for (const [name, value] of new URLSearchParams(query)) {
    const rule = WEAKENING.find(([weak]) => weak === name.toLowerCase());
    if (rule !== undefined && !rule[1](value.toLowerCase())) faults.push(`${name}=${value}: ${rule[2]}`);
  }
  return faults;
}

/**
 * @param appName as the server shows the connections.
 * @throws `Unavailable` with code STORE_URI when the URI cannot be used; it never quotes the URI.
 */
export function createClient(
  { uri, selectionTimeoutMs, socketTimeoutMs }: MongoOptions,
  appName: string = APP_NAME,
): {
  readonly client: MongoClient;
  readonly database: string;
} {
  const faults = findUriFaults(uri);
  if (faults.length > 0) throw refused(faults.join("; "));
  const options: MongoClientOptions = {
    appName,
    writeConcern: WRITE_CONCERN,
    readConcern: READ_CONCERN,
    readPreference: "primary",
    serverSelectionTimeoutMS: selectionTimeoutMs,
    connectTimeoutMS: selectionTimeoutMs,
    socketTimeoutMS: socketTimeoutMs,
    maxPoolSize: 32,
    // Never useBigInt64: the driver's monitor dies of it when a primary steps down (bson-reader.ts).
  };
  try {
    const client = new MongoClient(uri, options);
    const named = client.options.dbName;
    return { client, database: named === "" || named === "test" ? databaseIn(uri) : named };
  } catch (error) {
    throw refused(error instanceof Error ? error.message.replaceAll(uri, "it") : "it cannot be read");
  }
}

/** The driver answers `test` when none is named, and also when that is the name. */
function databaseIn(uri: string): string {
  const path = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]*)/.exec(uri)?.[1] ?? "";
  return path === "" ? DATABASE : decodeURIComponent(path);
}

function refused(state: string): Unavailable {
  const message = `Cannot use the MongoDB URI: ${state}`;
  return new Unavailable("STORE_URI", message, "correct MONGODB_URI; the gateway itself asks for majority and journal");
}
