import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { ENGINE } from "../../src/core/decide.ts";
import { Unavailable } from "../../src/core/unavailable.ts";
import { startGateway } from "../../src/gateway/gateway.ts";
import { acceptLog } from "../../src/gateway/operate.ts";
import { entryHash, type LedgerEntry } from "../../src/ledger/entry.ts";
import { openEmbedded, shipment, temporaryDirectory, type Embedded } from "../embedded.ts";
import { until } from "../patience.ts";

/** Three records decided, and none of their documents: a gateway died between the ledger and them. */
async function incomplete(directory: string): Promise<Embedded> {
  const embedded = await openEmbedded(directory);
  await embedded.append(shipment("A"), shipment("B"), "{broken");
  await embedded.settle();
  const db = new DatabaseSync(join(directory, "store.db"));
  db.exec("DELETE FROM validated_shipments; DELETE FROM failed_shipments");
  db.close();
  return embedded;
}

const COMPLETE = { validated: 2, failed: 1, receipts: 0 };

describe("the tail of a stream completes", () => {
  test("while the broker is down", async () => {
    const { store, log, deps } = await incomplete(temporaryDirectory());
    const gone = async (): Promise<never> => Promise.reject(new Unavailable("LOG_UNREACHABLE", "gone", "wait"));
    const gateway = await startGateway({ ...deps, source: { ...log, bounds: gone, fetch: gone } });
    await until(() => gateway.streams().every(({ state }) => state === "paused"));
    await gateway.stop();
    expect(await store.reads.tally()).toEqual(COMPLETE);
  });

  test("when its log no longer has the records, whether it lost its beginning, its end or all of it", async () => {
    for (const bounds of [
      { start: 9n, end: 9n },
      { start: 0n, end: 1n },
      { start: 0n, end: 0n },
    ]) {
      const { store, log, settle } = await incomplete(temporaryDirectory());
      await settle({
        source: {
          ...log,
          bounds: async () => bounds,
          fetch: async () => ({ kind: "below-start", logStart: bounds.start }),
        },
      });
      expect(await store.reads.tally()).toEqual(COMPLETE);
    }
  });

  test("when another log takes its place: whoever begins the new stream completes the old one", async () => {
    const directory = temporaryDirectory();
    const before = await incomplete(directory);
    await before.log.close();
    await before.store.close();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(join(directory, `log.db${suffix}`), { force: true });
    const { store, log, settle, append, audit } = await openEmbedded(directory);
    await acceptLog({ store, source: log }, { actor: "ada", at: "2026-01-01T00:00:00Z", reason: "the disk is gone" });
    await append(shipment("C"));
    await settle();
    expect(await store.reads.tally()).toEqual({ ...COMPLETE, validated: 3 });
    expect((await audit(true)).findings).toEqual([]);
  });
});

describe("the counters of failures, when a tail is redone", () => {
  async function counted({ store }: Embedded): Promise<readonly (readonly [string, number])[]> {
    return (await store.reads.groupCounters()).map(({ fingerprint, count }) => [fingerprint, count] as const);
  }

  test("count what the gateway before did not count, and nothing twice", async () => {
    const directory = temporaryDirectory();
    const embedded = await incomplete(directory);
    const before = await counted(embedded);
    expect(before.map(([, count]) => count)).toEqual([1]);
    await embedded.settle();
    expect(await counted(embedded)).toEqual(before);
    const db = new DatabaseSync(join(directory, "store.db"));
    db.exec("DELETE FROM sigma_groups; DELETE FROM sigma_group_hours; DELETE FROM sigma_group_days");
    db.close();
    await embedded.settle();
    expect(await counted(embedded)).toEqual(before);
    expect((await embedded.audit(false)).findings).toEqual([]);
  });

  test("count under the fingerprints that another engine stored", async () => {
    const directory = temporaryDirectory();
    const embedded = await openEmbedded(directory);
    await embedded.append("{broken");
    await embedded.settle();
    const [stream] = await embedded.store.reads.streams();
    const tail = await embedded.store.tail(stream ?? "");
    // As an older engine left it: its own fingerprint stored, and nothing counted yet.
    const { hash: _, ...older } = { ...(tail as LedgerEntry), engine: "2" };
    const db = new DatabaseSync(join(directory, "store.db"));
    db.exec("DELETE FROM sigma_groups; DELETE FROM sigma_group_hours; DELETE FROM sigma_group_days");
    db.exec("UPDATE failed_shipments SET fingerprint = 'of another engine'");
    db.prepare("UPDATE sigma_ledger SET engine = ?, hash = ? WHERE seq = 1").run("2", entryHash(older));
    db.close();
    await embedded.settle();
    expect(await counted(embedded)).toEqual([["of another engine", 1]]);
  });
});

describe("the volume, when a tail is redone", () => {
  async function counted({ store }: Embedded): Promise<readonly (readonly [string, number | null, number])[]> {
    return (await store.reads.volumeCounters(1)).map(({ kind, version, count }) => [kind, version, count] as const);
  }

  /** A tail of one fact that an engine decided. @param change what is changed in the store before it is redone. */
  async function redoneAfter(engine: string, change: string): Promise<Embedded> {
    const directory = temporaryDirectory();
    const embedded = await openEmbedded(directory);
    await embedded.append(shipment("A"));
    await embedded.settle();
    const [stream] = await embedded.store.reads.streams();
    const { hash: _, ...decided } = { ...((await embedded.store.tail(stream ?? "")) as LedgerEntry), engine };
    const db = new DatabaseSync(join(directory, "store.db"));
    db.prepare("UPDATE sigma_ledger SET engine = ?, hash = ? WHERE seq = 1").run(engine, entryHash(decided));
    db.exec(change);
    db.close();
    await embedded.settle();
    return embedded;
  }

  test.each(["2", ENGINE])(
    "is counted once where the gateway before, of engine %s, did not count it",
    async (engine) => {
      expect(await counted(await redoneAfter(engine, "DELETE FROM sigma_volume"))).toEqual([["passed", 1, 1]]);
    },
  );

  test("is not counted again where another engine counted it of another version", async () => {
    const embedded = await redoneAfter("2", "UPDATE sigma_volume SET version = 7");
    expect(await counted(embedded)).toEqual([["passed", 7, 1]]);
  });
});
