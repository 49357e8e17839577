import { SQLITE_LAYOUT } from "../store/layout-version.ts";
import type { Migration } from "../store/migrations/migration.ts";
import { BUSY_TIMEOUT_MS, dataFiles } from "./data-directory.ts";
import { MONGODB_TIMEOUTS, openHistory, type Where } from "./stores.ts";

/** A store of any known layout, and the migrations from older layouts. */
export type Migrating = {
  /** The store's layout; null when it is empty. */
  readonly found: () => Promise<number | null>;
  readonly migrations: readonly Migration[];
  readonly close: () => Promise<void>;
};

/**
 * @param othersElsewhere whether the operator states that other clients of the MongoDB server use other databases.
 * @throws `Unavailable` when the store cannot be opened, is newer or is not ours.
 */
export async function openToMigrate(config: Where, othersElsewhere: boolean): Promise<Migrating> {
  if (config.mongodbUri !== null) {
    const { openMongoToMigrate } = await import("../store/mongodb/migrating.ts");
    const { fromLayout1 } = await import("../store/migrations/from-1-mongodb.ts");
    const { fromLayout2 } = await import("../store/migrations/from-2-mongodb.ts");
    const { fromLayout3 } = await import("../store/migrations/from-3-mongodb.ts");
    const opened = await openMongoToMigrate({ uri: config.mongodbUri, ...MONGODB_TIMEOUTS });
    const { found, close, guarded } = opened;
    const target = { ...opened.target, othersElsewhere };
    const known = [fromLayout1(target), fromLayout2(target), fromLayout3(target)];
    const migrations = known.map(({ from, to, plan, up }): Migration => ({
      from,
      to,
      plan: async () => guarded(plan),
      up: async (...args) => guarded(async () => up(...args)),
    }));
    return { found, migrations, close };
  }
  const { readLayout } = await import("../sqlite/open.ts");
  const { STORE_FILE, createFacts, createFailures, createShared } = await import("../store/sqlite/layout.ts");
  const { indexFacts } = await import("../store/sqlite/fact-index.ts");
  const { recount } = await import("../store/sqlite/groups.ts");
  const { insertAction, lastAction } = await import("../store/sqlite/operator.ts");
  const { openSqliteStore } = await import("../store/sqlite/store.ts");
  const { fromLayout1 } = await import("../store/migrations/from-1-sqlite.ts");
  const { fromLayout2 } = await import("../store/migrations/from-2-sqlite.ts");
  const { fromLayout3 } = await import("../store/migrations/from-3-sqlite.ts");
  const busyTimeoutMs = BUSY_TIMEOUT_MS;
  const path = dataFiles(config).storeFile;
  const file = { kind: STORE_FILE, path, busyTimeoutMs };
  const first = fromLayout1({
    ...file,
    make: (fresh, collections) => openSqliteStore({ path: fresh, collections, busyTimeoutMs }),
  });
  const inPlace = { ...file, append: insertAction, lastAction };
  const second = fromLayout2({ ...inPlace, createShared, createFailures, recount });
  const third = fromLayout3({ ...inPlace, createFacts, indexFacts });
  const found = async (): Promise<number | null> => {
    const layout = readLayout(STORE_FILE, path, busyTimeoutMs);
    // Opening the store throws the proper error for a newer layout, or for two layouts in one store.
    if (layout !== null && layout >= SQLITE_LAYOUT)
      await openHistory({ ...config, mongodbUri: null }).then((store) => store.close());
    return layout;
  };
  return { found, migrations: [first, second, third], close: async () => undefined };
}
