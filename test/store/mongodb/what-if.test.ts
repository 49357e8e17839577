import { describe } from "vitest";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { PARCEL_COLLECTIONS, whatIfLaws } from "../../rejudge/what-if-laws.ts";
import { testDatabase } from "./database.ts";

describe("on a replica set", () => {
  const mongo = mongoForTests(1);
  whatIfLaws("a MongoDB store", async () => {
    const database = await testDatabase(mongo.server());
    return database.open({ collections: PARCEL_COLLECTIONS });
  });
});
