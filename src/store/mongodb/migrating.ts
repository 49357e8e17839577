import { MongoServerError, ObjectId, type Db } from "mongodb";
import { Unavailable } from "../../core/unavailable.ts";
import type { MongoMigrating } from "../migrations/mongodb-target.ts";
import { APP_NAME, createClient, type MongoOptions } from "./connect.ts";
import { countById, idPages } from "./id-pages.ts";
import { ensureLayout, layoutOf, renewLayout, type CollectionLayout } from "./layout.ts";
import { findLayout, noteMigrated, noteMigration, refuseOtherLayout } from "./layout-version.ts";
import { storeOn } from "./store.ts";
import { guarded } from "./unavailable.ts";

/** A MongoDB database that is opened to be migrated. */
export type MongoToMigrate = {
  readonly target: MongoMigrating;
  /** The layout version to migrate from, or the present one; null for a database without a store of ours. */
  readonly found: () => Promise<number | null>;
  readonly guarded: <T>(run: () => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
};

/** @throws `Unavailable` when the database cannot be reached, no migration exists for what it holds, or one of it is at work. */
export async function openMongoToMigrate(options: MongoOptions): Promise<MongoToMigrate> {
  const own = new ObjectId().toHexString();
  const { client, database } = createClient(options, appNameOf(own));
  const db = client.db(database);
  try {
    const layout = await guarded(async () => findLayout(db));
    const { begun, by } = layout.kind === "older" ? layout : NOT_BEGUN;
    const refuseWhileAtWork = async (): Promise<void> => (begun === null ? undefined : refuseWhileMigrating(db, by));
    // Already here: whoever looks at collections that another one moves finds them gone.
    await guarded(refuseWhileAtWork);
    const target: MongoMigrating = {
      db,
      begun,
      whole: layout.kind === "older",
      noteMigration: async (from, aside) => {
        await refuseWhileAtWork();
        return noteMigration(db, from, aside, own, begun === null ? undefined : by);
      },
      noteMigrated: async () => noteMigrated(db, own),
      make: async (name) => make(db, name),
      makeShared: async () => ensureLayout(db, layoutOf([])),
      refuseUnlessMayModify: async () => refuseUnlessMayModify(db),
      count: async (name) => countById(db.collection(name)),
      renew: async (name, waiting) => renewLayout(db, layoutNamed(name), waiting),
      pages: (name, size) => idPages(db.collection(name), size),
      openNew: () => storeOn(db, async () => undefined),
      connected: async () => connected(db, APP_NAME),
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

const NOT_BEGUN = { begun: null, by: null } as const;

/**
 * The name of a migration's connections on the server. It is that of the process which is noted with the layout: so another one finds out
 * whether that process is still there.
 */
function appNameOf(by: string | null): string {
  return by === null ? "sigma-migration" : `sigma-migration ${by}`;
}

/** @throws `Unavailable` while the migration of this name has connections. Those of a process that was killed are gone at once. */
async function refuseWhileMigrating(db: Db, by: string | null): Promise<void> {
  const from = await connected(db, appNameOf(by));
  if (from === null || from.length === 0) return;
  throw new Unavailable(
    "STORE_LOCKED",
    `Cannot migrate the store: another migration of it is at work, from ${from.join(", ")}`,
    "let it come to its end, or end it and run this again: it goes on",
  );
}

async function layoutFound(db: Db): Promise<number | null> {
  const layout = await findLayout(db);
  if (layout.kind === "older") return layout.version;
  // A build of layout 1 wrote into a store of the present layout. The migration from 1 sets aside what that build made.
  if (layout.kind === "mixed" && layout.hasVersion) return 1;
  const ours = await refuseOtherLayout(db);
  return ours.kind === "ours" ? ours.version : null;
}

async function make(db: Db, name: string): Promise<boolean> {
  try {
    await ensureLayout(db, layoutNamed(name));
    return true;
  } catch (error) {
    if (error instanceof Unavailable && error.code === "STORE_LAYOUT") return false;
    throw error;
  }
}

/** The present layout of the collection with this name; nothing when the layout has none. */
function layoutNamed(name: string): readonly CollectionLayout[] {
  const collection = /^(?:validated|failed)_(.*)$/.exec(name)?.[1];
  return layoutOf(collection === undefined ? [] : [collection]).filter((one) => one.name === name);
}

const UNAUTHORIZED = 13;

/**
 * The addresses from which programs of this name are connected to the server; null when the user is not authorized to see them. They may use
 * other databases: the server does not tell the database of an idle connection.
 */
async function connected(db: Db, appName: string): Promise<readonly string[] | null> {
  for (const allUsers of [true, false]) {
    try {
      const found = await db.admin().command({
        aggregate: 1,
        pipeline: [{ $currentOp: { allUsers, idleConnections: true } }, { $match: { appName } }],
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

/** Asks for a change that changes nothing: the validation level that the collection has. */
async function refuseUnlessMayModify(db: Db): Promise<void> {
  try {
    await db.command({ collMod: "sigma_layout", validationLevel: "strict" });
  } catch (error) {
    if (!(error instanceof MongoServerError && error.code === UNAUTHORIZED)) throw error;
    throw new Unavailable(
      "STORE_UNAUTHORIZED",
      "Cannot migrate the store: its user may not change validators (collMod)",
      "give the user dbAdmin on the database while it migrates; nothing was changed",
      error,
    );
  }
}

type CurrentOp = { readonly client?: string };
