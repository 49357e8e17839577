import type { DatabaseSync } from "node:sqlite";
import { indexFaults } from "./fact-index.ts";
import { factCollections } from "./layout.ts";
import { tableFaults } from "./schema.ts";
import { preparedTuples } from "./tuples.ts";

/**
 * What is wrong with a store's file that SQLite cannot know ({@link FileKind}): the index of ids is this program's own. Whoever opens a file
 * with other tables refuses it, or makes the index anew that was dropped.
 */
export function faultsIn(db: DatabaseSync): readonly string[] {
  if (tableFaults(db, false).length > 0) return [];
  return indexFaults(preparedTuples(db), factCollections(db));
}
