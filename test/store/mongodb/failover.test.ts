import { setTimeout as delay } from "node:timers/promises";
import { MongoClient } from "mongodb";
import { describe, expect, onTestFinished, test } from "vitest";
import { Unavailable } from "../../../src/core/unavailable.ts";
import { openMongoStore } from "../../../src/store/mongodb/store.ts";
import { GENESIS } from "../../../src/ledger/entry.ts";
import type { ValidatedRow } from "../../../src/store/store.ts";
import { command, type MongoServer } from "../../servers/mongodb.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { differencesOf, LAW_COLLECTION, ledgerEntry, STREAM, validatedRow, insertFacts } from "../rows.ts";

const mongo = mongoForTests(3);

async function primaryOf({ ports }: MongoServer): Promise<number> {
  for (;;) {
    const hellos = await Promise.all(ports.map(async (port) => command(port, { hello: 1 }).catch(() => ({}))));
    const found = hellos.findIndex((hello) => (hello as { isWritablePrimary?: boolean }).isWritablePrimary === true);
    if (found !== -1) return found;
    await delay(100);
  }
}

describe("a replica set that loses its primary", () => {
  test("five times while the gateway writes: nothing that was acknowledged is lost, the chain has no hole, and no answer is wrong", async () => {
    const server = mongo.server();
    const uri = server.uri.replace("/?", "/failover?");
    const timeouts = { selectionTimeoutMs: 5_000, socketTimeoutMs: 10_000 };
    const store = await openMongoStore({ uri, collections: [LAW_COLLECTION], ...timeouts });
    onTestFinished(store.close);
    let stop = false;
    const until = async <T>(write: () => Promise<T>): Promise<T> => {
      for (;;) {
        try {
          return await write();
        } catch (error) {
          if (!(error instanceof Unavailable)) throw error;
          await delay(50);
        }
      }
    };
    const acknowledged: ValidatedRow[] = [];
    const writing = (async () => {
      let prevHash = GENESIS;
      for (let seq = 0; !stop; seq += 1) {
        const entry = ledgerEntry(seq, { prevHash });
        const claimed = await until(async () => store.insertLedger(entry, null));
        // A lost acknowledgement is our own entry.
        if (claimed === "exists") expect(await until(async () => store.ledgerEntry(STREAM, seq))).toEqual(entry);
        const rows = Array.from({ length: 20 }, (_, index) =>
          validatedRow(`${seq}-${index}`, BigInt(seq * 20 + index)),
        );
        await until(async () => insertFacts(store, LAW_COLLECTION, rows));
        acknowledged.push(...rows);
        prevHash = entry.hash;
      }
    })();
    for (let round = 0; round < 5; round += 1) {
      const before = acknowledged.length;
      await expect.poll(() => acknowledged.length).toBeGreaterThan(before);
      const primary = await primaryOf(server);
      if (round % 2 === 0) {
        await server.kill(primary);
        // The driver may write again so quickly that no write is seen to fail.
        expect(await primaryOf(server)).not.toBe(primary);
        await server.start(primary);
      } else {
        await command(server.ports[primary] ?? 0, { replSetStepDown: 5, force: true }).catch(() => undefined);
      }
      const after = acknowledged.length;
      await expect.poll(() => acknowledged.length).toBeGreaterThan(after);
    }
    stop = true;
    await writing;
    const last = acknowledged.length / 20 - 1;
    expect(await differencesOf(store.reads, { facts: acknowledged })).toEqual([]);
    expect(await store.reads.tally()).toEqual({ validated: acknowledged.length, failed: 0, receipts: 0 });
    const entries = await store.reads.ledger(STREAM, 0, acknowledged.length);
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: last + 1 }, (_, seq) => seq));
    expect(entries.every((entry, index) => index === 0 || entry.prevHash === entries[index - 1]?.hash)).toBe(true);
  });

  test("a writer that is content with one acknowledgement loses what it was told is written: the test can see loss", async () => {
    const server = mongo.server();
    const primary = await primaryOf(server);
    const others = server.ports.map((_, node) => node).filter((node) => node !== primary);
    const port = server.ports[primary] ?? 0;
    const weak = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true&w=1&journal=false`);
    await weak.connect();
    // Gone, not frozen: a frozen secondary would find the write in its socket when it wakes.
    await Promise.all(others.map(async (node) => server.kill(node)));
    const collection = weak.db("failover").collection("weak");
    const { insertedId } = await collection.insertOne({ said: "written" });
    await server.kill(primary);
    await weak.close(true);
    await Promise.all(others.map(async (node) => server.start(node)));
    await primaryOf(server);
    await server.start(primary);
    const client = new MongoClient(server.uri, { readConcern: { level: "majority" } });
    onTestFinished(async () => client.close());
    expect(await client.db("failover").collection("weak").findOne({ _id: insertedId })).toBeNull();
  });
});
