import { DatabaseSync } from "node:sqlite";
import { Unavailable } from "../../core/unavailable.ts";
import { rollback } from "../../sqlite/open.ts";
import { createAdvice } from "./advice.ts";
import { idsTable, runsTable } from "./fact-places.ts";
import {
  createCollection,
  createGroupDays,
  createLogEnds,
  createStoreLayout,
  createVolume,
  ORIGIN,
  STORE_FILE,
} from "./layout.ts";
import { createObjectives } from "./objectives.ts";

// Whether the tables of a file are those that this program makes. Somebody may have dropped one, put a view in its place, or added a
// trigger, which would change what is stored in the transaction that stores it.

type Table = {
  /** Its columns in their order: name, type, whether it must not be null, and its place in the primary key. */
  readonly columns: readonly string[];
  readonly uniqueIndexes: readonly string[];
};

/** Stands for each collection. Tables are made under this name once, to be compared with. */
const ANY = "any";

/**
 * @param isWriter whoever writes makes some tables where they are missing: it may lack the index of ids, which is made anew from the facts.
 * @throws `Unavailable` when the tables of a file are others.
 */
export function refuseOtherTables(db: DatabaseSync, path: string, isWriter: boolean): void {
  const [fault] = tableFaults(db, isWriter);
  if (fault === undefined) return;
  throw new Unavailable("STORE_CORRUPT", `Cannot use store "${path}": ${fault.message}`, fault.remedy);
}

type Fault = { readonly message: string; readonly remedy: string };

/** What is different in the tables of a file, read in one transaction: another process may be making some. */
export function tableFaults(db: DatabaseSync, isWriter: boolean): readonly Fault[] {
  if (db.isTransaction) return faultsOf(db, isWriter);
  db.exec("BEGIN");
  try {
    return faultsOf(db, isWriter);
  } finally {
    rollback(db);
  }
}

function faultsOf(db: DatabaseSync, isWriter: boolean): readonly Fault[] {
  const named = rowsOf(db, "SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name");
  const kinds = new Map(named.map(([name = "", kind = ""]) => [name, kind]));
  const triggers = rowsOf(db, "SELECT name FROM sqlite_schema WHERE type = 'trigger' ORDER BY name");
  const faults = triggers.map(([name]) => added(`trigger "${name}"`));
  const look = (name: string, table: Table, mayLack: boolean, remedy: string): void => {
    const kind = kinds.get(name);
    if (kind === "table") faults.push(...differences(db, name, table));
    else if (kind !== undefined) faults.push({ message: `${name} is a ${kind}, and no table`, remedy: RECOVERY });
    else if (!mayLack) faults.push({ message: `table ${name} is missing`, remedy });
  };
  const { shared, optional, ofCollection } = tablesMade();
  for (const [name, table] of shared) look(name, table, optional.has(name), RECOVERY);
  const index = new Set([idsTable(ANY), runsTable(ANY)]);
  for (const collection of collectionsIn([...kinds.keys()])) {
    const of = (text: string): string => text.replace(ANY, collection);
    // A table of documents that is missing is what a repair brings back. Facts without an index are made one by whoever writes.
    const needsIndex = !isWriter && kinds.has(`validated_${collection}`);
    for (const [name, { columns, uniqueIndexes }] of ofCollection) {
      const isNeeded = index.has(name) && needsIndex;
      look(
        of(name),
        { columns, uniqueIndexes: uniqueIndexes.map(of) },
        !isNeeded,
        STORE_FILE.check?.remedy ?? RECOVERY,
      );
    }
  }
  return faults;
}

/** The collections of which something is there. */
function collectionsIn(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.flatMap((name) => /^(?:validated|failed)_([a-z][a-z0-9_]{0,62})$/.exec(name)?.[1] ?? []));
}

const RECOVERY = STORE_FILE.recovery;

function added(what: string): Fault {
  return {
    message: `somebody added the ${what}`,
    remedy: "find out who did, drop it, and run `sigma audit --source`: it may have changed what was stored",
  };
}

function differences(db: DatabaseSync, name: string, { columns, uniqueIndexes }: Table): readonly Fault[] {
  const own = tableOf(db, name);
  if (!hasColumns(name, own.columns, columns))
    return [{ message: `table ${name} has other columns than this program makes`, remedy: RECOVERY }];
  const more = own.uniqueIndexes.find((index) => !uniqueIndexes.includes(index));
  return more === undefined ? [] : [added(`unique index "${more}" to ${name}`)];
}

function hasColumns(name: string, own: readonly string[], made: readonly string[]): boolean {
  // A table of failures may lack its last column until a gateway opens the file.
  const needed = name.startsWith("failed_") ? made.filter((one) => !one.startsWith(`${ORIGIN} `)) : made;
  // What a table of documents has more, the documents are told to have.
  const isOfDocuments = /^(?:validated|failed)_/.test(name);
  return needed.every((one, at) => own[at] === one) && (isOfDocuments || own.length === made.length);
}

type Made = {
  readonly shared: ReadonlyMap<string, Table>;
  /** Those that files may lack until a gateway opens them. */
  readonly optional: ReadonlySet<string>;
  readonly ofCollection: ReadonlyMap<string, Table>;
};

let made: Made | null = null;

/** The tables that this program makes, as they are in a file that it made. */
function tablesMade(): Made {
  if (made !== null) return made;
  const db = new DatabaseSync(":memory:");
  try {
    const tables = (): readonly string[] =>
      rowsOf(db, "SELECT name FROM sqlite_schema WHERE type = 'table'").map(([name = ""]) => name);
    createStoreLayout(db);
    const first = new Set(tables());
    for (const create of [createLogEnds, createVolume, createGroupDays, createAdvice, createObjectives]) create(db);
    const shared = tables();
    // The counters of days came later, too.
    const optional = new Set(shared.filter((name) => !first.has(name) || name === "sigma_group_days"));
    createCollection(db, ANY);
    const ofCollection = tables().filter((name) => !shared.includes(name));
    const read = (names: readonly string[]) => new Map(names.map((name) => [name, tableOf(db, name)]));
    made = { shared: read(shared), optional, ofCollection: read(ofCollection) };
    return made;
  } finally {
    db.close();
  }
}

function tableOf(db: DatabaseSync, name: string): Table {
  const columns = rowsOf(
    db,
    `SELECT name || ' ' || type || ' ' || "notnull" || ' ' || pk FROM pragma_table_info(?)`,
    name,
  );
  const indexes = rowsOf(db, `SELECT name FROM pragma_index_list(?) WHERE "unique" AND origin = 'c'`, name);
  const named = indexes.map(([index = ""]) => index);
  return { columns: columns.map(([column = ""]) => column), uniqueIndexes: named };
}

function rowsOf(db: DatabaseSync, sql: string, ...values: readonly string[]): readonly (readonly string[])[] {
  return db
    .prepare(sql)
    .all(...values)
    .map((row) => Object.values(row).map(String));
}
