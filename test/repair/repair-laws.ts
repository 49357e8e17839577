import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { audit } from "../../src/audit/audit.ts";
import { openEmbeddedLog, type EmbeddedLog } from "../../src/source/embedded/log.ts";
import type { NewRecord } from "../../src/source/source.ts";
import { repairStore } from "../../src/repair/repair.ts";
import type { RepairOptions, RepairReport } from "../../src/repair/run.ts";
import type { DocumentPlace, Store } from "../../src/store/store.ts";
import { volumeKey, type VolumeCounter } from "../../src/store/volume.ts";
import { temporaryDirectory } from "../embedded.ts";
import { PATIENCE_MS } from "../patience.ts";
import { openLog, send, settle, TOPIC } from "../rejudge/what-if-laws.ts";

/** A store on its real backend, and what its owner could do to it behind the gateway's back. */
export type RepairBackend = {
  readonly store: Store;
  /** Changes one document of a kind: the first by its id. */
  readonly change: (kind: DocumentPlace["kind"]) => Promise<void>;
  /** Every document's own bytes, by collection and id, for comparing. */
  readonly dump: () => Promise<ReadonlyMap<string, string>>;
};

const SIGNAL = new AbortController().signal;
const OPTIONS: RepairOptions = { replace: null, dryRun: false, signal: SIGNAL };
const OPERATOR = { actor: "somebody", at: "2026-01-01T00:00:00.000Z", reason: "it was changed" };

function openTwoPartitions(): EmbeddedLog {
  const path = join(temporaryDirectory(), "log.db");
  const topics = [{ name: TOPIC, partitions: 2 }];
  const log = openEmbeddedLog({ path, topics, now: () => 1_000, randomBytes, busyTimeoutMs: PATIENCE_MS });
  onTestFinished(log.close);
  return log;
}

function inOrder(counters: readonly VolumeCounter[]): readonly VolumeCounter[] {
  return counters.toSorted((a, b) => (volumeKey(a) < volumeKey(b) ? -1 : 1));
}

/** Facts, duplicates, conflicts and failures in many entries; an identity that two streams have. */
async function fill(log: EmbeddedLog, store: Store, count: number): Promise<void> {
  const texts = Array.from({ length: count }, (_, index) => {
    if (index % 7 === 3) return `{"id":"p${index - 1}","kg":${(index - 1) % 40}}`;
    if (index % 7 === 5) return `{"id":"p${index - 3}","kg":40.5}`;
    if (index % 11 === 0) return index % 2 === 0 ? "{broken" : `{"id":"q${index}","kg":"heavy"}`;
    return `{"id":"p${index}","kg":${index % 40}}`;
  });
  await send(
    log,
    texts.map((text) => ({ text })),
  );
  await settle(log, store, undefined, 100);
}

async function findings(store: Store): Promise<readonly string[]> {
  const options = { tailMayBeIncomplete: false, findingsMax: 20, signal: SIGNAL };
  return (await audit(store.reads, options)).findings.map(({ code }) => code);
}

async function removeAll(store: Store, kinds: readonly DocumentPlace["kind"][], max = 1_000): Promise<number> {
  let removed = 0;
  const notes = await store.reads.streamNotes();
  const places: DocumentPlace[] = [];
  for await (const page of store.reads.documentPlaces()) places.push(...page);
  for (const kind of kinds) {
    const some = places.filter((place) => place.kind === kind).slice(0, max);
    for (const note of notes) {
      const keys = some
        .filter(({ stream }) => stream === note.number)
        .map(({ id, offset }) => ({ id, offset: offset ?? -1n }));
      if (keys.length > 0) await store.removeDocuments("parcels", note, kind, keys);
    }
    removed += some.length;
  }
  return removed;
}

export function repairLaws(name: string, open: () => Promise<RepairBackend>): void {
  const repair = async (store: Store, options: Partial<RepairOptions> = {}): Promise<RepairReport> =>
    repairStore(store, { ...OPTIONS, ...options });

  describe(`repairing ${name}`, () => {
    test("brings back a thousand documents of each kind, byte for byte", async () => {
      const { store, dump } = await open();
      const log = openLog();
      await fill(log, store, 9_000);
      const before = await dump();
      const removed = await removeAll(store, ["validated", "failed", "receipt"]);
      expect(removed).toBe(3_000);
      expect((await dump()).size).toBe(before.size - removed);
      expect(new Set(await findings(store))).toContain("ROW_MISSING");
      const told = await repair(store, { dryRun: true });
      expect(told.restored.validated).toBe(1_000);
      expect((await dump()).size).toBe(before.size - removed);
      expect(await repair(store)).toMatchObject({
        restored: { validated: 1_000, failed: 1_000, receipts: 1_000 },
        changed: [],
        faults: [],
      });
      expect(await dump()).toEqual(before);
      expect(await findings(store)).toEqual([]);
      expect(await repair(store)).toMatchObject({ restored: { validated: 0, failed: 0, receipts: 0 } });
    });

    test("tells of the last entry too what it would bring back, what that repeats and contradicts included", async () => {
      const { store, dump } = await open();
      const log = openLog();
      await fill(log, store, 190);
      const before = await dump();
      const removed = await removeAll(store, ["failed", "receipt"]);
      const told = await repair(store, { dryRun: true });
      expect(told.restored.failed + told.restored.receipts).toBe(removed);
      expect((await repair(store)).restored).toEqual(told.restored);
      expect(await dump()).toEqual(before);
    });

    test("brings back everything, and a duplicate of another stream does not become the fact", async () => {
      const { store, dump } = await open();
      const log = openTwoPartitions();
      const decide = async (partition: number, ...texts: readonly string[]): Promise<void> => {
        const record = (text: string): NewRecord => ({ key: null, headers: [], value: Buffer.from(text), partition });
        await log.append(TOPIC, texts.map(record));
        await settle(log, store);
      };
      // The later stream by number has the fact; the earlier one repeats it.
      await decide(0, '{"id":"own","kg":1}');
      await decide(1, '{"id":"shared","kg":2}');
      await decide(0, '{"id":"shared","kg":2}', '{"id":"shared","kg":3}');
      await decide(0, '{"id":"last","kg":4}');
      const before = await dump();
      expect(before.size).toBe(5);
      expect(await removeAll(store, ["validated", "failed", "receipt"])).toBe(5);
      await repair(store);
      expect(await dump()).toEqual(before);
      expect(await findings(store)).toEqual([]);
    });

    test("counts failures again where a counter is wrong", async () => {
      const { store } = await open();
      const log = openLog();
      await fill(log, store, 90);
      const before = await store.reads.groupCounters();
      const [wrong] = before;
      const notes = await store.reads.streamNotes();
      const note = notes.find(({ number }) => number === wrong?.stream);
      if (wrong === undefined || note === undefined) throw new Error("nothing failed");
      // As a build with a bug would: an entry counted once more, and another group invented.
      await store.countFailures(note, wrong.seq + 1, [{ ...wrong, hours: new Map() }]);
      await store.countFailures(note, 1, [{ ...wrong, fingerprint: "invented", hours: new Map() }]);
      await fill(log, store, 90);
      expect(await findings(store)).toContain("GROUPS");
      await repair(store);
      expect(await findings(store)).toEqual([]);
      expect((await store.reads.groupCounters()).map(({ fingerprint }) => fingerprint)).toEqual(
        before.map(({ fingerprint }) => fingerprint),
      );
    });

    test("counts volume again where a counter is wrong or missing", async () => {
      const { store } = await open();
      const log = openLog();
      await fill(log, store, 90);
      await fill(log, store, 60);
      const counted = new Set((await store.reads.volumeStarts()).map(({ stream }) => stream));
      const note = (await store.reads.streamNotes()).find(({ number }) => counted.has(number));
      if (note === undefined) throw new Error("nothing was decided");
      const before = inOrder(await store.reads.volumeCounters(note.number));
      expect(new Set(before.map(({ kind }) => kind)).size).toBeGreaterThan(3);
      const [wrong] = before;
      if (wrong === undefined) throw new Error("nothing was counted");
      const tail = Math.max(...before.map(({ seq }) => seq));
      // As a build with a bug would: counted twice, of nobody, and counted from the middle of the stream on only.
      for (const bug of [
        [{ ...wrong, count: 5 }],
        [{ ...wrong, producer: "invented" }],
        before.slice(1).map((counter) => ({ ...counter, count: 1 })),
      ]) {
        await store.recountVolume(note, 2, tail, bug);
        expect(await findings(store)).toContain("VOLUME");
        await repair(store);
        expect(await findings(store)).toEqual([]);
        const again = inOrder(await store.reads.volumeCounters(note.number));
        expect(again.map((one) => [volumeKey(one), one.count])).toEqual(
          before.map((one) => [volumeKey(one), one.count]),
        );
        expect(await store.reads.volumeStarts()).toContainEqual({ stream: note.number, first: 1 });
      }
    });

    test("names a changed document, leaves it, and writes it again by an operator's word", async () => {
      const { store, change, dump } = await open();
      const log = openLog();
      await fill(log, store, 300);
      const before = await dump();
      for (const kind of ["validated", "failed", "receipt"] as const) {
        await change(kind);
        const changed = await dump();
        expect(changed).not.toEqual(before);
        const named = await repair(store);
        expect(named).toMatchObject({ replaced: 0, restored: { validated: 0, failed: 0, receipts: 0 } });
        expect(named.changed.map((one) => one.kind)).toEqual([kind]);
        expect(await dump()).toEqual(changed);
        expect(await repair(store, { replace: OPERATOR })).toMatchObject({ replaced: 1 });
        expect(await dump()).toEqual(before);
      }
      const actions = await store.reads.operatorLog(0, 10);
      expect(actions.map(({ action, actor, reason }) => [action, actor, reason])).toEqual([
        ["replace", "somebody", "it was changed"],
        ["replace", "somebody", "it was changed"],
        ["replace", "somebody", "it was changed"],
      ]);
      expect(await findings(store)).toEqual([]);
    });

    test("an entry whose evidence is gone is said, and the others are repaired", async () => {
      const { store, dump } = await open();
      const log = openLog();
      await fill(log, store, 300);
      const stream = (await store.reads.streamNotes()).find(({ topic }) => topic === TOPIC)?.stream ?? "";
      const before = await dump();
      await removeAll(store, ["validated"]);
      await store.dropEvidence(stream, 1);
      const report = await repair(store);
      expect(report.faults).toHaveLength(1);
      expect(report.faults[0]).toContain("its evidence is missing");
      expect((await dump()).size).toBeLessThan(before.size);
      expect((await dump()).size).toBeGreaterThan(before.size - 200);
    });
  });
}
