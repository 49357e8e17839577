import { expect, test } from "vitest";
import { PARCEL_COLLECTIONS, send, openLog, parcel, settle, TOPIC } from "../../rejudge/what-if-laws.ts";
import { parcelSet, parcelVersion } from "../../rejudge/history.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { testDatabase } from "../../store/mongodb/database.ts";
import { receiptLaws } from "./receipt-laws.ts";
import { redriveLaws } from "./redrive-laws.ts";
import { made, planOf, run } from "./redriving.ts";

const mongo = mongoForTests(1);

redriveLaws("the MongoDB store", async () => {
  const database = await testDatabase(mongo.server());
  return { open: async () => database.open({ collections: PARCEL_COLLECTIONS }) };
});

receiptLaws("the MongoDB store", async () => {
  const database = await testDatabase(mongo.server());
  return {
    open: async () => database.open({ collections: PARCEL_COLLECTIONS }),
    lose: async (_, { topic, partition, number }, from) => {
      const _id = `${topic}/${partition}@${from}#${number}` as never;
      const { deletedCount } = await database.raw.collection("sigma_receipts").deleteOne({ _id });
      if (deletedCount !== 1) throw new Error(`there is no document ${String(_id)}`);
    },
  };
});

test("the document of a redriven fact names its plan", async () => {
  const database = await testDatabase(mongo.server());
  const store = await database.open({ collections: PARCEL_COLLECTIONS });
  const versions = [1, 2].map((version) => parcelVersion(version, { status: "active", maximum: version * 10 }));
  const log = openLog();
  await send(log, [parcel("a", 15)]);
  await settle(log, store, parcelSet(TOPIC, 1, versions));
  const plan = made(await planOf(store, parcelSet(TOPIC, 1, versions), {}, 2));
  await run(store, parcelSet(TOPIC, 1, versions), plan);
  const fact = await database.raw.collection("validated_parcels").findOne({});
  expect(fact).toMatchObject({ source: { topic: TOPIC, partition: 0, redrive: plan.id, offset: 0n } });
});
