import type { Db } from "mongodb";

/** The receipts of a database by where they are: `<topic>/<partition>@<offset>#<stream number>`, and the fact that each names. */
export async function receiptsIn(db: Db): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for await (const { _id, of } of db.collection<{ _id: string; of: object }>("sigma_receipts").find())
    for (const [offset, id] of Object.entries(of)) found.set(_id.replace(/@\d+#/, `@${offset}#`), String(id));
  return found;
}
