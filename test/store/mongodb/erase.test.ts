import { onTestFinished } from "vitest";
import { unpackEvidence } from "../../../src/ledger/packed.ts";
import { eraseLaws } from "../../erase/erase-laws.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { PARCEL_COLLECTIONS } from "../../rejudge/what-if-laws.ts";
import { testDatabase } from "./database.ts";

const mongo = mongoForTests(1);

eraseLaws("the MongoDB store", async () => {
  const database = await testDatabase(mongo.server());
  const store = await database.open({ collections: PARCEL_COLLECTIONS });
  onTestFinished(store.close);
  return {
    store,
    everything: async () => {
      const texts: string[] = [];
      for (const { name } of await database.raw.listCollections().toArray()) {
        for await (const bytes of database.raw.collection(name).find({}, { raw: true }))
          texts.push(Buffer.from(bytes as unknown as Uint8Array).toString("latin1"));
      }
      for await (const entry of database.raw.collection("sigma_ledger").find({}, { promoteBuffers: true })) {
        const packed: unknown = entry["packed"];
        if (packed instanceof Uint8Array) texts.push(String(unpackEvidence(packed, 100_000_000)?.toString("latin1")));
      }
      return texts.join("\n");
    },
  };
});
