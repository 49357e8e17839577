import { describe, expect, test } from "vitest";
import { audit } from "../../../src/audit/audit.ts";
import type { CompiledContractSet } from "../../../src/core/compiled.ts";
import { eraseRecords } from "../../../src/erase/erase.ts";
import { lineageOf, originOf } from "../../../src/failures/redrive/lineage.ts";
import { startRedrive } from "../../../src/failures/redrive/act.ts";
import { reportOf } from "../../../src/failures/redrive/report.ts";
import { runRedrive } from "../../../src/failures/redrive/run.ts";
import { createLookup } from "../../../src/gateway/lookup.ts";
import { redriveStreamId } from "../../../src/ledger/redrive-stream.ts";
import type { EmbeddedLog } from "../../../src/source/embedded/log.ts";
import type { Store } from "../../../src/store/store.ts";
import { parcelSet, parcelVersion } from "../../rejudge/history.ts";
import { openLog, parcel, send, settle, TOPIC } from "../../rejudge/what-if-laws.ts";
import { made, NEVER, OPERATOR, planOf, run, runDeps } from "./redriving.ts";

const V1 = parcelVersion(1, { status: "active", maximum: 10 });
const V2 = parcelVersion(2, { status: "active", maximum: 100 });
const V3 = parcelVersion(3, { status: "draft" });
const SET: CompiledContractSet = parcelSet(TOPIC, 1, [V1, V2, V3]);
const HEADER = ["other", Buffer.from("kept")] as const;

async function findings(store: Store, log: EmbeddedLog): Promise<readonly string[]> {
  const report = await audit(store.reads, { source: log, tailMayBeIncomplete: false, findingsMax: 20, signal: NEVER });
  return report.findings.map(({ code, offset, message }) => `${code} ${offset ?? "-"} ${message}`);
}

/** Parcels of which those heavier than 10 failed, as version 1 says. */
async function failed(store: Store, heavy = 4): Promise<EmbeddedLog> {
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
      const lookup = createLookup(store.reads);
      const lineage = await lineageOf({ reads: store.reads, lookup }, source?.stream ?? "", 2n);
      const [first, second] = lineage;
      expect(lineage.map(({ plan: by, outcome }) => [by, outcome])).toEqual([
        [plan.id, "stored"],
        [again.id, "duplicate"],
      ]);
      expect(first?.factId).toBe(second?.factId);
      expect(
        (await lineageOf({ reads: store.reads, lookup }, source?.stream ?? "", 1n)).map(({ code }) => code),
      ).toEqual(["malformed-not-json", "malformed-not-json"]);
      expect(await lineageOf({ reads: store.reads, lookup }, source?.stream ?? "", 0n)).toEqual([]);
      const back = await originOf({ reads: store.reads, lookup }, first?.position ?? fail());
      expect(back).toMatchObject({ plan: plan.id, position: { stream: source?.stream, offset: 2n }, code: "schema" });
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
