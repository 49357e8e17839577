import { MongoServerError, type Db, type Document } from "mongodb";
import { WRITE_CONCERN } from "./connect.ts";
import { DUPLICATE_KEY } from "./unavailable.ts";

/** An update of one document, which it makes where it is missing. `u` may be a pipeline. */
export type Update = { readonly q: Document; readonly u: Document | readonly Document[]; readonly upsert: true };

/** The most updates in one command. */
const UPDATES_MAX = 1_000;

/**
 * Runs conditional upserts. A counter that fails the condition refuses the insert that follows by its `_id`: it has counted the
 * entry already. As for documents, that refusal counts only without a write concern error, for which the driver throws.
 * @returns the indexes of the updates that made a new counter.
 */
export async function raise(db: Db, collection: string, updates: readonly Update[]): Promise<ReadonlySet<number>> {
  const made = new Set<number>();
  for (let from = 0; from < updates.length; from += UPDATES_MAX) {
    const answer = await db.command({
      update: collection,
      updates: updates.slice(from, from + UPDATES_MAX),
      ordered: false,
      writeConcern: WRITE_CONCERN,
    });
    for (const { code, errmsg } of (answer["writeErrors"] ?? []) as readonly { code: number; errmsg: string }[])
      if (code !== DUPLICATE_KEY) throw new MongoServerError({ code, message: errmsg });
    for (const { index } of (answer["upserted"] ?? []) as readonly { index: number }[]) made.add(from + index);
  }
  return made;
}
