import { expect, test } from "vitest";
import { Unavailable } from "../../src/core/unavailable.ts";
import { BREAKER_OFF } from "../../src/gateway/breaker.ts";
import type { Source } from "../../src/source/source.ts";
import type { Store, StoreWrites } from "../../src/store/store.ts";
import { openEmbedded, shipment, type Embedded } from "../embedded.ts";

/** Tells from which offsets batches are fetched, and which of them the store was asked to keep. */
function watched({ log, store }: Embedded, insert: (facts: number) => Promise<void>) {
  const order: string[] = [];
  const source: Source = {
    ...log,
    fetch: async (...given) => {
      const fetched = await log.fetch(...given);
      if (fetched.kind === "records") order.push(`fetched ${fetched.from}`);
      return fetched;
    },
  };
  const insertFacts =
    (writes: StoreWrites): StoreWrites["insertFacts"] =>
    async (collection, facts, except) => {
      await insert(facts.size());
      const taken = await writes.insertFacts(collection, facts, except);
      order.push("stored");
      return taken;
    };
  const slow: Store = {
    ...store,
    unit: async (work) => store.unit(async (writes) => work({ ...writes, insertFacts: insertFacts(writes) })),
  };
  return { order, source, store: slow };
}

const texts = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => shipment(`S${n}`));

test("the next batch is fetched and decided while the one before it is stored", async () => {
  const embedded = await openEmbedded();
  await embedded.append(...texts(10));
  const nextIsFetched = Promise.withResolvers<void>();
  const { order, source, store } = watched(embedded, async () => {
    // Without deciding ahead the second fetch would wait for this one.
    if (!order.includes("stored")) await nextIsFetched.promise;
  });
  const told: Source = {
    ...source,
    fetch: async (...given) => {
      const fetched = await source.fetch(...given);
      if (fetched.kind === "records" && fetched.from === 5n) nextIsFetched.resolve();
      return fetched;
    },
  };
  await embedded.settle({ source: told, store });
  expect(order.slice(0, 3)).toEqual(["fetched 0", "fetched 5", "stored"]);
  expect(await embedded.store.reads.tally()).toMatchObject({ validated: 10 });
  expect((await embedded.audit(true)).findings).toEqual([]);
});

test("what was decided ahead of a batch that could not be stored is decided again, and gives up its turn", async () => {
  const embedded = await openEmbedded();
  await embedded.append(...texts(15));
  let failures = 6;
  const { order, source, store } = watched(embedded, async () => {
    failures -= 1;
    if (failures >= 0) throw new Unavailable("STORE_FULL", "the disk is full", "free some space");
  });
  // A gateway has settleLimit for four batches: were they kept, the stream would stand for good.
  await embedded.settle({ source, store });
  expect(order.filter((step) => step === "fetched 5").length).toBeGreaterThan(1);
  expect(await embedded.store.reads.tally()).toMatchObject({ validated: 15, receipts: 0 });
  expect((await embedded.audit(true)).findings).toEqual([]);
});

test("a breaker counts a batch once, also one that was decided twice", async () => {
  const embedded = await openEmbedded();
  await embedded.append(...texts(5), "{", "{", "{", "{", "{", ...texts(2));
  let failures = 2;
  const { source, store } = watched(embedded, async () => {
    failures -= 1;
    if (failures >= 0) throw new Unavailable("STORE_FULL", "the disk is full", "free some space");
  });
  const breaker = { failedRatioMax: null, consecutiveMax: 6, window: 100 };
  const gateway = await embedded.settle({ source, store, breaker });
  expect(gateway.streams()[0]?.state).toBe("stopped");
  expect(await embedded.store.reads.tally()).toMatchObject({ failed: 5 });
});

test("a batch that fills a lane's bound by itself gives up its turn when it cannot be stored, before what was begun ahead", async () => {
  const embedded = await openEmbedded();
  await embedded.append(...texts(15));
  let failures = 3;
  const { source, store } = watched(embedded, async () => {
    failures -= 1;
    if (failures >= 0) throw new Unavailable("STORE_FULL", "the disk is full", "free some space");
  });
  const laneOf = () => ({ inFlight: 5, breaker: BREAKER_OFF });
  await embedded.settle({ source, store, laneOf });
  expect(await embedded.store.reads.tally()).toMatchObject({ validated: 15, receipts: 0 });
});
