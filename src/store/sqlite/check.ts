import type { DatabaseSync } from "node:sqlite";
import { indexFaults } from "./fact-index.ts";
import { factCollections } from "./layout.ts";
import { preparedTuples } from "./tuples.ts";

/** What is wrong with a store's file that SQLite cannot know ({@link FileKind}): the index of ids is this program's own. */
export function faultsIn(db: DatabaseSync): readonly string[] {
  return indexFaults(preparedTuples(db), factCollections(db));
}
