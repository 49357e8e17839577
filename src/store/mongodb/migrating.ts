import { MongoServerError, type Db } from "mongodb";
import { Unavailable } from "../../core/unavailable.ts";
import type { MongoMigrating } from "../migrations/mongodb-target.ts";
import { APP_NAME, createClient, type MongoOptions } from "./connect.ts";
import { ensureLayout, layoutOf } from "./layout.ts";
import { findLayout, noteMigrated, noteMigration, refuseOtherLayout } from "./layout-version.ts";
import { storeOn } from "./store.ts";
import { guarded } from "./unavailable.ts";

export type MongoToMigrate = {
  readonly target: MongoMigrating;
  /** The layout noted, or 1 where a build of that began; null for a database in which nothing of ours is. */
  readonly found: () => Promise<number | null>;
  readonly guarded: <T>(run: () => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
};

/** @throws `Unavailable` when the database cannot be reached or is one that no migration leads on from. */
export async function openMongoToMigrate(options: MongoOptions): Promise<MongoToMigrate> {
  const { client, database } = createClient(options, "sigma-migration");
  const db = client.db(database);
  try {
    const layout = await guarded(async () => findLayout(db));
    const begun = layout.kind === "older" ? layout.begun : null;
    const target: MongoMigrating = {
      db,
      begun,
      whole: layout.kind === "older",
      noteMigration: async (from, aside) => noteMigration(db, from, aside, begun !== null),
      noteMigrated: async () => noteMigrated(db),
      make: async (name) => make(db, name),
      openNew: () => storeOn(db, async () => undefined),
      connected: async () => connected(db),
    };
    return {
      target,
      found: async () => guarded(async () => layoutFound(db)),
      guarded,
      close: async () => client.close(),
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}

async function layoutFound(db: Db): Promise<number | null> {
  const layout = await findLayout(db);
  if (layout.kind === "older") return layout.version;
  // What a build of layout 1 made beside the present one is set aside by the migration from 1.
  if (layout.kind === "mixed" && layout.told) return 1;
  const ours = await refuseOtherLayout(db);
  return ours.kind === "ours" ? ours.version : null;
}

async function make(db: Db, name: string): Promise<boolean> {
  const collection = /^(?:validated|failed)_(.*)$/.exec(name)?.[1];
  const layout = layoutOf(collection === undefined ? [] : [collection]).filter((one) => one.name === name);
  try {
    await ensureLayout(db, layout);
    return true;
  } catch (error) {
    if (error instanceof Unavailable && error.code === "STORE_LAYOUT") return false;
    throw error;
  }
}

const UNAUTHORIZED = 13;

/** Addresses from which programs of ours are connected, whatever their database: the server does not tell that of one that waits. */
async function connected(db: Db): Promise<readonly string[] | null> {
  for (const allUsers of [true, false]) {
    try {
      const found = await db.admin().command({
        aggregate: 1,
        pipeline: [{ $currentOp: { allUsers, idleConnections: true } }, { $match: { appName: APP_NAME } }],
        cursor: {},
        readConcern: { level: "local" },
      });
      const { firstBatch } = (found as { readonly cursor: { readonly firstBatch: readonly CurrentOp[] } }).cursor;
      const from = firstBatch.map(({ client = "an unknown address" }) => client.replace(/:\d+$/, ""));
      return [...new Set(from)].toSorted();
    } catch (error) {
      if (!(error instanceof MongoServerError && error.code === UNAUTHORIZED)) throw error;
    }
  }
  return null;
}

type CurrentOp = { readonly client?: string };
