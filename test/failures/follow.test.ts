import { expect, test } from "vitest";
import { ANY_FAILURE, isWanted } from "../../src/failures/filter.ts";
import { followFailures } from "../../src/failures/follow.ts";
import { holdsRedriven } from "../../src/failures/redriven.ts";
import type { StreamNote } from "../../src/store/stream-note.ts";
import { openEmbedded, shipment, type Embedded } from "../embedded.ts";

/** Follows through some looks at the ledger; before each look something happens. */
async function follow(
  { store, lookup }: Embedded,
  steps: readonly (() => Promise<unknown>)[],
  reads: Embedded["store"]["reads"] = store.reads,
  isLeftOut: (note: StreamNote) => boolean = holdsRedriven,
): Promise<readonly number[]> {
  const rest = [...steps];
  const wait = async (): Promise<boolean> => {
    const step = rest.shift();
    await step?.();
    return step !== undefined;
  };
  const found: number[] = [];
  for await (const failure of followFailures(reads, lookup, isLeftOut, wait)) {
    expect(isWanted(ANY_FAILURE, failure, () => "open")).toBe(true);
    found.push(Number(failure.offset));
  }
  return found;
}

/** A step that appends records and settles them. */
function arrive(embedded: Embedded, ...texts: readonly string[]): () => Promise<void> {
  return async () => {
    await embedded.append(...texts);
    await embedded.settle();
  };
}

const nothing = async (): Promise<void> => undefined;

test("failures are followed from now on, each once, in the order of the ledger", async () => {
  const embedded = await openEmbedded();
  await arrive(embedded, "{", shipment("a"))();
  const seven = ["[", shipment("b"), "{", "{", "{", "{", "{"];
  const found = await follow(embedded, [
    nothing,
    arrive(embedded, ...seven),
    nothing,
    arrive(embedded, shipment("c"), "x"),
    nothing,
  ]);
  expect(found).toEqual([2, 4, 5, 6, 7, 8, 10]);
});

test("a stream that begins later is followed from its beginning, and one that is left out is not", async () => {
  const embedded = await openEmbedded();
  expect(await follow(embedded, [arrive(embedded, "{", "{"), nothing])).toEqual([0, 1]);
  const other = await openEmbedded();
  expect(await follow(other, [arrive(other, "{"), nothing], other.store.reads, () => true)).toEqual([]);
});

test("an entry whose failures are not stored yet is given once they are, and none of them twice", async () => {
  const embedded = await openEmbedded();
  const { reads } = embedded.store;
  let isStored = false;
  const late: typeof reads = {
    ...reads,
    failuresAt: async (...asked) =>
      (await reads.failuresAt(...asked)).filter(({ offset }) => isStored || offset === 0n),
  };
  const store = async (): Promise<void> => {
    isStored = true;
  };
  expect(await follow(embedded, [arrive(embedded, "{", "{"), nothing, store, nothing], late)).toEqual([0, 1]);
});

test("failures whose evidence is dropped are followed, too", async () => {
  const embedded = await openEmbedded();
  const dropping =
    (...texts: readonly string[]) =>
    async (): Promise<void> => {
      for (const text of texts) {
        await embedded.append(text);
        await embedded.settle({ evidence: "drop" });
      }
    };
  expect(await follow(embedded, [dropping("{", shipment("a"), "[", "{"), nothing])).toEqual([0, 2, 3]);
});
