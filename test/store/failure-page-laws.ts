import { expect, test } from "vitest";
import type { FailureOrder, FailurePageQuery } from "../../src/store/failures.ts";
import { originHeader } from "../../src/core/origin.ts";
import type { FailedRow, StoreReads } from "../../src/store/store.ts";
import type { StreamNote } from "../../src/store/stream-note.ts";
import { failedRow, insertFailed, LAW_COLLECTION, NOTE, noteOf, STREAM } from "./rows.ts";
import type { StoreBackend } from "./store-laws.ts";

const PAGE: FailurePageQuery = {
  along: { kind: "time" },
  fromMs: null,
  toMs: null,
  after: null,
  limit: 100,
  withPayload: false,
};

async function offsets(reads: StoreReads, query: Partial<FailurePageQuery> = {}): Promise<readonly number[]> {
  return (await reads.failurePage(LAW_COLLECTION, { ...PAGE, ...query })).map(({ offset }) => Number(offset));
}

/** What every store keeps of pages of failures. */
export function failurePageLaws(start: () => Promise<StoreBackend>): void {
  test("failures come newest first, in pages that join without a gap, also where many have one time", async () => {
    const { open } = await start();
    const store = await open();
    await noteOf(store);
    const at = (offset: number, timestampMs: number) => failedRow(BigInt(offset), { timestampMs });
    await insertFailed(store, LAW_COLLECTION, [at(1, 10), at(2, 30), at(3, 20), at(4, 20), at(5, 20), at(6, 5)]);
    const whole = await offsets(store.reads);
    expect([whole[0], whole.at(-1), whole.toSorted((a, b) => a - b)]).toEqual([2, 6, [1, 2, 3, 4, 5, 6]]);
    const joined: number[] = [];
    for (let after: FailurePageQuery["after"] = null; ;) {
      const page = await store.reads.failurePage(LAW_COLLECTION, { ...PAGE, after, limit: 2 });
      joined.push(...page.map(({ offset }) => Number(offset)));
      const last = page.at(-1);
      if (last === undefined) break;
      after = last;
    }
    expect(joined).toEqual(whole);
    expect(await offsets(store.reads, { fromMs: 10, toMs: 30 })).toHaveLength(4);
    expect(await offsets(store.reads, { fromMs: 31 })).toEqual([]);
  });

  test.each<[string, FailureOrder, readonly number[]]>([
    ["a group", { kind: "group", fingerprint: "a" }, [3, 1]],
    ["a code", { kind: "code", code: "rule" }, [3, 2, 1]],
    ["an unknown group", { kind: "group", fingerprint: "b" }, []],
  ])("a page goes along %s", async (_, along, expected) => {
    const { open } = await start();
    const store = await open();
    await noteOf(store);
    await insertFailed(store, LAW_COLLECTION, [
      failedRow(1n, { timestampMs: 1, fingerprint: "a" }),
      failedRow(2n, { timestampMs: 2 }),
      failedRow(3n, { timestampMs: 3, fingerprint: "a" }),
    ]);
    expect(await offsets(store.reads, { along })).toEqual(expected);
  });

  test("failures at many offsets come in their order, and those of no other stream", async () => {
    const { open } = await start();
    const store = await open();
    await noteOf(store);
    const other = await noteOf(store, `${STREAM}0`);
    const rows = [9n, 2n, 10n, 100n, 11n].map((offset) => failedRow(offset, {}));
    await insertFailed(store, LAW_COLLECTION, rows);
    const at = async (stream: StreamNote, asked: readonly bigint[]): Promise<readonly bigint[]> =>
      (await store.reads.failuresAt(LAW_COLLECTION, stream, asked)).map(({ offset }) => offset);
    expect(await at(NOTE, [100n, 3n, 9n, 2n])).toEqual([2n, 9n, 100n]);
    expect(await at(NOTE, [])).toEqual([]);
    expect(await at(other, [2n, 9n])).toEqual([]);
    expect(await store.reads.failuresAt("unknown", NOTE, [9n])).toEqual([]);
  });

  test("a failure of a record that a router moved is found by where it arrived", async () => {
    const { open } = await start();
    const store = await open();
    await noteOf(store);
    const arrived = (offset: bigint): Pick<FailedRow, "headers"> => ({
      headers: [originHeader({ stream: "c/t/3", topic: "intake", partition: 3, offset })],
    });
    const rows = [failedRow(1n, arrived(10n)), failedRow(2n, arrived(11n)), failedRow(3n)];
    await insertFailed(store, LAW_COLLECTION, rows);
    const from = async (origin: string, collection = LAW_COLLECTION): Promise<readonly unknown[]> =>
      (await store.reads.failuresFrom(collection, origin)).map((one) => [one.offset, one.origin]);
    expect(await from("intake/3@11")).toEqual([[2n, "intake/3@11"]]);
    expect(await from("intake/3@1")).toEqual([]);
    expect(await from("intake/3@11", "unknown")).toEqual([]);
    expect((await store.reads.failureRecord(LAW_COLLECTION, NOTE, 1n))?.origin).toBe("intake/3@10");
    expect((await store.reads.failureRecord(LAW_COLLECTION, NOTE, 3n))?.origin).toBeNull();
  });

  test("a failure is read as it was written, with its payload where it is asked for", async () => {
    const { open } = await start();
    const store = await open();
    await noteOf(store);
    const other = await noteOf(store, `${STREAM}0`);
    const raw = Buffer.from('{"n":1,"big":9007199254740993}');
    await insertFailed(store, LAW_COLLECTION, [failedRow(7n, { raw, producer: null, contract: null })]);
    const [light] = await store.reads.failurePage(LAW_COLLECTION, PAGE);
    const row = failedRow(7n);
    const expected = {
      collection: LAW_COLLECTION,
      offset: 7n,
      atMs: row.timestampMs,
      code: "rule",
      reason: row.reason,
      fingerprint: row.fingerprint,
      contract: null,
      declaredBy: "payload",
      producer: null,
      origin: null,
      identity: null,
    };
    expect(light).toMatchObject({ ...expected, payloadText: null });
    const whole = await store.reads.failureRecord(LAW_COLLECTION, NOTE, 7n);
    expect(whole).toMatchObject({ ...expected, stream: NOTE, payloadText: '{"n":1,"big":9007199254740993}' });
    expect(await store.reads.failureRecord(LAW_COLLECTION, other, 7n)).toBeNull();
    expect(await store.reads.failureRecord("unknown", NOTE, 7n)).toBeNull();
    expect(await store.reads.failureCollections()).toContain(LAW_COLLECTION);
  });
}
