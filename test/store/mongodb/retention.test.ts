import { expect, onTestFinished, test } from "vitest";
import type { Store } from "../../../src/store/store.ts";
import { PARCEL_COLLECTIONS } from "../../rejudge/what-if-laws.ts";
import { expectGoesOn, repeats } from "../../retain/block-laws.ts";
import { retain } from "../../retain/days.ts";
import { retainLaws } from "../../retain/retain-laws.ts";
import { command } from "../../servers/mongodb.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { testDatabase } from "./database.ts";

const mongo = mongoForTests(1);

async function open(): Promise<Store> {
  const database = await testDatabase(mongo.server());
  const store = await database.open({ collections: PARCEL_COLLECTIONS });
  onTestFinished(store.close);
  return store;
}

retainLaws("the MongoDB store", open);

test("cut off from MongoDB behind any request that writes, a run that takes receipts out of a document is completed by the next", async () => {
  const point = async (mode: "off" | { readonly skip: number }): Promise<void> => {
    const data = { failCommands: ["insert", "update", "delete"], closeConnection: true, appName: "sigma-aetl" };
    await command(mongo.server().ports[0] ?? 0, { configureFailPoint: "failCommand", mode, data });
  };
  onTestFinished(async () => point("off"));
  const cut: number[] = [];
  for (let requests = 0; cut.length === requests; requests += 1) {
    const store = await open();
    await repeats(store);
    await point({ skip: requests });
    await retain(store, { receipts: 1 }, 1.5).catch(() => cut.push(requests));
    await point("off");
    await expectGoesOn(store);
  }
  // The announcement, the documents that keep some, those that keep none, and the end.
  expect(cut).toEqual([0, 1, 2, 3]);
});
