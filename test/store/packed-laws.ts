import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ledgerEntry, STREAM } from "./rows.ts";
import type { StoreBackend } from "./store-laws.ts";

/** What every store keeps of the evidence of its entries. */
export function packedLaws(name: string, start: () => Promise<StoreBackend>): void {
  describe(`${name} keeps the laws of evidence`, () => {
    test("evidence is there when its entry is, byte for byte, and that of the entry that was first", async () => {
      const { open } = await start();
      const [one, other] = [await open(), await open()];
      expect(await one.evidenceOf(STREAM, 1)).toBeNull();
      await one.insertLedger(ledgerEntry(0), null);
      await one.insertLedger(ledgerEntry(1), Buffer.from("mine"));
      expect(await other.insertLedger(ledgerEntry(1, { note: "theirs" }), Buffer.from("theirs"))).toBe("exists");
      for (const store of [one, other]) {
        expect(await store.evidenceOf(STREAM, 0)).toBeNull();
        expect(Buffer.from((await store.evidenceOf(STREAM, 1)) ?? []).toString()).toBe("mine");
        expect(Buffer.from((await store.reads.evidenceAt(STREAM, 1)) ?? []).toString()).toBe("mine");
      }
      // Who reads the chain does not read it along.
      expect(await one.reads.ledger(STREAM, 0, 9)).toEqual([ledgerEntry(0), ledgerEntry(1)]);
      expect(await one.tail(STREAM)).toEqual(ledgerEntry(1));
    });

    test("evidence of 64 MiB that does not get smaller comes back as it was", async () => {
      const { open } = await start();
      const store = await open();
      const packed = randomBytes(67_108_864 + 1);
      expect(await store.insertLedger(ledgerEntry(0), packed)).toBe("inserted");
      const read = await (await open()).evidenceOf(STREAM, 0);
      expect(read !== null && packed.equals(read)).toBe(true);
    });
  });
}
