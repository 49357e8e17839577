import { originHeader } from "../../src/core/origin.ts";
import { describe, expect, test } from "vitest";
import { parseJson } from "../../src/json/parse-json.ts";
import { exactInteger } from "../../src/json/exact-integer.ts";
import type {
  DocumentPlace,
  FailedRow,
  Holder,
  Occurrence,
  Receipt,
  Store,
  ValidatedRow,
} from "../../src/store/store.ts";
import {
  differencesOf,
  failedRow,
  HOSTILE,
  idOf,
  insertFacts,
  insertFailed,
  LAW_COLLECTION,
  NOTE,
  noteOf,
  REASONS,
  receiptRow,
  STREAM,
  validatedRow,
} from "./rows.ts";
import type { StoreBackend } from "./store-laws.ts";

type Rows = {
  readonly facts?: readonly ValidatedRow[];
  readonly failed?: readonly FailedRow[];
  readonly receipts?: readonly Receipt[];
};

async function insert(store: Store, { facts = [], failed = [], receipts = [] }: Rows): Promise<void> {
  expect(await noteOf(store)).toEqual(NOTE);
  await insertFacts(store, LAW_COLLECTION, facts);
  await insertFailed(store, LAW_COLLECTION, failed);
  await store.insertReceipts(NOTE, receipts);
}

/** What every store keeps of facts, failures and receipts. */
export function documentLaws(name: string, start: () => Promise<StoreBackend>): void {
  describe(`${name} keeps the laws of documents`, () => {
    test("a fact is stored once, however often it is inserted", async () => {
      const { open } = await start();
      const store = await open();
      const rows = [validatedRow("a", 1n), validatedRow("b", 2n)];
      expect(await insertFacts(store, LAW_COLLECTION, rows)).toEqual(["inserted", "inserted"]);
      expect(await insertFacts(store, LAW_COLLECTION, rows)).toEqual(["exists", "exists"]);
      expect(await insertFacts(await open(), LAW_COLLECTION, rows)).toEqual(["exists", "exists"]);
      expect(await store.reads.tally()).toEqual({ validated: 2, failed: 0, receipts: 0 });
    });

    test("a taken id is told row by row, and the rest goes in", async () => {
      const { open } = await start();
      const store = await open();
      await insert(store, { facts: [validatedRow("a", 1n), validatedRow("b", 2n)] });
      const rows = [validatedRow("c", 3n), validatedRow("a", 4n), validatedRow("b", 1n), validatedRow("e", 5n)];
      expect(await insertFacts(store, LAW_COLLECTION, rows)).toEqual(["inserted", "exists", "exists", "inserted"]);
      const held = await store.holders(LAW_COLLECTION, ["a", "b", "c", "e", "nobody"].map(idOf));
      expect([...held].map(([id, { position }]) => [id, position.offset])).toEqual(
        expect.arrayContaining([
          [idOf("a"), 1n],
          [idOf("b"), 2n],
          [idOf("c"), 3n],
          [idOf("e"), 5n],
        ]),
      );
      expect(held.size).toBe(4);
    });

    test("of a thousand facts each that is taken is told by its place, and the others are stored", async () => {
      const { open } = await start();
      const store = await open();
      const ids = Array.from({ length: 1_000 }, (_, place) => `fact-${place}`);
      const stored = ids.filter((_, place) => place % 7 === 0);
      await insert(store, { facts: stored.map((id, index) => validatedRow(id, BigInt(index))) });
      const facts = store.stageFacts(await noteOf(store));
      ids.forEach((id, place) => facts.add(validatedRow(id, BigInt(place + 5_000))));
      const except = new Set([...ids.keys()].filter((place) => place % 14 === 0));
      const taken = await store.insertFacts(LAW_COLLECTION, facts, except);
      expect([...taken].toSorted((a, b) => a - b)).toEqual([...ids.keys()].filter((place) => place % 14 === 7));
      const held = await store.holdersOf(LAW_COLLECTION, facts);
      const offsets = ids.map((_, place) => held.get(place)?.position.offset);
      expect(offsets).toEqual(ids.map((_, place) => BigInt(place % 7 === 0 ? place / 7 : place + 5_000)));
    });

    test("the holders of staged facts are found by place, of all or of some", async () => {
      const { open } = await start();
      const store = await open();
      await insert(store, { facts: [validatedRow("b", 1n), validatedRow("d", 2n)] });
      const facts = store.stageFacts(await noteOf(store));
      ["a", "b", "c", "d"].forEach((fact, index) => facts.add(validatedRow(fact, BigInt(index + 10))));
      const found = async (places?: readonly number[]) =>
        [...(await store.holdersOf(LAW_COLLECTION, facts, places))].map(([place, { id, position }]) => [
          place,
          id,
          position.offset,
        ]);
      expect((await found()).toSorted(([a], [b]) => Number(a) - Number(b))).toEqual([
        [1, idOf("b"), 1n],
        [3, idOf("d"), 2n],
      ]);
      expect(await found([0, 3])).toEqual([[3, idOf("d"), 2n]]);
      expect(await found([])).toEqual([]);
    });

    test("facts at places that are left out are not tried, and the others keep their places", async () => {
      const { open } = await start();
      const store = await open();
      await insert(store, { facts: [validatedRow("b", 1n), validatedRow("d", 2n)] });
      const facts = store.stageFacts(await noteOf(store));
      ["a", "b", "c", "d"].forEach((fact, index) => facts.add(validatedRow(fact, BigInt(index + 10))));
      expect(await store.insertFacts(LAW_COLLECTION, facts, new Set([0, 1]))).toEqual(new Set([3]));
      const held = await store.holders(LAW_COLLECTION, ["a", "b", "c", "d"].map(idOf));
      expect([...held.keys()].toSorted()).toEqual(["b", "c", "d"].map(idOf).toSorted());
      expect(await store.insertFacts(LAW_COLLECTION, facts, new Set([0, 1, 2, 3]))).toEqual(new Set());
    });

    test("payloads of one engine have equal bytes when they are kept alike, staged or stored", async () => {
      const { open } = await start();
      const store = await open();
      const raws = ['{"n":1,"t":"x"}', '{"n":2,"t":"x"}', '{"n":1.5,"t":"x"}', '{"n":1,"t":"y"}'];
      const rows = raws.map((raw, index) => validatedRow(`id-${index}`, BigInt(index), { raw: Buffer.from(raw) }));
      const again = raws.map((raw, index) =>
        validatedRow(`id-${index}`, BigInt(index + 50), { raw: Buffer.from(raw) }),
      );
      const facts = store.stageFacts(await noteOf(store));
      rows.forEach(facts.add);
      await store.insertFacts(LAW_COLLECTION, facts);
      const held = await store.holders(
        LAW_COLLECTION,
        rows.map(({ id }) => id),
      );
      for (const [place, { id }] of rows.entries()) {
        expect(Buffer.compare(facts.at(place).payloadBytes, held.get(id)?.payloadBytes ?? Buffer.alloc(0))).toBe(0);
        expect(again.map((row) => facts.hasBytesOf(place, row))).toEqual(raws.map((_, other) => other === place));
      }
    });

    test.each([true, false])(
      "failures that are there stay, and the others go in; looked for first: %s",
      async (looksFirst) => {
        const { open } = await start();
        const store = await open();
        const before = [2n, 3n, 5n].map((offset) => failedRow(offset, { fingerprint: "e".repeat(16) }));
        await insert(store, { failed: before });
        const rows = [1n, 2n, 3n, 4n, 5n, 6n].map((offset) => failedRow(offset));
        const staged = store.stageFailed(NOTE);
        rows.forEach(staged.add);
        await store.insertFailed(LAW_COLLECTION, staged, looksFirst);
        await store.insertFailed(LAW_COLLECTION, staged, looksFirst);
        const { reads } = await open();
        expect(await differencesOf(reads, { failed: before })).toEqual([]);
        expect((await differencesOf(reads, { failed: rows })).map(([place]) => place)).toEqual([1, 2, 4]);
        expect(await reads.tally()).toMatchObject({ failed: 6 });
      },
    );

    test("a holder says its record's position, exactly, and its payload", async () => {
      const { open } = await start();
      const store = await open();
      const last = 2n ** 63n - 1n;
      const rows = [
        validatedRow("a", 2n ** 53n + 1n, { raw: Buffer.from('{"n":1.5,"t":"\\u00fc\\n","list":[true,null,{}]}') }),
        validatedRow("b", last),
      ];
      await insert(store, { facts: rows });
      for (const held of [
        await store.holders(LAW_COLLECTION, [idOf("a"), idOf("b")]),
        await (await open()).reads.holders(LAW_COLLECTION, [idOf("b"), idOf("a")]),
      ]) {
        const told = rows.map(({ id }) => held.get(id) as Holder);
        expect(told.map(({ id, position }) => ({ id, position }))).toEqual(
          rows.map(({ id, position }) => ({ id, position })),
        );
        expect(told.map(({ payloadText }) => parseJson(payloadText()))).toEqual(rows.map(({ payload }) => payload));
      }
    });

    test("a staged fact says the same before it is inserted and after", async () => {
      const { open } = await start();
      const store = await open();
      const rows = HOSTILE.map((changes, index) => validatedRow(`id-${index}`, BigInt(index), changes));
      const facts = store.stageFacts(await noteOf(store));
      rows.forEach(facts.add);
      expect(facts.size()).toBe(rows.length);
      const staged = (): unknown =>
        rows.map((_, place) => {
          const { id, position, payloadText } = facts.at(place);
          return { id, position, text: payloadText() };
        });
      const before = staged();
      expect(await store.insertFacts(LAW_COLLECTION, facts)).toEqual(new Set());
      expect(staged()).toEqual(before);
      const held = await store.holders(
        LAW_COLLECTION,
        rows.map(({ id }) => id),
      );
      expect(
        rows.map(({ id }) => {
          const holder = held.get(id) as Holder;
          return { id: holder.id, position: holder.position, text: holder.payloadText() };
        }),
      ).toEqual(before);
    });

    test("facts that are staged side by side are kept apart, also in what others had before", async () => {
      const { open } = await start();
      const store = await open();
      const batch = (fact: string, from: bigint): readonly ValidatedRow[] =>
        Array.from({ length: 50 }, (_, index) => validatedRow(`${fact}-${index}`, from + BigInt(index)));
      await insert(store, { facts: batch("before", 0n) });
      const [one, other] = [store.stageFacts(NOTE), store.stageFacts(NOTE)];
      batch("one", 100n).forEach((row, index) => {
        one.add(row);
        other.add(batch("other", 200n)[index] as ValidatedRow);
      });
      await store.insertFacts(LAW_COLLECTION, other);
      other.release();
      const third = store.stageFacts(NOTE);
      batch("third", 300n).forEach(third.add);
      await store.insertFacts(LAW_COLLECTION, one);
      await store.insertFacts(LAW_COLLECTION, third);
      const facts = [batch("before", 0n), batch("one", 100n), batch("other", 200n), batch("third", 300n)].flat();
      expect(await differencesOf(store.reads, { facts })).toEqual([]);
    });

    test("any bytes, keys, headers, payloads and reasons are stored as they are written, whoever reads", async () => {
      const { open } = await start();
      const store = await open();
      const rows: Rows = {
        facts: HOSTILE.map((changes, index) => validatedRow(`id-${index}`, BigInt(index), changes)),
        failed: [
          ...HOSTILE.map((changes, index) => failedRow(BigInt(100 + index), changes)),
          ...REASONS.map((reason, index) => failedRow(BigInt(200 + index), { reason })),
          failedRow(300n, { contract: null, declaredBy: null, machineId: idOf("machine's"), parsed: null }),
          failedRow(301n, { raw: Buffer.alloc(70_000, "x") }),
        ],
        receipts: [receiptRow(400n), receiptRow(2n ** 63n - 1n, "b")],
      };
      await insert(store, rows);
      expect(await differencesOf(store.reads, rows)).toEqual([]);
      expect(await differencesOf((await open()).reads, rows)).toEqual([]);
      const note = await noteOf(store);
      for (const { position, reason, fingerprint } of rows.failed ?? [])
        expect(await store.reads.failureAt(LAW_COLLECTION, note, position.offset)).toEqual({ reason, fingerprint });
      expect(await store.reads.failureAt(LAW_COLLECTION, note, 99n)).toBeNull();
    });

    test("a fact says where its record arrived before a router moved it, and holds its id as any other", async () => {
      const { open } = await start();
      const store = await open();
      const arrived = (offset: bigint) => ({
        headers: [originHeader({ stream: "c/t/3", topic: "intake", partition: 3, offset })],
      });
      const facts = Array.from({ length: 50 }, (_, at) => {
        return validatedRow(`moved-${at}`, BigInt(at), at % 7 === 0 ? {} : arrived(BigInt(at * at)));
      });
      await insert(store, { facts });
      expect(await differencesOf(store.reads, { facts })).toEqual([]);
      const [first, second] = facts.slice(1).map(({ id }) => id);
      const holders = await store.holders(LAW_COLLECTION, [first ?? "", second ?? ""]);
      expect([first, second].map((id) => holders.get(id ?? "")?.position.offset)).toEqual([1n, 2n]);
      const others = facts.map((row, at) => validatedRow(`moved-${at}`, row.position.offset, arrived(9_999n)));
      expect(await differencesOf(store.reads, { facts: others })).toHaveLength(50);
    });

    test("what is missing, what is another and what another record holds are told apart", async () => {
      const { open } = await start();
      const store = await open();
      await insert(store, { facts: [validatedRow("a", 1n)], failed: [failedRow(2n)], receipts: [receiptRow(3n)] });
      const other = { raw: Buffer.from('{"n":99}') };
      expect(await differencesOf(store.reads, { facts: [validatedRow("b", 1n)] })).toEqual([[0, { kind: "missing" }]]);
      expect(await differencesOf(store.reads, { failed: [failedRow(1n)] })).toEqual([[0, { kind: "missing" }]]);
      expect(await differencesOf(store.reads, { receipts: [receiptRow(2n)] })).toEqual([[0, { kind: "missing" }]]);
      const differs = [0, { kind: "differs", message: expect.any(String) as unknown }];
      expect(await differencesOf(store.reads, { facts: [validatedRow("a", 1n, other)] })).toEqual([differs]);
      expect(await differencesOf(store.reads, { facts: [validatedRow("a", 1n, { timestampMs: 1 })] })).toEqual([
        differs,
      ]);
      expect(await differencesOf(store.reads, { failed: [failedRow(2n, other)] })).toEqual([differs]);
      const moved = { headers: [originHeader({ stream: "c/t/3", topic: "intake", partition: 3, offset: 10n })] };
      expect(await differencesOf(store.reads, { facts: [validatedRow("a", 1n, moved)] })).toEqual([differs]);
      expect(await differencesOf(store.reads, { failed: [failedRow(2n, moved)] })).toEqual([differs]);
      const [reason] = REASONS;
      expect(await differencesOf(store.reads, { failed: [failedRow(2n, { reason: reason! })] })).toEqual([differs]);
      expect(await differencesOf(store.reads, { receipts: [receiptRow(3n, "b")] })).toEqual([differs]);
      const [held] = await differencesOf(store.reads, { facts: [validatedRow("a", 9n, other)] });
      expect(held?.[1].kind === "held" && held[1].holder.position).toEqual(validatedRow("a", 1n).position);
      expect(await differencesOf(store.reads, { facts: [validatedRow("a", 1n)] }, "never_made")).toEqual([
        [0, { kind: "missing" }],
      ]);
    });

    test("the first under an id or a position is kept, whatever comes later", async () => {
      const { open } = await start();
      const store = await open();
      const rows = { facts: [validatedRow("a", 1n)], failed: [failedRow(2n)], receipts: [receiptRow(3n)] };
      await insert(store, rows);
      const raw = Buffer.from('{"n":"other"}');
      await insert(store, {
        facts: [validatedRow("a", 7n, { raw })],
        failed: [failedRow(2n, { raw })],
        receipts: [receiptRow(3n, "b")],
      });
      expect(await differencesOf(store.reads, rows)).toEqual([]);
      expect(await store.reads.tally()).toEqual({ validated: 1, failed: 1, receipts: 1 });
    });

    test("times of any 64 bits are kept as they are", async () => {
      const { open } = await start();
      const store = await open();
      const times = [-(2n ** 63n), -1n, 0n, 2n ** 53n, 2n ** 53n + 1n, 1_700_000_000_000_000_001n, 2n ** 63n - 1n];
      const at = (index: number): Partial<Occurrence> => ({ timestampMs: exactInteger(times[index] ?? 0n) });
      const rows = {
        facts: times.map((_, index) => validatedRow(`t${index}`, BigInt(index), at(index))),
        failed: times.map((_, index) => failedRow(BigInt(100 + index), at(index))),
      };
      await insert(store, rows);
      expect(await differencesOf((await open()).reads, rows)).toEqual([]);
      const off = times.map((_, index) => validatedRow(`t${index}`, BigInt(index), at((index + 1) % times.length)));
      expect(await differencesOf(store.reads, { facts: off })).toHaveLength(times.length);
    });

    test("every document says where it belongs, also what no ledger has", async () => {
      const { open } = await start();
      const store = await open();
      const count = 1_200;
      await insert(store, {
        facts: Array.from({ length: count }, (_, index) => validatedRow(`f${index}`, BigInt(index))),
        failed: [failedRow(2n ** 53n + 1n)],
        receipts: Array.from({ length: count }, (_, index) => receiptRow(BigInt(10_000 + index))),
      });
      const places: DocumentPlace[] = [];
      for await (const page of store.reads.documentPlaces()) places.push(...page);
      const offsets = (kind: string): readonly (bigint | null)[] =>
        places.filter((place) => place.kind === kind && place.stream === 1).map(({ offset }) => offset);
      expect(new Set(offsets("validated")).size).toBe(count);
      expect(offsets("failed")).toEqual([2n ** 53n + 1n]);
      expect(new Set(offsets("receipt")).size).toBe(count);
      expect(places).toHaveLength(2 * count + 1);
      expect(places.find(({ offset }) => offset === 7n)).toMatchObject({ collection: LAW_COLLECTION, id: idOf("f7") });
    });

    test("what was never seen is absent", async () => {
      const { open } = await start();
      const { reads, ...store } = await open();
      expect(await store.tail(STREAM)).toBeNull();
      expect(await store.ledgerEntry(STREAM, 0)).toBeNull();
      expect(await store.contractSet("x")).toBeNull();
      expect(await store.holders(LAW_COLLECTION, [idOf("x")])).toEqual(new Map());
      expect(await reads.holders("never_made", [idOf("x")])).toEqual(new Map());
      expect([await reads.streams(), await reads.streamNotes(), await reads.ledger(STREAM, 0, 9)]).toEqual([
        [],
        [],
        [],
      ]);
      expect(await reads.entryAt(STREAM, 0n)).toBeNull();
      expect(await reads.tally()).toEqual({ validated: 0, failed: 0, receipts: 0 });
      expect([await reads.failureCounts(), await reads.contractSets()]).toEqual([[], []]);
    });

    test("documents are counted, failures by code with the most frequent first", async () => {
      const { open } = await start();
      const store = await open();
      const codes = ["schema", "rule", "malformed-empty", "schema", "rule", "schema"];
      const reasons = codes.map((code) => REASONS.find((reason) => code.startsWith(reason.kind))!);
      await insert(store, {
        failed: reasons.map((reason, index) => failedRow(BigInt(index), { reason })),
        facts: [validatedRow("a", 10n), validatedRow("b", 11n)],
        receipts: [receiptRow(12n)],
      });
      expect(await store.reads.tally()).toEqual({ validated: 2, failed: 6, receipts: 1 });
      expect(await store.reads.failureCounts()).toEqual([
        { code: "schema", count: 3 },
        { code: "rule", count: 2 },
        { code: "malformed-empty", count: 1 },
      ]);
    });
  });
}
