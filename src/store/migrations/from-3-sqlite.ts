import type { DatabaseSync } from "node:sqlite";
import { countOf, inPlace, look, tablesOf, type SqliteInPlace } from "./in-place-sqlite.ts";
import type { Migration } from "./migration.ts";

const [FROM, TO] = [3, 4];

/** The store file to migrate, and what the adapter of the present layout does in it. */
type Target = SqliteInPlace & {
  /** Creates a table of facts, without an index of their ids. */
  readonly createFacts: (db: DatabaseSync, table: string) => void;
  /** Makes the index of a collection's ids from its facts. */
  readonly indexFacts: (db: DatabaseSync, collection: string) => void;
};

/**
 * The migration from layout 3. One transaction copies the facts, in their order, into tables whose rows keep their place, and makes the
 * index of their ids, a table of its own. A gateway of layout 3 that still had the file open could not insert facts afterwards, since
 * the unique index is gone that its statements name; it is refused before.
 */
export function fromLayout3(target: Target): Migration {
  return {
    from: FROM,
    to: TO,
    plan: async () => {
      const facts = look(target, (db) => tablesOf(db, "validated").reduce((sum, name) => sum + countOf(db, name), 0));
      return {
        steps: [
          `copy ${facts} facts into tables whose rows keep their place; meanwhile the file takes twice their room`,
          "make the index of ids a table of its own, from the facts",
          "decide nothing again: every decision, fact and failure stays as it is",
        ],
        decided: [],
        heldOutside: async () => 0,
      };
    },
    up: async (tell, operator) =>
      inPlace(target, { from: FROM, to: TO, why: "the index of ids is a table of its own" }, tell, operator, (db) => {
        for (const table of tablesOf(db, "validated")) {
          tell(`copy ${table}`);
          copyFacts(target, db, table);
          tell(`index the ids of ${table}`);
          target.indexFacts(db, table.slice("validated_".length));
        }
      }),
  };
}

function copyFacts({ createFacts }: Target, db: DatabaseSync, table: string): void {
  // No collection has a name that begins so: theirs follows the underscore at once.
  const fresh = `sigma_migrating_${table}`;
  createFacts(db, fresh);
  // The first files of layout 3, and those of layout 2, lack the last columns.
  const had = db.prepare("SELECT name FROM pragma_table_info(?)").all(table);
  const columns = had.map(({ name }) => String(name)).join(", ");
  db.exec(`INSERT INTO ${fresh} (place, ${columns}) SELECT rowid, ${columns} FROM ${table} ORDER BY rowid;
    DROP TABLE ${table};
    ALTER TABLE ${fresh} RENAME TO ${table}`);
}
