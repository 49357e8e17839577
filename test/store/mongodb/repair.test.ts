import { UUID } from "mongodb";
import { onTestFinished } from "vitest";
import { PARCEL_COLLECTIONS } from "../../rejudge/what-if-laws.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { repairLaws } from "../../repair/repair-laws.ts";
import { testDatabase } from "./database.ts";
import { receiptsIn } from "./receipts-in.ts";

const mongo = mongoForTests(1);

const COLLECTIONS = { validated: "validated_parcels", failed: "failed_parcels", receipt: "sigma_receipts" } as const;

repairLaws("the MongoDB store", async () => {
  const database = await testDatabase(mongo.server());
  const store = await database.open({ collections: PARCEL_COLLECTIONS });
  onTestFinished(store.close);
  return {
    store,
    change: async (kind) => {
      const collection = database.raw.collection(COLLECTIONS[kind]);
      const one = await collection.findOne({}, { sort: { _id: 1 } });
      const [offset] = Object.keys((one?.["of"] ?? {}) as object);
      const receipt = { [`of.${offset}`]: new UUID() };
      const change = { validated: { contract: "other@1" }, failed: { fingerprint: "x" }, receipt }[kind];
      await collection.updateOne({ _id: one!._id }, { $set: change });
    },
    dump: async () => {
      const rows = new Map<string, string>();
      for (const name of Object.values(COLLECTIONS)) {
        for await (const bytes of database.raw.collection(name).find({}, { raw: true })) {
          const text = Buffer.from(bytes as unknown as Uint8Array).toString("hex");
          // The id is the first field.
          if (name !== COLLECTIONS.receipt) rows.set(`${name} ${text.slice(8, 90)}`, text);
        }
      }
      for (const [place, of] of await receiptsIn(database.raw)) rows.set(`${COLLECTIONS.receipt} ${place}`, of);
      return rows;
    },
  };
});
