import type { Db, Document } from "mongodb";
import type { Store } from "../store.ts";

/** The operations on a database that a migration needs from the MongoDB adapter. It reads the old layout with code of its own. */
export type MongoMigrating = {
  readonly db: Db;
  /** The prefix under which an interrupted migration keeps collections; null when no migration was interrupted. */
  readonly begun: string | null;
  /** False when a build of layout 1 wrote into a store of the present layout: then only the collections of that build are set aside. */
  readonly whole: boolean;
  /**
   * Marks the database as being migrated by this process.
   * @returns false when another migration began or ended since the layout was read. @throws `Unavailable` while the one that began it is at work.
   */
  readonly noteMigration: (from: number, aside: string) => Promise<boolean>;
  /** Marks the migration as done. @returns false when another one has taken its place. */
  readonly noteMigrated: () => Promise<boolean>;
  /**
   * Creates a collection of the present layout; does nothing when the layout has none of this name.
   * @returns false when somebody created it with another layout meanwhile.
   */
  readonly make: (name: string) => Promise<boolean>;
  /** Creates the shared collections of the present layout that are missing. */
  readonly makeShared: () => Promise<void>;
  /** @throws `Unavailable` when the user may not change validators: `readWrite` does not include it. */
  readonly refuseUnlessMayModify: () => Promise<void>;
  /** Counts the documents of a collection, page by page. */
  readonly count: (name: string) => Promise<number>;
  /**
   * Gives a collection the validator and the indexes of the present layout, in place of those it has. Indexes of others stay.
   * @param waiting is called with the name of an index that the server builds for longer than a request may take, each time that one does.
   */
  readonly renew: (name: string, waiting: (index: string) => void) => Promise<void>;
  /** Filters that cut a collection into pages of so many documents, by their ids: no request may take as long as all of them need. */
  readonly pages: (name: string, size: number) => AsyncIterable<Document>;
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
