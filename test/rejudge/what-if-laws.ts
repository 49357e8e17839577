import { randomBytes } from "node:crypto";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import type { CompiledContractSet } from "../../src/core/compiled.ts";
import type { ContractVersion } from "../../src/core/contract-set.ts";
import type { Header } from "../../src/core/record.ts";
import { startGateway } from "../../src/gateway/gateway.ts";
import { openEmbeddedLog, type EmbeddedLog } from "../../src/source/embedded/log.ts";
import type { Store } from "../../src/store/store.ts";
import { sumOf } from "../../src/rejudge/flips.ts";
import { sealReport, type WhatIfReport } from "../../src/rejudge/report.ts";
import type { Question } from "../../src/rejudge/what-if/question.ts";
import { whatIf } from "../../src/rejudge/what-if/what-if.ts";
import { temporaryDirectory } from "../embedded.ts";
import { parcelCandidate, parcelSet, parcelVersion } from "./history.ts";
import { PATIENCE_MS } from "../patience.ts";

/** Collections of the contracts in `history.ts`: the stores to test are opened for them. */
export const PARCEL_COLLECTIONS: readonly string[] = ["parcels", "letters"];

export const TOPIC = "parcels";
export const V1: ContractVersion = parcelVersion(1, { status: "active" });
export const V2: ContractVersion = parcelVersion(2, { maximum: 10 });
export const SET: CompiledContractSet = parcelSet(TOPIC, 1, [V1, V2]);

type Sent = { readonly text: string; readonly headers?: readonly Header[] };

/** A log with topics for parcels and letters; its clock says what `at` was set to. */
export function openLog(at: { ms: number } = { ms: 1_000 }): EmbeddedLog & { readonly path: string } {
  const path = join(temporaryDirectory(), "log.db");
  const topics = [
    { name: TOPIC, partitions: 1 },
    { name: "letters", partitions: 1 },
  ];
  const log = openEmbeddedLog({ path, topics, now: () => at.ms, randomBytes, busyTimeoutMs: PATIENCE_MS });
  onTestFinished(log.close);
  return { ...log, path };
}

export async function send(log: EmbeddedLog, records: readonly Sent[], topic: string = TOPIC): Promise<void> {
  await log.append(
    topic,
    records.map(({ text, headers = [] }) => ({ key: null, headers, value: Buffer.from(text), partition: null })),
  );
}

/** Decides all that is in the log. */
export async function settle(
  log: EmbeddedLog,
  store: Store,
  set: CompiledContractSet = SET,
  recordsMax = 5,
): Promise<void> {
  const gateway = await startGateway({
    source: log,
    store,
    contracts: () => set,
    limits: { bytesMax: 1_000_000, recordsMax, waitMs: 5 },
    observe: () => undefined,
    sleep: async (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    clock: { monotonicMs: () => performance.now(), nowMs: Date.now },
    random: () => 0.5,
  });
  for (const stream of await log.streams()) {
    const { end } = await log.bounds(stream);
    if (end > 0n) await gateway.settled(stream.id, end - 1n, AbortSignal.timeout(PATIENCE_MS));
  }
  await gateway.stop();
}

export async function ask(
  store: Store,
  version: ContractVersion,
  changes: Partial<Question> = {},
  log?: EmbeddedLog,
): Promise<WhatIfReport> {
  const question = { candidate: parcelCandidate(version), of: null, range: { from: null, to: null }, examplesMax: 3 };
  const source = log === undefined ? {} : { source: log };
  return whatIf(store.reads, { ...question, ...changes }, { ...source, signal: new AbortController().signal });
}

export function parcel(id: string, kg: number): Sent {
  return { text: `{"id":"${id}","kg":${kg}}` };
}

function from(producer: string, sent: Sent): Sent {
  return { ...sent, headers: [["client-id", Buffer.from(producer)], ...(sent.headers ?? [])] };
}

/** One of everything. */
const HISTORY: readonly Sent[] = [
  parcel("a", 1),
  from("depot", parcel("b", 20)),
  from("depot", parcel("c", 2_000)),
  { text: "{" },
  parcel("a", 1),
  parcel("b", 21),
  { ...parcel("d", 5), headers: [["sigma-contract", Buffer.from("parcel@2")]] },
  { ...parcel("e", 5), headers: [["sigma-contract", Buffer.from("parcel@9")]] },
  { text: '{"id":"f","kg":"heavy"}' },
  from("harbour", parcel("\u{1f4e6} \\u00fc", 9)),
];

/** What a what-if says of any history, on any store. */
export function whatIfLaws(name: string, open: () => Promise<Store>): void {
  describe(`what-if over ${name}`, () => {
    test("tells what became of every record, by producer and by cause, where, and how much it covers", async () => {
      const log = openLog();
      const store = await open();
      await send(log, HISTORY);
      await send(log, [parcel("x", 20)], "letters");
      await settle(log, store);
      const report = await ask(store, V2);
      expect(report.flips.counts).toEqual({
        passToPass: 3,
        passToFail: 2,
        failToPass: 0,
        failToFailSame: 4,
        failToFailChanged: 0,
      });
      expect(report.flips.examples).toEqual({
        passToPass: ["parcels/0@0", "parcels/0@4", "parcels/0@9"],
        passToFail: ["parcels/0@1", "parcels/0@5"],
        failToFailSame: ["parcels/0@2", "parcels/0@3", "parcels/0@7"],
      });
      expect(report.flips.declared).toMatchObject({ failToPass: 1, passToFail: 0 });
      expect(report.flips.producers.map(({ name: producer, counts }) => [producer, sumOf(counts)])).toEqual([
        ["(unknown)", 6],
        ["depot", 2],
        ["harbour", 1],
      ]);
      expect(report.flips.fingerprints.map(({ cause, counts }) => [cause, counts.passToFail]).slice(0, 1)).toEqual([
        ["schema maximum at /properties/kg/maximum", 2],
      ]);
      expect([report.duplicates, report.conflicts]).toEqual([1, 1]);
      const [stream] = (await log.streams()).filter(({ topic }) => topic === TOPIC);
      expect(report.coverage).toEqual({
        decided: 10,
        redecided: 10,
        otherVersions: 0,
        notRedecided: { bytesNotKept: 0, unreadable: 0, notInLog: 0, notStored: 0 },
        contractSets: [{ digest: SET.digest, records: 10 }],
        streams: [{ stream: stream?.id, topic: TOPIC, partition: 0, from: "0", to: "10", records: 10 }],
      });
      const { digest, ...body } = report;
      expect(sealReport(body).digest).toBe(digest);
    });

    test("reads the log to the same matrix, as far as the log tells facts from each other", async () => {
      const log = openLog();
      const store = await open();
      await send(log, HISTORY);
      await settle(log, store);
      const [stored, read] = [await ask(store, V2), await ask(store, V2, {}, log)];
      expect({ ...read, digest: "" }).toEqual({
        ...stored,
        source: "log",
        duplicates: null,
        conflicts: null,
        digest: "",
      });
    });

    test("lets a number that no double keeps pass where the candidate declares it to have 64 bits, and only there", async () => {
      const log = openLog();
      const store = await open();
      const weights = ["9007199254740993", "-9223372036854775808", "9223372036854775809", "1"];
      await send(
        log,
        weights.map((kg, index) => ({ text: `{"id":"${index}","kg":${kg}}` })),
      );
      await settle(log, store, parcelSet(TOPIC, 1, [parcelVersion(1, { status: "active", kg: { type: "integer" } })]));
      const long = parcelVersion(2, { kg: { type: "integer", format: "int64" } });
      for (const source of [undefined, log]) {
        const declared = await ask(store, long, {}, source);
        expect(declared.flips.counts).toMatchObject({ failToPass: 1, failToFailSame: 1, passToPass: 2, passToFail: 0 });
        const plain = await ask(store, parcelVersion(2, { kg: { type: "number" } }), {}, source);
        expect(plain.flips.counts).toMatchObject({ failToPass: 0, failToFailSame: 2, passToPass: 2, passToFail: 0 });
      }
      // The other way round, what passes now would be lossy.
      const newer = await open();
      await settle(log, newer, parcelSet(TOPIC, 2, [{ ...long, status: "active" }]));
      const before = await ask(newer, parcelVersion(1, { kg: { type: "integer" } }));
      expect(before.flips.counts).toMatchObject({ failToPass: 0, failToFailSame: 1, passToPass: 2, passToFail: 1 });
    });

    test("has one digest for one history, in whatever batches it was decided, with however many examples", async () => {
      const log = openLog();
      await send(log, HISTORY);
      const digests: string[] = [];
      const stores = [await open(), await open(), await open()];
      for (const [index, recordsMax] of [1, 4, 1_000].entries()) {
        const store = stores[index] as Store;
        await settle(log, store, SET, recordsMax);
        digests.push((await ask(store, V2, { examplesMax: index })).digest);
      }
      expect(digests).toEqual([digests[0], digests[0], digests[0]]);
      const other = await ask(stores[0] as Store, parcelVersion(2, { maximum: 15 }));
      expect(other.flips.counts).toMatchObject({ passToFail: 2 });
      expect(other.digest).not.toBe(digests[0]);
    });

    test("counts every decided record exactly once, whatever came", async () => {
      const records = fc.array(
        fc.oneof(
          fc.record({ id: fc.constantFrom("a", "b", "c"), kg: fc.constantFrom(1, 11, 1_001) }),
          fc.constantFrom("{", "[]", '{"id":1}', '{"id":"a","kg":1,"kg":2}'),
        ),
        { minLength: 1, maxLength: 30 },
      );
      await fc.assert(
        fc.asyncProperty(records, fc.integer({ min: 1, max: 12 }), fc.nat(30), async (sent, recordsMax, cut) => {
          const log = openLog();
          const store = await open();
          await send(
            log,
            sent.map((one) => ({ text: typeof one === "string" ? one : JSON.stringify(one) })),
          );
          await settle(log, store, SET, recordsMax);
          const whole = await ask(store, V2);
          expect(sumOf(whole.flips.counts)).toBe(sent.length);
          expect([whole.coverage.decided, whole.coverage.redecided]).toEqual([sent.length, sent.length]);
          const at = { kind: "offset", topic: TOPIC, partition: 0, offset: BigInt(cut) } as const;
          const before = await ask(store, V2, { range: { from: null, to: at } });
          const after = await ask(store, V2, { range: { from: at, to: null } });
          for (const cell of ["passToPass", "passToFail", "failToPass", "failToFailSame"] as const) {
            const parts = before.flips.counts[cell] + after.flips.counts[cell];
            expect([cell, parts]).toEqual([cell, whole.flips.counts[cell]]);
          }
        }),
        { seed: 5, numRuns: 6 },
      );
    });

    test("keeps to a range of offsets or of times, and to the records one version judged", async () => {
      const clock = { ms: 1_000 };
      const log = openLog(clock);
      const store = await open();
      for (let n = 0; n < 6; n += 1) {
        clock.ms = 1_000 * (n + 1);
        await send(log, [n === 5 ? { ...HISTORY[6], text: '{"id":"z","kg":5}' } : parcel(`p${n}`, n * 5)]);
      }
      await settle(log, store, SET, 4);
      const at = (offset: bigint) => ({ kind: "offset", topic: TOPIC, partition: 0, offset }) as const;
      const time = (timestampMs: number) => ({ kind: "time", timestampMs }) as const;
      const read = async (range: Question["range"]): Promise<readonly unknown[]> => {
        const { coverage, flips } = await ask(store, V2, { range });
        return [coverage.streams[0]?.from, coverage.streams[0]?.to, coverage.decided, flips.counts.passToFail];
      };
      expect(await read({ from: at(2n), to: at(5n) })).toEqual(["2", "5", 3, 2]);
      expect(await read({ from: time(2_500), to: time(5_000) })).toEqual(["2", "4", 2, 1]);
      expect(await read({ from: time(99_000), to: null })).toEqual([undefined, undefined, 0, 0]);
      const of = await ask(store, V2, { of: 1 });
      expect([of.coverage.redecided, of.coverage.otherVersions, sumOf(of.flips.declared)]).toEqual([5, 1, 0]);
      const same = await ask(store, V2, { of: 2 });
      expect([same.coverage.redecided, same.coverage.otherVersions, sumOf(same.flips.declared)]).toEqual([1, 5, 1]);
    });

    test("says which contract sets had decided, and when other fields would name the fact", async () => {
      const log = openLog();
      const store = await open();
      await send(log, [parcel("a", 1), parcel("b", 2)]);
      await settle(log, store);
      const byBoth = parcelVersion(3, { identity: ["/id", "/kg"], status: "active" });
      const next = parcelSet(TOPIC, 3, [V1, V2, byBoth]);
      await send(log, [parcel("c", 3)]);
      await settle(log, store, next);
      const report = await ask(store, parcelVersion(4, { identity: ["/id", "/kg"] }));
      expect(report.flips.identityChanged).toBe(2);
      expect(report.coverage.contractSets.toSorted((a, b) => b.records - a.records)).toEqual([
        { digest: SET.digest, records: 2 },
        { digest: next.digest, records: 1 },
      ]);
    });

    test("leaves the store as it was", async () => {
      const log = openLog();
      const store = await open();
      await send(log, HISTORY);
      await settle(log, store);
      const state = async (): Promise<unknown> => [
        await store.reads.tally(),
        await store.reads.failureCounts(),
        await store.reads.contractSets(),
        await Promise.all((await log.streams()).map(async ({ id }) => store.tail(id))),
      ];
      const before = await state();
      await ask(store, V2);
      expect(await state()).toEqual(before);
    });
  });
}
