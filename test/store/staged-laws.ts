import { describe, expect, test } from "vitest";
import type { NewValidated } from "../../src/store/store.ts";
import { plain } from "../plain.ts";
import { asRead, failedRow, HOSTILE, insertFacts, LAW_COLLECTION, STREAM, validatedRow } from "./rows.ts";
import type { StoreBackend } from "./store-laws.ts";

/** What every store keeps of facts that wait for their ledger entry. */
export function stagedLaws(name: string, start: () => Promise<StoreBackend>): void {
  describe(`${name} keeps the laws of staged facts`, () => {
    test("a staged fact is read as the store would read it, before it is inserted and after", async () => {
      const { open } = await start();
      const store = await open();
      const long = { raw: Buffer.alloc(5_000_000, "x"), headers: [["h", Buffer.alloc(5_000_000, "y")]] as const };
      const rows = [...HOSTILE, long].map((changes, index) => validatedRow(`id-${index}`, BigInt(index), changes));
      const facts = store.stageFacts("keep");
      rows.forEach(facts.add);
      expect(facts.size()).toBe(rows.length);
      const staged = (): unknown => plain(asRead(rows.map((_, place) => facts.at(place) as NewValidated)));
      expect(staged()).toEqual(plain(asRead(rows)));
      expect(await store.insertFacts(LAW_COLLECTION, facts)).toEqual(new Set());
      expect(staged()).toEqual(plain(asRead(rows)));
      expect(plain(await store.reads.rows(STREAM, 0n, 100n))).toEqual(staged());
    });

    test("a staged failure is read as the store would read it, before it is inserted and after", async () => {
      const { open } = await start();
      const store = await open();
      const long = { raw: Buffer.alloc(5_000_000, "x"), headers: [["h", Buffer.alloc(5_000_000, "y")]] as const };
      const rows = [...HOSTILE, long].map((changes, index) => failedRow(BigInt(index), changes));
      const failures = store.stageFailed();
      rows.forEach(failures.add);
      expect(failures.size()).toBe(rows.length);
      const staged = (): unknown => plain(rows.map((_, place) => failures.at(place)));
      expect(staged()).toEqual(plain(rows));
      await store.insertFailed(LAW_COLLECTION, failures);
      expect(staged()).toEqual(plain(rows));
      failures.release();
      const later = store.stageFailed();
      later.add(failedRow(100n));
      await store.insertFailed(LAW_COLLECTION, later);
      expect(plain(await store.reads.rows(STREAM, 0n, 1_000n))).toEqual(plain([...rows, failedRow(100n)]));
    });

    test("facts that are staged side by side are kept apart, also in what others had before", async () => {
      const { open } = await start();
      const store = await open();
      const batch = (fact: string, from: bigint): readonly NewValidated[] =>
        Array.from({ length: 50 }, (_, index) => validatedRow(`${fact}-${index}`, from + BigInt(index)));
      await insertFacts(store, LAW_COLLECTION, batch("before", 0n));
      const [one, other] = [store.stageFacts("keep"), store.stageFacts("keep")];
      batch("one", 100n).forEach((row, index) => {
        one.add(row);
        other.add(batch("other", 200n)[index] as NewValidated);
      });
      await store.insertFacts(LAW_COLLECTION, other);
      other.release();
      const third = store.stageFacts("keep");
      batch("third", 300n).forEach(third.add);
      await store.insertFacts(LAW_COLLECTION, one);
      await store.insertFacts(LAW_COLLECTION, third);
      const expected = [batch("before", 0n), batch("one", 100n), batch("other", 200n), batch("third", 300n)].flat();
      expect(plain(await store.reads.rows(STREAM, 0n, 1_000n))).toEqual(plain(asRead(expected)));
    });
  });
}
