import { onTestFinished } from "vitest";
import { PARCEL_COLLECTIONS } from "../../rejudge/what-if-laws.ts";
import { retainLaws } from "../../retain/retain-laws.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { testDatabase } from "./database.ts";

const mongo = mongoForTests(1);

retainLaws("the MongoDB store", async () => {
  const database = await testDatabase(mongo.server());
  const store = await database.open({ collections: PARCEL_COLLECTIONS });
  onTestFinished(store.close);
  return store;
});
