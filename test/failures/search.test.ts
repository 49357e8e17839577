import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exactInteger } from "../../src/json/exact-integer.ts";
import { allFailures } from "../../src/failures/export.ts";
import { failureId } from "../../src/failures/failure-id.ts";
import { ANY_FAILURE, type FailureFilter } from "../../src/failures/filter.ts";
import { NO_REDACTION } from "../../src/failures/redact.ts";
import { holdsRedriven } from "../../src/failures/redriven.ts";
import { searchFailures, type FailurePage, type Search } from "../../src/failures/search.ts";
import type { Store } from "../../src/store/store.ts";
import { openStore, putFailures, redriveOf, streamOf, TWO } from "./store.ts";

const SEARCH: Search = {
  filter: ANY_FAILURE,
  cursor: null,
  limit: 3,
  withPayload: false,
  stateOf: () => "open",
  redaction: NO_REDACTION,
  isLeftOut: holdsRedriven,
};

async function pageOf(store: Store, changes: Partial<Search> = {}): Promise<FailurePage> {
  const page = await searchFailures(store.reads, { ...SEARCH, ...changes });
  if (page === "foreign-cursor") throw new Error("the cursor was refused");
  return page;
}

/** Reads to the end; `between` runs after each page. */
async function readAll(
  store: Store,
  changes: Partial<Search> = {},
  between: () => Promise<void> = async () => undefined,
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = null; ;) {
    const page: FailurePage = await pageOf(store, { ...changes, cursor });
    ids.push(...page.failures.map((one) => `${one.collection} ${failureId(one)}`));
    if (page.next === null) return ids;
    cursor = page.next;
    await between();
  }
}

/** Few times, so that many failures share one, and the last of 64 bits in both directions. */
const TIMES = [0n, 1n, 2n, 1_700_000_000_000n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 63n - 2n, -1n];

type Arrival = { readonly collection: 0 | 1; readonly stream: 0 | 1 | 2; readonly time: number };

const arrival: fc.Arbitrary<Arrival> = fc.record({
  collection: fc.constantFrom(0, 1),
  stream: fc.constantFrom(0, 1, 2),
  time: fc.nat(TIMES.length - 1),
});

describe("pages of failures", () => {
  test("give every failure of the start once and in order, whatever arrives meanwhile, and none that was sent again", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(arrival, { maxLength: 25 }),
        fc.array(arrival, { maxLength: 12 }),
        fc.integer({ min: 1, max: 6 }),
        async (before, meanwhile, limit) => {
          const store = openStore();
          // The third stream holds what was sent again.
          const notes = [await streamOf(store, 0), await streamOf(store, 1), await redriveOf(store)];
          let offset = 0;
          const put = async ({ collection, stream, time }: Arrival): Promise<string | null> => {
            offset += 1;
            const note = notes[stream] ?? (await streamOf(store, 0));
            const timestampMs = exactInteger(TIMES[time] ?? 0n);
            await putFailures(store, note, [{ offset, timestampMs }], TWO[collection]);
            return holdsRedriven(note)
              ? null
              : `${TWO[collection]} ${failureId({ stream: note, offset: BigInt(offset) })}`;
          };
          const start: string[] = [];
          for (const one of before) start.push(...[await put(one)].flatMap((id) => id ?? []));
          const order = await readAll(store, { limit: 1_000 });
          expect(order.toSorted()).toEqual(start.toSorted());
          const rest = [...meanwhile];
          const read = await readAll(store, { limit }, async () => {
            const next = rest.pop();
            if (next !== undefined) await put(next);
          });
          const known = new Set(start);
          expect(read.filter((id) => known.has(id))).toEqual(order);
          expect(new Set(read).size).toBe(read.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a page that finds little ends after 1,000 that it looked at, and the next goes on behind them", async () => {
    const store = openStore();
    const note = await streamOf(store, 0);
    const many = Array.from({ length: 1_100 }, (_, n) => ({ offset: n, timestampMs: n }));
    await putFailures(store, note, [{ ...many[0], offset: 5_000, timestampMs: -1, producer: "rare" }, ...many]);
    const filter: FailureFilter = { ...ANY_FAILURE, producer: "rare" };
    const first = await pageOf(store, { filter });
    expect([first.failures, first.looked]).toEqual([[], 1_000]);
    const second = await pageOf(store, { filter, cursor: first.next });
    expect([second.failures.map(({ offset }) => offset), second.next]).toEqual([[5_000n], null]);
  });

  test("read payloads of no more than 500 failures for a field of the payload", async () => {
    const store = openStore();
    const note = await streamOf(store, 0);
    await putFailures(
      store,
      note,
      Array.from({ length: 600 }, (_, n) => ({ offset: n, timestampMs: n })),
    );
    const filter: FailureFilter = { ...ANY_FAILURE, field: { pointer: "/n", value: "0" } };
    expect(await pageOf(store, { filter })).toMatchObject({ failures: [], looked: 500 });
    expect(await readAll(store, { filter })).toEqual([`orders orders/0@0#${note.number}`]);
  });

  test("the times of the first page hold for all pages of a cursor", async () => {
    const store = openStore();
    const note = await streamOf(store, 0);
    await putFailures(
      store,
      note,
      [10, 20, 30, 40].map((timestampMs) => ({ offset: timestampMs, timestampMs })),
    );
    const first = await pageOf(store, { filter: { ...ANY_FAILURE, fromMs: 20 }, limit: 2 });
    const later = await pageOf(store, { filter: { ...ANY_FAILURE, fromMs: 35 }, cursor: first.next });
    expect(later.failures.map(({ offset }) => offset)).toEqual([20n]);
  });

  test("a position is found in every stream and collection that has it, within the times", async () => {
    const store = openStore();
    for (const [at, collection] of TWO.entries())
      await putFailures(store, await streamOf(store, 0, `${at}`), [{ offset: 7, timestampMs: 100 }], collection);
    const place = { ...ANY_FAILURE, topic: "orders", partition: 0, offset: 7n };
    expect((await pageOf(store, { filter: place })).failures.map(({ collection }) => collection)).toEqual([...TWO]);
    expect((await pageOf(store, { filter: { ...place, fromMs: 101 } })).failures).toEqual([]);
    expect((await pageOf(store, { filter: { ...place, toMs: 100 } })).failures).toEqual([]);
  });

  test("a cursor of another filter, and one of a stream that the store does not have, are refused", async () => {
    const store = openStore();
    const note = await streamOf(store, 0);
    const two = [1, 2].map((offset) => ({ offset, timestampMs: offset }));
    await putFailures(store, note, two);
    const { next } = await pageOf(store, { limit: 1 });
    const other = { ...SEARCH, filter: { ...ANY_FAILURE, code: "rule" }, cursor: next };
    expect(await searchFailures(store.reads, other)).toBe("foreign-cursor");
    const empty = openStore();
    expect(await searchFailures(empty.reads, { ...SEARCH, cursor: next })).toBe("foreign-cursor");
  });

  test("all failures of a search are read page by page", async () => {
    const store = openStore();
    const note = await streamOf(store, 0);
    await putFailures(
      store,
      note,
      Array.from({ length: 700 }, (_, n) => ({ offset: n, timestampMs: n % 3 })),
    );
    const { cursor: _cursor, limit: _limit, ...search } = SEARCH;
    const found: bigint[] = [];
    for await (const { offset } of allFailures(store.reads, search)) found.push(offset);
    expect([found.length, new Set(found).size]).toEqual([700, 700]);
  });
});
