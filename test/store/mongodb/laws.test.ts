import { describe } from "vitest";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { storeLaws } from "../store-laws.ts";
import { testDatabase } from "./database.ts";

describe.each([
  ["a replica set", 1],
  ["a standalone server", 0],
] as const)("on %s", (name, nodes) => {
  const mongo = mongoForTests(nodes);
  storeLaws(`the MongoDB store on ${name}`, { atomicUnits: false }, async () => {
    const database = await testDatabase(mongo.server());
    const { gate, uri } = await database.gated();
    return { open: async () => database.open({ uri, selectionTimeoutMs: 5_000 }), takeAway: gate.shut };
  });
});
