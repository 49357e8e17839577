import { describe, expect, test } from "vitest";
import { exactInteger } from "../../src/json/exact-integer.ts";
import type { Occurrence } from "../../src/store/store.ts";
import { plain } from "../plain.ts";
import { evidenceOf } from "./evidence.ts";
import {
  asRead,
  failedRow,
  LAW_COLLECTION,
  receiptRow,
  STREAM,
  validatedRow,
  insertFacts,
  insertFailed,
} from "./rows.ts";
import type { StoreBackend } from "./store-laws.ts";

/** What every store keeps of the reads that judging history again needs. */
export function evidenceLaws(name: string, start: () => Promise<StoreBackend>): void {
  describe(`${name} keeps the laws of evidence`, () => {
    test("evidence is what the rows of a range say, by offset, with the payload's own text", async () => {
      const { open } = await start();
      const store = await open();
      const text = (body: string, ...prefix: readonly number[]): Partial<Occurrence> => ({
        raw: Buffer.concat([Buffer.from(prefix), Buffer.from(body)]),
      });
      const framed = Array.from({ length: 16 }, (_, byte) => byte);
      const notUtf8 = { raw: Uint8Array.of(0x7b, 0xff, 0x00) };
      const malformed = { kind: "malformed", code: "not-utf8", message: "", byteOffset: null, pointer: null } as const;
      const validated = [
        validatedRow("a", 10n, text('{"name":"M\u00fcnchen \u{1f4e6} \u0000"}')),
        validatedRow("b", 12n, text('{"n":12}', 0x00, 0, 0, 0, 0x7b)),
        validatedRow("c", 13n, { ...text('{"n":13}', 0x01, ...framed), headers: [["client-id", Buffer.from("x")]] }),
        validatedRow("d", 19n),
        validatedRow("e", 20n),
      ];
      const failed = [
        failedRow(11n, text('{"n":-1}')),
        failedRow(14n, { ...notUtf8, contract: null, declaredBy: null, reason: malformed }),
        failedRow(9n),
      ];
      const receipts = [receiptRow(15n, { headers: [["", Uint8Array.of(0xff)]] })];
      await insertFacts(store, LAW_COLLECTION, validated);
      await insertFailed(store, LAW_COLLECTION, failed);
      await store.insertReceipts(receipts);
      const expected = [...validated, ...failed, ...receipts]
        .filter(({ position }) => position.offset >= 10n && position.offset < 20n)
        .map((row) => evidenceOf(row, 10n))
        .toSorted((a, b) => (a?.at ?? 0) - (b?.at ?? 0));
      expect(plain(await store.reads.evidence(STREAM, 10n, 20n))).toEqual(plain(expected));
      expect(await store.reads.evidence(`${STREAM}0`, 10n, 20n)).toEqual([]);
    });

    test("a stream has an origin, and a first object since any time, whatever the order of the times", async () => {
      const { open } = await start();
      const store = await open();
      expect([await store.reads.origin(STREAM), await store.reads.firstSince(STREAM, 0)]).toEqual([null, null]);
      await insertFacts(store, LAW_COLLECTION, [
        validatedRow("a", 5n, { timestampMs: 2_000 }),
        validatedRow("b", 2n ** 53n + 1n, { timestampMs: 3_000 }),
      ]);
      await insertFailed(store, LAW_COLLECTION, [failedRow(7n, { timestampMs: 1_000 })]);
      expect(await store.reads.origin(STREAM)).toEqual({ topic: "orders", partition: 0 });
      const since = [1_000, 2_000, 2_001, 3_000, 3_001];
      expect(await Promise.all(since.map(async (ms) => store.reads.firstSince(STREAM, ms)))).toEqual([
        5n,
        5n,
        2n ** 53n + 1n,
        2n ** 53n + 1n,
        null,
      ]);
    });

    test("times of any 64 bits come back as they were", async () => {
      const { open } = await start();
      const store = await open();
      const times = [-(2n ** 63n), -1n, 0n, 2n ** 53n, 2n ** 53n + 1n, 1_700_000_000_000_000_001n, 2n ** 63n - 1n];
      const at = (index: number): Partial<Occurrence> => ({ timestampMs: exactInteger(times[index] ?? 0n) });
      const facts = [validatedRow("t2", 2n, at(2)), validatedRow("t5", 5n, at(5))];
      const failed = [failedRow(0n, at(0)), failedRow(3n, at(3)), failedRow(6n, at(6))];
      const receipts = [receiptRow(1n, at(1)), receiptRow(4n, at(4))];
      await insertFacts(store, LAW_COLLECTION, facts);
      await insertFailed(store, LAW_COLLECTION, failed);
      await store.insertReceipts(receipts);
      const all = asRead([...facts, ...failed, ...receipts]);
      const expected = plain(all.toSorted((a, b) => Number(a.position.offset - b.position.offset)));
      expect(plain(await store.reads.rows(STREAM, 0n, 100n))).toEqual(expected);
      expect(await store.reads.firstSince(STREAM, 1)).toBe(3n);
      // Who opens it later reads them as well.
      expect(plain(await (await open()).reads.rows(STREAM, 0n, 100n))).toEqual(expected);
    });
  });
}
