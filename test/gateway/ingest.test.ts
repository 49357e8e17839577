import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { Unavailable } from "../../src/core/unavailable.ts";
import type { Observe } from "../../src/gateway/event.ts";
import { startGateway, type Gateway } from "../../src/gateway/gateway.ts";
import { backoffMs } from "../../src/gateway/ingest.ts";
import { evidenceOf } from "../../src/ledger/evidence.ts";
import { evidenceDigest, packEvidence } from "../../src/ledger/packed.ts";
import type { Source } from "../../src/source/source.ts";
import { sealEntry } from "../../src/ledger/entry.ts";
import type { SettledRow } from "../../src/store/store.ts";
import { openEmbedded, shipment, shipmentContracts, TOPIC, type Embedded } from "../embedded.ts";

function kinds(rows: readonly SettledRow[]): readonly string[] {
  return rows.map((row) => (row.kind === "failed" ? row.reason.kind : row.kind));
}

describe("ingestStream()", () => {
  test("stores a fact once, gives a duplicate a receipt and makes a conflict a failure", async () => {
    const embedded = await openEmbedded();
    await embedded.append(
      shipment("A"),
      shipment("A"),
      shipment("A").replaceAll(",", ", "),
      shipment("A", 3),
      shipment("B"),
      "{",
    );
    await embedded.settle();
    const rows = await embedded.rows();
    expect(kinds(rows)).toEqual(["validated", "receipt", "receipt", "conflict", "validated", "malformed"]);
    const [first, , , conflict] = rows;
    expect(conflict).toMatchObject({
      machineId: first?.id,
      reason: { storedId: first?.id, storedAt: expect.stringMatching(/@0$/) as string },
    });
    expect(JSON.stringify(conflict?.kind === "failed" ? conflict.reason : null)).not.toContain("Dublin");
  });

  test("the same file again gives only duplicates", async () => {
    const embedded = await openEmbedded();
    const texts = [shipment("A"), shipment("B"), shipment("C")];
    await embedded.append(...texts);
    await embedded.settle();
    await embedded.append(...texts);
    await embedded.settle();
    expect(await embedded.store.reads.tally()).toEqual({ validated: 3, failed: 0, receipts: 3 });
  });

  test("keeps the bytes, key and headers of every record as they came", async () => {
    const embedded = await openEmbedded();
    const value = Buffer.from([0xff, 0x00, 0x7b]);
    const headers = [
      ["h", Buffer.from([1])],
      ["h", Buffer.from([])],
    ] as const;
    await embedded.log.append(TOPIC, [
      { key: Buffer.from([]), headers, value, partition: null },
      { key: null, headers: [], value: null, partition: null },
    ]);
    await embedded.settle();
    const [row, tombstone] = await embedded.rows();
    expect(Buffer.from(row?.raw ?? []).equals(value)).toBe(true);
    expect(row?.key).toHaveLength(0);
    expect(row?.headers.map(([name, content]) => [name, [...content]])).toEqual([
      ["h", [1]],
      ["h", []],
    ]);
    expect([tombstone?.raw, tombstone?.key, tombstone?.headers]).toEqual([null, null, []]);
  });

  test("reads the contract set once for each batch, and the ledger says which", async () => {
    const embedded = await openEmbedded();
    const sets = [shipmentContracts(1_000), shipmentContracts(10)] as const;
    await embedded.append(shipment("A", 50));
    await embedded.settle({ contracts: () => sets[0] });
    await embedded.append(shipment("B", 50));
    await embedded.settle({ contracts: () => sets[1] });
    expect(kinds(await embedded.rows())).toEqual(["validated", "rule"]);
    const [stream] = await embedded.log.streams();
    const entries = await embedded.store.reads.ledger(stream?.id ?? "", 0, 10);
    expect(entries.map(({ kind, contractSet }) => [kind, contractSet])).toEqual([
      ["INIT", sets[0].digest],
      ["BATCH", sets[0].digest],
      ["BATCH", sets[1].digest],
    ]);
    expect((await embedded.audit(true)).findings).toEqual([]);
  });

  test("pauses while the store is not there, decides nothing FAILED because of it, and goes on by itself", async () => {
    const embedded = await openEmbedded();
    await embedded.append(shipment("A"), shipment("B"));
    let left = 3;
    const store = {
      ...embedded.store,
      unit: async <T>(work: Parameters<typeof embedded.store.unit<T>>[0]): Promise<T> => {
        left -= 1;
        if (left >= 0) throw new Unavailable("STORE_FULL", "the disk is full", "free some space");
        return embedded.store.unit(work);
      },
    };
    await embedded.settle({ store });
    const troubles = embedded.events.filter(({ kind }) => kind === "stream-paused" || kind === "stream-resumed");
    expect(troubles.map(({ kind }) => kind)).toEqual([
      "stream-paused",
      "stream-paused",
      "stream-paused",
      "stream-resumed",
    ]);
    const waits = troubles.flatMap((event) => (event.kind === "stream-paused" ? [event.retryInMs] : []));
    expect(waits.toSorted((a, b) => a - b)).toEqual(waits);
    expect(waits[2]).toBeGreaterThan(waits[0] ?? 0);
    expect(await embedded.store.reads.tally()).toEqual({ validated: 2, failed: 0, receipts: 0 });
  });

  test("stays paused and not ready while only writing fails, although the tail can be read", async () => {
    const embedded = await openEmbedded();
    await embedded.append(shipment("A"));
    const full = async (): Promise<never> => Promise.reject(new Unavailable("STORE_FULL", "the disk is full", "free"));
    const seen: string[] = [];
    const running: Gateway[] = [];
    const observe: Observe = ({ kind }) => {
      if (kind === "stream-acquired") seen.push(...running.map((gateway) => gateway.streams()[0]?.state ?? "none"));
    };
    const gateway = await startGateway({ ...embedded.deps, store: { ...embedded.store, unit: full }, observe });
    running.push(gateway);
    await expect.poll(() => seen.length).toBeGreaterThan(3);
    expect([...new Set(seen.slice(1)), gateway.ready()]).toEqual(["paused", false]);
    await gateway.stop();
  });

  test.each(["tail", "operatorLog"] as const)(
    "stops while the store does not answer: nothing was begun that it would have to wait for (%s)",
    async (asked) => {
      const embedded = await openEmbedded();
      const { promise: isAsked, resolve } = Promise.withResolvers<void>();
      const hang = async (): Promise<never> => {
        resolve();
        return new Promise(() => undefined);
      };
      const { store } = embedded;
      const hanging =
        asked === "tail" ? { ...store, tail: hang } : { ...store, reads: { ...store.reads, operatorLog: hang } };
      const gateway = await startGateway({ ...embedded.deps, store: hanging });
      await isAsked;
      await gateway.stop();
      expect(gateway.streams().map(({ state }) => state)).toEqual(["stopped"]);
    },
  );

  test("a bug is not trouble: it ends the stream loudly", async () => {
    const embedded = await openEmbedded();
    const source: Source = { ...embedded.log, bounds: async () => Promise.reject(new TypeError("a bug")) };
    await expect(embedded.settle({ source })).rejects.toThrow("a bug");
  });

  test("halts when the log ends before the position", async () => {
    const embedded = await openEmbedded();
    await embedded.append(shipment("A"), shipment("B"));
    await embedded.settle();
    const source: Source = { ...embedded.log, bounds: async () => ({ start: 0n, end: 1n }) };
    const gateway = await embedded.settle({ source });
    expect(gateway.streams()[0]).toMatchObject({ state: "halted", trouble: { code: "LOG_TRUNCATED" } });
    expect(gateway.ready()).toBe(false);
  });

  test("halts when retention has passed the position", async () => {
    const embedded = await openEmbedded();
    await embedded.append(shipment("A"));
    await embedded.settle();
    await embedded.append(shipment("B"));
    const source: Source = {
      ...embedded.log,
      fetch: async (stream, from, limits, signal, until) =>
        until === undefined
          ? { kind: "below-start", logStart: 9n }
          : embedded.log.fetch(stream, from, limits, signal, until),
    };
    const gateway = await embedded.settle({ source });
    expect(gateway.streams()[0]?.trouble).toMatchObject({ code: "LOG_START_PASSED" });
  });

  test("halts when the evidence of the tail is gone, or is not what its digest says", async () => {
    const embedded = await openEmbedded();
    await embedded.append(shipment("A"));
    await embedded.settle();
    for (const packed of [null, Buffer.from("no zstd"), packEvidence(Buffer.from("no evidence"))]) {
      const gateway = await embedded.settle({ store: { ...embedded.store, evidenceOf: async () => packed } });
      expect(gateway.streams()[0]?.trouble).toMatchObject({ code: "EVIDENCE_DAMAGED" });
    }
  });

  test("halts when the contract set of the tail is gone", async () => {
    const embedded = await openEmbedded();
    await embedded.append(shipment("A"));
    await embedded.settle();
    const gateway = await embedded.settle({ store: { ...embedded.store, contractSet: async () => null } });
    expect(gateway.streams()[0]?.trouble).toMatchObject({ code: "CONTRACT_SET_MISSING" });
  });

  test("does not need the log for its tail, complete or not: it fetches nothing that is decided", async () => {
    const embedded = await openEmbedded();
    await embedded.append(shipment("A"), shipment("B"), "{broken");
    await embedded.settle();
    // As if it had died between the ledger and the documents.
    const db = new DatabaseSync(join(embedded.directory, "store.db"));
    db.exec("DELETE FROM validated_shipments; DELETE FROM failed_shipments");
    db.close();
    await embedded.append(shipment("C"));
    const fetched: bigint[] = [];
    const source: Source = {
      ...embedded.log,
      fetch: async (stream, from, ...rest) => {
        fetched.push(from);
        return embedded.log.fetch(stream, from, ...rest);
      },
    };
    const gateway = await embedded.settle({ source });
    expect(gateway.streams()[0]).toMatchObject({ state: "stopped", settledTo: 4n });
    expect(fetched.every((from) => from >= 3n)).toBe(true);
    expect(await embedded.store.reads.tally()).toEqual({ validated: 3, failed: 1, receipts: 0 });
    expect((await embedded.audit(true)).findings).toEqual([]);
  });

  test("an outcome another engine recorded stands, and says that it cannot be explained", async () => {
    const embedded = await openEmbedded();
    const [stream] = await embedded.log.streams();
    await embedded.append(shipment("A"), shipment("B", 5_000));
    // What engine 0 left behind when it died between the ledger and the documents: A failed, B passed.
    const tail = await forgedTail(embedded, stream?.id ?? "");
    await embedded.store.insertLedger(tail.init, null);
    await embedded.store.insertLedger(tail.batch, tail.packed);
    await embedded.store.putContractSet(tail.set.digest, tail.set.text);
    await embedded.settle();
    const rows = await embedded.rows();
    expect(kinds(rows)).toEqual(["unexplained", "validated"]);
    expect((await embedded.audit(true)).findings).toEqual([]);
  });

  test("halts, and stores nothing, when the tail would now get other identities", async () => {
    const embedded = await openEmbedded();
    const [stream] = await embedded.log.streams();
    await embedded.append(shipment("A"), shipment("B", 5_000));
    // Another build took B for something else, and died before the documents: a second fact at this position would be one too many.
    const tail = await forgedTail(embedded, stream?.id ?? "", "B in other words");
    await embedded.store.insertLedger(tail.init, null);
    await embedded.store.insertLedger(tail.batch, tail.packed);
    await embedded.store.putContractSet(tail.set.digest, tail.set.text);
    const gateway = await embedded.settle();
    expect(gateway.streams()[0]?.trouble).toMatchObject({ code: "DECISION_DIVERGED" });
    expect(await embedded.store.reads.tally()).toEqual({ validated: 0, failed: 0, receipts: 0 });
  });
});

/** INIT and a BATCH of two records, decided F and P by an engine called 0, without documents; `fact`: identity of the second. */
async function forgedTail(embedded: Embedded, stream: string, fact = "B") {
  const { GENESIS } = await import("../../src/ledger/entry.ts");
  const { outcomeRoot, proofOfNothing } = await import("../../src/ledger/proof.ts");
  const { positionId } = await import("../../src/core/record.ts");
  const set = shipmentContracts();
  const [source] = await embedded.log.streams();
  if (source === undefined) throw new Error("there is no stream");
  const fetched = await embedded.log.fetch(
    source,
    0n,
    { bytesMax: 1_000, recordsMax: 2, waitMs: 0 },
    new AbortController().signal,
  );
  if (fetched.kind !== "records") throw new Error("there are no records");
  const evidence = evidenceOf({ ...source, from: 0n }, fetched.read());
  const { machineId } = await import("../../src/core/identity.ts");
  const common = { stream, contractSet: set.digest, engine: "0", note: "" };
  const empty = { from: 0n, to: 0n, ...proofOfNothing() };
  const init = sealEntry({ ...common, ...empty, seq: 0, kind: "INIT", prevHash: GENESIS });
  const batch = sealEntry({
    ...common,
    seq: 1,
    kind: "BATCH",
    prevHash: init.hash,
    from: 0n,
    to: 2n,
    count: 2,
    outcomes: "F1P1",
    evidence: evidenceDigest(evidence),
    newestMs: 1_700_000_000_000,
    applied: "",
    holders: "",
    root: outcomeRoot([
      { offset: 0n, outcome: "F", id: positionId({ ...source, stream, offset: 0n }) },
      { offset: 1n, outcome: "P", id: machineId("payload", "shipment", [fact]) },
    ]),
  });
  return { init, batch, set, packed: packEvidence(evidence) };
}

describe("backoffMs()", () => {
  test("doubles from a tenth of a second to thirty seconds, jittered on its upper half", () => {
    expect([0, 1, 2, 5, 9, 50].map((attempt) => backoffMs(attempt, 0))).toEqual([50, 100, 200, 1_600, 15_000, 15_000]);
    expect([0, 9].map((attempt) => backoffMs(attempt, 0.999_999))).toEqual([100, 30_000]);
  });
});
