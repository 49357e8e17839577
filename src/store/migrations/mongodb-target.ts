import type { Db } from "mongodb";
import type { Store } from "../store.ts";

/** What a migration needs of a database; the words of the layout of before are its own. */
export type MongoMigrating = {
  readonly db: Db;
  /** How the names begin under which a migration that was broken off keeps collections; null when none began. */
  readonly begun: string | null;
  /** False when a build of layout 1 began on a store of the present layout: what it made is set aside, and nothing else. */
  readonly whole: boolean;
  /** @returns false when another migration began or ended since the database was looked at. */
  readonly noteMigration: (from: number, aside: string) => Promise<boolean>;
  readonly noteMigrated: () => Promise<void>;
  /**
   * Makes one collection as the present layout has it; nothing where it has none of the name.
   * @returns false when somebody made it otherwise meanwhile.
   */
  readonly make: (name: string) => Promise<boolean>;
  /** A store of the present layout, while the migration is noted. */
  readonly openNew: () => Store;
  /** Where gateways are connected to the server from, other than this process; null where that may not be asked. */
  readonly connected: () => Promise<readonly string[] | null>;
};
