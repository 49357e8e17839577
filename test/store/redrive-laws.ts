import { describe, expect, test } from "vitest";
import type { FailureScan, RedrivePage } from "../../src/store/redrives.ts";
import type { Store } from "../../src/store/store.ts";
import { failedRow, insertFailed, LAW_COLLECTION, noteOf, STREAM } from "./rows.ts";
import type { StoreBackend } from "./store-laws.ts";

const PLAN = "0123456789ab";
const ANY: FailureScan = {
  fingerprint: null,
  code: null,
  streams: null,
  from: null,
  to: null,
  fromMs: null,
  toMs: null,
};

/** What every store keeps of redrives. */
export function redriveLaws(name: string, start: () => Promise<StoreBackend>): void {
  describe(`${name} keeps the laws of redrives`, () => {
    test("a plan comes back as it was stored first, and there is none that was not stored", async () => {
      const { open } = await start();
      const [one, other] = [await open(), await open()];
      await one.putRedrive(PLAN, "it's \u{1f4e6}");
      await other.putRedrive(PLAN, "another");
      expect(await other.reads.redrive(PLAN)).toBe("it's \u{1f4e6}");
      expect(await other.reads.redrive("ba9876543210")).toBeNull();
    });

    test("when a runner was last at work is what was noted last, beside the plan and apart from it", async () => {
      const { open } = await start();
      const [one, other] = [await open(), await open()];
      await one.putRedrive(PLAN, "a plan");
      expect(await one.reads.redriveSeen(PLAN)).toBeNull();
      await one.noteRedriveSeen(PLAN, "2026-01-01T00:00:00.000Z");
      await other.noteRedriveSeen(PLAN, "2026-01-01T00:00:10.000Z");
      expect(await one.reads.redriveSeen(PLAN)).toBe("2026-01-01T00:00:10.000Z");
      expect(await one.reads.redriveSeen("ba9876543210")).toBeNull();
      expect(await one.reads.redrive(PLAN)).toBe("a plan");
    });

    test("an offset is in the page whose range has it", async () => {
      const { open } = await start();
      const store = await open();
      const pages = [page(5n, 9n), page(9n, 2n ** 53n + 1n), page(2n ** 53n + 1n, 2n ** 63n - 1n)];
      await store.putRedrivePages(pages);
      await store.putRedrivePages(pages);
      await store.putRedrivePages([]);
      await store.putRedrivePages([{ ...page(0n, 100n), stream: `${STREAM}0` }]);
      const { reads } = await open();
      const at = async (offset: bigint) => reads.redrivePage(PLAN, STREAM, offset);
      expect(await Promise.all([4n, 5n, 8n, 9n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n].map(at))).toEqual([
        null,
        pages[0],
        pages[0],
        pages[1],
        pages[1],
        pages[2],
        null,
      ]);
      expect(await reads.redrivePage("ba9876543210", STREAM, 5n)).toBeNull();
    });

    test("failures are found by what is asked for, each once", async () => {
      const { open } = await start();
      const store = await open();
      const note = await noteOf(store);
      const rows = [
        failedRow(1n, { timestampMs: 100 }),
        failedRow(2n, { timestampMs: -5, fingerprint: "a".repeat(16) }),
        failedRow(2n ** 53n + 1n, { timestampMs: 300, reason: { kind: "store-rejected", message: "no" } }),
      ];
      await insertFailed(store, LAW_COLLECTION, rows);
      const of = async (changes: Partial<FailureScan>): Promise<readonly bigint[]> => {
        const found: bigint[] = [];
        for await (const places of store.reads.failurePlaces(LAW_COLLECTION, { ...ANY, ...changes })) {
          expect(places.every(({ stream }) => stream === note.number)).toBe(true);
          found.push(...places.map(({ offset }) => offset));
        }
        return found.toSorted((a, b) => Number(a - b));
      };
      const [first, second, third] = [1n, 2n, 2n ** 53n + 1n];
      expect(await of({})).toEqual([first, second, third]);
      expect(await of({ fingerprint: "a".repeat(16) })).toEqual([second]);
      expect(await of({ code: "rule" })).toEqual([first, second]);
      expect(await of({ from: 2n, to: 2n ** 53n + 1n })).toEqual([second]);
      expect(await of({ fromMs: 100, toMs: 300 })).toEqual([first]);
      expect(await of({ streams: [note.number], code: "store-rejected" })).toEqual([third]);
      expect(await of({ streams: [note.number + 1] })).toEqual([]);
      expect(await of({ streams: [] })).toEqual([]);
      expect(await placesOf(store, "nothing")).toEqual([]);
    });

    test("failures are found across pages", async () => {
      const { open } = await start();
      const store = await open();
      await noteOf(store);
      const rows = Array.from({ length: 12_345 }, (_, index) => failedRow(BigInt(index), { timestampMs: index % 7 }));
      await insertFailed(store, LAW_COLLECTION, rows);
      const found = await placesOf(store, LAW_COLLECTION);
      expect(found).toHaveLength(12_345);
      expect(new Set(found.map(({ offset }) => offset)).size).toBe(12_345);
    });
  });
}

async function placesOf({ reads }: Store, collection: string) {
  const found = [];
  for await (const places of reads.failurePlaces(collection, ANY)) found.push(...places);
  return found;
}

function page(from: bigint, to: bigint): RedrivePage {
  return { plan: PLAN, stream: STREAM, from, to, count: 1, runs: "R1-2" };
}
