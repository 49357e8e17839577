import { MongoClient, type MongoClientOptions } from "mongodb";
import { Unavailable } from "../../core/unavailable.ts";

export type MongoOptions = {
  /** mongodb:// or mongodb+srv://, with the database in its path; without one, `sigma`. Never printed. */
  readonly uri: string;
  /** How long an operation looks for a primary before it throws `Unavailable`, in milliseconds. */
  readonly selectionTimeoutMs: number;
  /** How long one request may take before it throws `Unavailable`, in milliseconds. The gateway then tries the write again. */
  readonly socketTimeoutMs: number;
};

const DATABASE = "sigma";

/** Majority and journal: an acknowledged write survives any failover (RELIABILITY of the engine, measured). */
export const WRITE_CONCERN = { w: "majority", j: true } as const;
/** No failover rolls back what a majority read returns. A plain command must set it itself. */
export const READ_CONCERN = { level: "majority" } as const;

/** The application name of a gateway's connections on the server. */
export const APP_NAME = "sigma-aetl";

/** URI settings that would weaken a guarantee of the gateway, the values that are allowed, and the effect of others. */
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

/** Database names that MongoDB refuses. */
const UNNAMEABLE = /[/\\. "$*<>:|]|^.{64,}$/;
const NAMING = String.raw`no / \ . " $ * < > : | or space in it, and at most 63 characters`;

/** The reasons to refuse a URI, as sentences; empty when it is accepted. */
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
 * Creates a client that is not connected yet.
 * @param appName the name under which the server lists its connections.
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
    // Trap: never set useBigInt64. With it the driver's monitor crashes when a primary steps down (bson-reader.ts).
  };
  try {
    const client = new MongoClient(uri, options);
    const named = client.options.dbName;
    return { client, database: named === "" || named === "test" ? databaseIn(uri) : named };
  } catch (error) {
    throw refused(error instanceof Error ? error.message.replaceAll(uri, "it") : "it cannot be read");
  }
}

/** The database in the path of the URI. The driver's `dbName` is "test" both when the URI names none and when it names "test". */
function databaseIn(uri: string): string {
  const path = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]*)/.exec(uri)?.[1] ?? "";
  return path === "" ? DATABASE : decodeURIComponent(path);
}

function refused(state: string): Unavailable {
  const message = `Cannot use the MongoDB URI: ${state}`;
  return new Unavailable("STORE_URI", message, "correct MONGODB_URI; the gateway itself asks for majority and journal");
}
