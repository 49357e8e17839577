import { MongoClient, type Db } from "mongodb";
import { onTestFinished } from "vitest";
import { openMongoStore, type MongoStoreOptions } from "../../../src/store/mongodb/store.ts";
import type { Store } from "../../../src/store/store.ts";
import { openGate, type Gate } from "../../servers/gate.ts";
import type { MongoServer } from "../../servers/mongodb.ts";
import { PATIENCE_MS } from "../../patience.ts";
import { LAW_COLLECTION } from "../rows.ts";

/** A database of one test, dropped when it ends. */
export type TestDatabase = {
  readonly name: string;
  /** With the database in it, straight to the server. */
  readonly uri: string;
  readonly raw: Db;
  /** A store on it that is closed when the test ends. */
  readonly open: (changes?: Partial<MongoStoreOptions>) => Promise<Store>;
  /** The same through a gate that can be shut. */
  readonly gated: () => Promise<{ readonly gate: Gate; readonly uri: string }>;
};

let count = 0;

export async function testDatabase(server: MongoServer): Promise<TestDatabase> {
  count += 1;
  const name = `test_${process.pid}_${count}`;
  const uri = withDatabase(server.uri, name);
  const client = new MongoClient(server.uri, { useBigInt64: true });
  const raw = client.db(name);
  onTestFinished(async () => {
    await raw.dropDatabase();
    await client.close();
  });
  return {
    name,
    uri,
    raw,
    open: async (changes = {}) => {
      const store = await openMongoStore({
        uri,
        collections: [LAW_COLLECTION],
        selectionTimeoutMs: PATIENCE_MS,
        socketTimeoutMs: PATIENCE_MS,
        ...changes,
      });
      onTestFinished(store.close);
      return store;
    },
    gated: async () => {
      const gate = await openGate(server.ports[0] ?? 0);
      onTestFinished(async () => gate.shut().catch(() => undefined));
      return { gate, uri: `mongodb://127.0.0.1:${gate.port}/${name}?directConnection=true` };
    },
  };
}

function withDatabase(uri: string, name: string): string {
  return uri.replace(/(:\/\/[^/]+\/)[^?]*/, `$1${name}`);
}
