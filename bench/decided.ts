import type { Db } from "mongodb";

/** How many records a gateway decided into a database, by its counters: they are few, so that asking often costs the server little. */
export async function decidedIn(db: Db): Promise<number> {
  const counters = await db
    .collection("sigma_volume")
    .find({ kind: { $in: ["passed", "failed"] } })
    .toArray();
  return counters.reduce((sum, counter) => sum + Number(counter["count"]), 0);
}
