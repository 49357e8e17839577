import type { Db } from "mongodb";
import type { Store } from "../store.ts";

/** The operations on a database that a migration needs from the MongoDB adapter. It reads the old layout with code of its own. */
export type MongoMigrating = {
  readonly db: Db;
  /** The prefix under which an interrupted migration keeps collections; null when no migration was interrupted. */
  readonly begun: string | null;
  /** False when a build of layout 1 wrote into a store of the present layout: then only the collections of that build are set aside. */
  readonly whole: boolean;
  /** Marks the database as being migrated. @returns false when another migration began or ended since the layout was read. */
  readonly noteMigration: (from: number, aside: string) => Promise<boolean>;
  /** Marks the migration as done. */
  readonly noteMigrated: () => Promise<void>;
  /**
   * Creates a collection of the present layout; does nothing when the layout has none of this name.
   * @returns false when somebody created it with another layout meanwhile.
   */
  readonly make: (name: string) => Promise<boolean>;
  /** Creates the shared collections of the present layout that are missing. */
  readonly makeShared: () => Promise<void>;
  /** @throws `Unavailable` when the user may not change validators: `readWrite` does not include it. */
  readonly refuseUnlessMayModify: () => Promise<void>;
  /** Gives a collection the validator and the indexes of the present layout, in place of those it has. Indexes of others stay. */
  readonly renew: (name: string) => Promise<void>;
  /** Opens the database as a store of the present layout, while the migration is still going on. */
  readonly openNew: () => Store;
  /** The addresses from which other gateways are connected to the server; null when the user is not authorized to see them. */
  readonly connected: () => Promise<readonly string[] | null>;
};

/** The database to migrate. */
export type MongoTarget = MongoMigrating & {
  /** The operator declares that the connected gateways use other databases (`--others-elsewhere`). */
  readonly othersElsewhere: boolean;
};
