import { describe, expect, test } from "vitest";
import { audit } from "../../../src/audit/audit.ts";
import type { CompiledContractSet } from "../../../src/core/compiled.ts";
import { eraseRecords } from "../../../src/erase/erase.ts";
import { lineageOf, originOf } from "../../../src/failures/redrive/lineage.ts";
import { startRedrive } from "../../../src/failures/redrive/act.ts";
import { reportOf } from "../../../src/failures/redrive/report.ts";
import { runRedrive } from "../../../src/failures/redrive/run.ts";
import { openLineage } from "../../../src/failures/lineage/lineage.ts";
import { openPlaces, takenFailures, type Taken } from "../../../src/failures/taken.ts";
import { createLookup } from "../../../src/gateway/lookup.ts";
import { toJsonText } from "../../../src/json/json-text.ts";
import { redriveStreamId } from "../../../src/ledger/redrive-stream.ts";
import { planRetention } from "../../../src/retain/plan.ts";
import { runRetention } from "../../../src/retain/run.ts";
import type { EmbeddedLog } from "../../../src/source/embedded/log.ts";
import type { Store } from "../../../src/store/store.ts";
import { parcelSet, parcelVersion } from "../../rejudge/history.ts";
import { openLog, parcel, send, settle, TOPIC } from "../../rejudge/what-if-laws.ts";
import { made, NEVER, OPERATOR, planOf, run, runDeps } from "./redriving.ts";

const V1 = parcelVersion(1, { status: "active", maximum: 10 });
const V2 = parcelVersion(2, { status: "active", maximum: 100 });
const V3 = parcelVersion(3, { status: "draft" });
export const SET: CompiledContractSet = parcelSet(TOPIC, 1, [V1, V2, V3]);
const RETAINER = { actor: "ops", at: "2026-02-01T00:00:00.000Z" };
const HEADER = ["other", Buffer.from("kept")] as const;

/** What was taken, by whom and by which term. */
function said(taken: readonly Taken[] = []): readonly string[] {
  return taken.map(({ what, actor, reason }) => `${what} taken by ${actor} ${reason.split(":")[0]}`);
}

/** Retention takes everything of some kinds. */
async function takeAll(store: Store, kinds: readonly string[]): Promise<void> {
  const policy = (kind: string) => (kinds.includes(kind) ? { ms: 0, says: `retention.${kind} 0d` } : null);
  const retention = await planRetention(store.reads, { policy, nowMs: Date.now() + 1_000, signal: NEVER });
  await runRetention(store, retention, { operator: RETAINER, signal: NEVER });
}

export async function findings(store: Store, log: EmbeddedLog): Promise<readonly string[]> {
  const report = await audit(store.reads, { source: log, tailMayBeIncomplete: false, findingsMax: 20, signal: NEVER });
  return report.findings.map(({ code, offset, message }) => `${code} ${offset ?? "-"} ${message}`);
}

/** Parcels of which those heavier than 10 failed, as version 1 says. */
export async function failed(store: Store, heavy = 4): Promise<EmbeddedLog> {
  const log = openLog();
  const declared = ["sigma-contract", Buffer.from("parcel@1")] as const;
  await send(log, [parcel("light", 1), { text: "{" }]);
  for (let index = 0; index < heavy; index += 1)
    await send(log, [{ ...parcel(`heavy-${index}`, 50), headers: index % 2 === 0 ? [HEADER, declared] : [] }]);
  await settle(log, store, SET);
  return log;
}

/** What a redrive does on any store. @param open opens the same store, each time as another process would. */
export function redriveLaws(name: string, start: () => Promise<{ readonly open: () => Promise<Store> }>): void {
  describe(`redrive over ${name}`, () => {
    test("to another version it changes the declaration and nothing else, and the proof holds", async () => {
      const store = await (await start()).open();
      const log = await failed(store);
      expect(await planOf(store, SET, {}, 3)).toMatchObject({ code: "version-unfit" });
      expect(await planOf(store, SET, {}, 9)).toMatchObject({ code: "version-unfit" });
      const plan = made(await planOf(store, SET, {}, 2));
      expect(plan.dryRun).toMatchObject({ passed: 4, failed: 1 });
      expect(await run(store, SET, plan)).toEqual({ kind: "done" });
      const [source] = plan.streams;
      const stream = redriveStreamId({ plan: plan.id, source: source?.number ?? 0 });
      const rows = await createLookup(store.reads).rows(stream, 2n, 4n);
      const headers = rows.map((row) => row.headers.map(([key, value]) => [key, Buffer.from(value).toString()]));
      const now = ["sigma-contract", "parcel@2"];
      expect(headers).toEqual([[["other", "kept"], now], [now]]);
      expect(rows.map((row) => [row.kind, row.contract?.version])).toEqual([
        ["validated", 2],
        ["validated", 2],
      ]);
      expect(await findings(store, log)).toEqual([]);
    });

    test("each record shows where it failed and what became of it, forwards and back", async () => {
      const store = await (await start()).open();
      await failed(store);
      const plan = made(await planOf(store, SET, {}, 2));
      await run(store, SET, plan);
      const again = made(await planOf(store, SET, {}, 2));
      await run(store, SET, again);
      const [source] = plan.streams;
      const deps = { reads: store.reads, lookup: createLookup(store.reads), places: openPlaces(store.reads) };
      const lineage = await lineageOf(deps, source?.stream ?? "", 2n);
      const [first, second] = lineage;
      expect(lineage.map(({ plan: by, outcome }) => [by, outcome])).toEqual([
        [plan.id, "stored"],
        [again.id, "duplicate"],
      ]);
      expect(first?.factId).toBe(second?.factId);
      expect((await lineageOf(deps, source?.stream ?? "", 1n)).map(({ code }) => code)).toEqual([
        "malformed-not-json",
        "malformed-not-json",
      ]);
      expect(await lineageOf(deps, source?.stream ?? "", 0n)).toEqual([]);
      const back = await originOf(deps, first?.position ?? fail());
      expect(back).toMatchObject({ plan: plan.id, position: { stream: source?.stream, offset: 2n }, code: "schema" });
    });

    test("what retention took of a lineage is said in its place, forwards and back", async () => {
      const store = await (await start()).open();
      await failed(store);
      const plan = made(await planOf(store, SET, {}, 2));
      await run(store, SET, plan);
      const again = made(await planOf(store, SET, {}, 2));
      await run(store, SET, again);
      const [source = fail()] = plan.streams;
      const lineage = openLineage({ reads: store.reads, lookup: createLookup(store.reads) });
      const [redriven, twice] = [plan, again].map(({ id }) => redriveStreamId({ plan: id, source: source.number }));
      const note = (await store.reads.streamNotes()).find(({ stream }) => stream === redriven) ?? fail();
      const [before, beforeBack] = [await lineage.ofFailure(source, 2n), await lineage.ofFailure(note, 2n)];
      expect(toJsonText([before, beforeBack])).not.toContain("taken");
      const take = async (kinds: readonly string[]): Promise<void> => takeAll(store, kinds);
      await take(["failed", "receipts"]);
      const forwards = await lineage.ofFailure(source, 2n);
      expect(said(forwards.taken)).toEqual(["failure taken by ops retention.failed 0d"]);
      // The first redrive stored a fact, of which nothing is taken; the second one left a receipt.
      expect(forwards.redrives.map(({ outcome, taken }) => [outcome, ...said(taken)])).toEqual([
        ["stored"],
        ["duplicate", "receipt taken by ops retention.receipts 0d"],
      ]);
      const back = await lineage.ofFailure(note, 2n);
      expect(back.taken).toBe(undefined);
      expect(back.firstFailed?.code).toBe("schema");
      expect(said(back.firstFailed?.taken)).toEqual(["failure taken by ops retention.failed 0d"]);
      const gone = (offset: bigint) => takenFailures(store.reads, { topic: TOPIC, partition: 0, offset, stream: null });
      expect((await gone(1n)).map(({ stream }) => stream.stream)).toEqual([source.stream, redriven, twice]);
      expect((await gone(2n)).map(({ stream }) => stream.stream)).toEqual([source.stream]);
      expect(await gone(0n)).toEqual([]);

      await take(["facts", "evidence"]);
      const later = await lineage.ofFailure(source, 2n);
      // Without evidence the ledger still says what became of the record.
      expect(later.redrives.map(({ outcome, taken }) => [outcome, ...said(taken)])).toEqual([
        ["stored", "fact taken by ops retention.facts 0d", "evidence taken by ops retention.evidence 0d"],
        ["duplicate", "receipt taken by ops retention.receipts 0d", "evidence taken by ops retention.evidence 0d"],
      ]);
      const fact = await lineage.ofGone(note.stream, 2n);
      expect(fact.taken?.map((one) => [one.what, one.at, one.gone])).toEqual([
        ["fact", RETAINER.at, true],
        ["evidence", RETAINER.at, true],
      ]);
      expect(said(fact.firstFailed?.taken)).toEqual([
        "failure taken by ops retention.failed 0d",
        "evidence taken by ops retention.evidence 0d",
      ]);
    });

    test("a duplicate and a conflict say where the fact is, and what retention took of it", async () => {
      const store = await (await start()).open();
      const log = await failed(store, 1);
      await send(log, [parcel("light", 1), parcel("light", 2)]);
      await settle(log, store, SET);
      const plan = made(await planOf(store, SET, {}, 2));
      await run(store, SET, plan);
      await run(store, SET, made(await planOf(store, SET, {}, 2)));
      const [source = fail()] = plan.streams;
      const lookup = createLookup(store.reads);
      const lineage = openLineage({ reads: store.reads, lookup });
      const of = async (offset: bigint) => {
        const [row = fail()] = await lookup.rows(source.stream, offset, offset + 1n);
        return lineage.ofRow(row);
      };
      const { topic, partition, stream } = source;
      const light = { stream, topic, partition, offset: 0 };
      const redriven = { ...light, stream: redriveStreamId({ plan: plan.id, source: source.number }), offset: 2 };
      // The fact itself repeats none.
      expect((await of(0n)).fact).toBe(undefined);
      expect([(await of(3n)).fact, (await of(4n)).fact]).toEqual([light, light]);
      expect((await lineage.ofFailure(source, 4n)).fact).toEqual(light);
      const [first, second] = (await lineage.ofFailure(source, 2n)).redrives;
      expect([first?.fact, second?.fact]).toEqual([undefined, redriven]);

      await takeAll(store, ["facts"]);
      const taken = ["fact taken by ops retention.facts 0d"];
      for (const offset of [3n, 4n]) expect(said((await of(offset)).fact?.taken)).toEqual(taken);
      const [, later] = (await lineage.ofFailure(source, 2n)).redrives;
      expect([later?.outcome, ...said(later?.fact?.taken)]).toEqual(["duplicate", ...taken]);
      // Of the receipt itself nothing is taken.
      expect(later?.taken).toBe(undefined);
    });

    test("two processes that run one plan decide each record once", async () => {
      const { open } = await start();
      const [one, other] = [await open(), await open()];
      const log = await failed(one, 30);
      const plan = made(await planOf(one, SET, {}, 2));
      await startRedrive(one, plan.id, OPERATOR, { by: "cli", rate: 4 });
      const options = { operator: () => OPERATOR, rate: 4, signal: NEVER };
      const ends = await Promise.all(
        [one, other].map(async (store) => runRedrive(runDeps(store, SET), plan.id, options)),
      );
      expect(ends).toEqual([{ kind: "done" }, { kind: "done" }]);
      expect(await reportOf(other.reads, plan)).toMatchObject({ handled: 31, stored: 30, failed: 1, duplicates: 0 });
      expect(await findings(other, log)).toEqual([]);
    });

    test("records that were erased are counted, before the run and in it", async () => {
      const store = await (await start()).open();
      const log = await failed(store);
      const erase = async (offset: bigint): Promise<void> => {
        const note = (await store.reads.streamNotes()).find(({ topic }) => topic === TOPIC) ?? fail();
        const seq = (await store.reads.entryAt(note.stream, offset))?.seq ?? 0;
        const ranges = [{ from: offset, to: offset + 1n }];
        const { faults } = await eraseRecords({ store, log: null }, [{ note, seq, ranges }], {
          operator: OPERATOR,
          signal: NEVER,
        });
        expect(faults).toEqual([]);
      };
      await erase(2n);
      const plan = made(await planOf(store, SET, {}, 2));
      expect(plan).toMatchObject({
        count: 5,
        dryRun: { passed: 3, failed: 1, unavailable: [{ reason: "erased", count: 1 }] },
      });
      await erase(3n);
      expect(await run(store, SET, plan)).toEqual({ kind: "done" });
      expect(await reportOf(store.reads, plan)).toMatchObject({ handled: 5, stored: 2, failed: 1, unavailable: 2 });
      expect((await findings(store, log)).filter((one) => !one.startsWith("SOURCE"))).toEqual([]);
    });
  });
}

function fail(): never {
  throw new Error("it is not there");
}
