import { inPlace } from "./in-place-mongodb.ts";
import type { Migration } from "./migration.ts";
import type { MongoTarget } from "./mongodb-target.ts";
import { countUnpacked, packReceipts } from "./pack-receipts.ts";

const [FROM, TO] = [3, 4];

/** The migration from layout 3, in place: receipts of one document each go into documents of 256 offsets. */
export function fromLayout3(target: MongoTarget): Migration {
  return {
    from: FROM,
    to: TO,
    plan: async () => ({
      steps: [
        `put ${await countUnpacked(target)} receipts into documents of 256 offsets`,
        "decide nothing again: every decision, fact and failure stays as it is",
      ],
      decided: [],
      heldOutside: async () => 0,
    }),
    up: async (tell, operator) => {
      tell("look at every receipt");
      await countUnpacked(target);
      await inPlace(target, { from: FROM, why: "receipts share documents" }, tell, operator, async () => {
        tell("pack the receipts");
        await packReceipts(target, tell);
        return target.openNew();
      });
    },
  };
}
