import { MongoNetworkTimeoutError, type Collection, type IndexDescription } from "mongodb";
import type { Document } from "./bson-reader.ts";

/**
 * Builds an index, and waits until it is built, also where somebody else began it. On a large collection that takes longer than a request
 * may: the server goes on building when a request is given up, and the next request for the same index waits for the same build.
 * @param waiting is called each time that a request was given up.
 * @throws when the server answers nothing at all, or no longer builds the index.
 */
export async function buildIndex(
  collection: Collection<Document>,
  index: IndexDescription & { readonly name: string },
  waiting: (index: string) => void,
): Promise<void> {
  for (;;) {
    try {
      await collection.createIndexes([{ ...index }]);
      return;
    } catch (error) {
      // The server lists an index as soon as it builds it.
      if (!(error instanceof MongoNetworkTimeoutError) || !(await collection.indexExists(index.name))) throw error;
      waiting(index.name);
    }
  }
}
