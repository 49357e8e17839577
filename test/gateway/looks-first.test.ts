import { expect, test } from "vitest";
import type { Store, StoreWrites } from "../../src/store/store.ts";
import { openEmbedded, shipment } from "../embedded.ts";

/** A store of an engine that looks first above some share of taken ids. `looks` gets what was looked for: "all" ids, or so many. */
function looking(store: Store, looksFirstAbove: number, looks: (number | "all")[]): Store {
  const noting = (writes: StoreWrites): StoreWrites => ({
    ...writes,
    looksFirstAbove,
    holdersOf: async (...given) => {
      looks.push(given[2]?.length ?? "all");
      return writes.holdersOf(...given);
    },
  });
  return { ...store, unit: async (work) => store.unit(async (writes) => work(noting(writes))) };
}

test.each([
  { looksFirstAbove: 0.1, then: ["all"] },
  { looksFirstAbove: 0.2, then: [] },
])(
  "after a batch with a fifth of its ids taken, ids are looked up before the insert where the engine does so above $looksFirstAbove",
  async ({ looksFirstAbove, then }) => {
    const embedded = await openEmbedded();
    const looks: (number | "all")[] = [];
    const store = looking(embedded.store, looksFirstAbove, looks);
    // Batches of five records: none of the first is taken, one of the second, none of the third.
    await embedded.append(...Array.from("ABCDEAFGHIJK").map((id) => shipment(id)));
    await embedded.settle({ store });
    // One id was refused, whose holder is read.
    expect(looks).toEqual([1, ...then]);
    expect(await embedded.store.reads.tally()).toEqual({ validated: 11, failed: 0, receipts: 1 });
  },
);
