import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { cancelRedrive, pauseRedrive, readRedrives, startRedrive } from "../../../src/failures/redrive/act.ts";
import { makePlan } from "../../../src/failures/redrive/make-plan.ts";
import { openReports, reportOf } from "../../../src/failures/redrive/report.ts";
import { runRedrive } from "../../../src/failures/redrive/run.ts";
import { redriveStreamId } from "../../../src/ledger/redrive-stream.ts";
import { openEmbedded, shipment, shipmentContracts, TOPIC, type Embedded } from "../../embedded.ts";
import { EVERY_FAILURE, made, NEVER, OPERATOR, planOf, run, runDeps } from "./redriving.ts";

const STRICT = shipmentContracts(10);
const LIVE = shipmentContracts(1_000);

/** A log whose records were judged by a limit that was too low: `heavy` failed and would pass now, the rest is as it is. */
async function withFailures(heavy = 3): Promise<Embedded> {
  const embedded = await openEmbedded();
  await embedded.append(shipment("light", 5), "{");
  for (let index = 0; index < heavy; index += 1) await embedded.append(shipment(`heavy-${index}`, 50));
  await embedded.settle({ contracts: () => STRICT });
  return embedded;
}

async function reportAfter({ store }: Embedded, plan: Parameters<typeof reportOf>[1]) {
  const { groups, ...counts } = await reportOf(store.reads, plan);
  return { ...counts, groups: groups.map(({ code, count }) => [code, count]) };
}

describe("reports of a run", () => {
  test("say at any time what one that reads everything anew says, and read only what came since", async () => {
    const embedded = await withFailures(40);
    const { reads } = embedded.store;
    const plan = made(await planOf(embedded.store, LIVE));
    const asked: number[] = [];
    const ledger: typeof reads.ledger = async (stream, from, limit) => {
      asked.push(from);
      return reads.ledger(stream, from, limit);
    };
    const reports = openReports({ ...reads, ledger });
    const settled: number[] = [];
    let next: Promise<unknown> = Promise.resolve();
    const look = async (): Promise<void> => {
      // Two at a time, as two people who look at the page.
      await Promise.all([reports.of(plan), reports.of(plan)]);
    };
    await startRedrive(embedded.store, plan.id, OPERATOR, { by: "cli", rate: 5 });
    const observe = (event: { readonly kind: string }): void => {
      if (event.kind === "batch-settled") settled.push(1);
      if (event.kind === "batch-settled") next = next.then(look);
    };
    await runRedrive(runDeps(embedded.store, LIVE, { observe }), plan.id, {
      operator: () => OPERATOR,
      rate: 5,
      signal: NEVER,
    });
    await next;
    const last = await reports.of(plan);
    expect(last).toEqual(await reportOf(reads, plan));
    expect(last).toMatchObject({ planned: 41, handled: 41, stored: 40, failed: 1, pending: 0 });
    expect(last.groups).toMatchObject([{ code: "malformed-not-json", count: 1 }]);
    expect(settled.length).toBeGreaterThan(5);
    // None but the first begins at the beginning.
    expect(asked.filter((from) => from === 0).length).toBeLessThanOrEqual(1);
  });
});

describe("a plan", () => {
  test("freezes the offsets of what failed, and says what would become of them", async () => {
    const { store } = await withFailures();
    const plan = made(await planOf(store, LIVE));
    expect(plan).toMatchObject({
      count: 4,
      subjects: ["shipment"],
      streams: [{ topic: TOPIC, partition: 0, from: "1", to: "5", count: 4 }],
      dryRun: { passed: 3, failed: 1, conflicts: 0, duplicates: 0, repeats: 0, unavailable: [] },
    });
    expect(plan.dryRun.groups).toMatchObject([{ code: "malformed-not-json", count: 1 }]);
    const [action] = await store.reads.operatorLog(0, 9);
    expect(action).toMatchObject({ action: "redrive-plan", target: plan.id, actor: "ada" });
    expect(action?.detail).toContain(plan.digest);
    expect(await store.reads.tally()).toEqual({ validated: 1, failed: 4, receipts: 0 });
  });

  test("of more records than it may have is refused, and nothing of it is kept", async () => {
    const { store } = await withFailures();
    const all = { kind: "range", topic: TOPIC, partition: 0 } as const;
    for (const [changes, count] of [[{}, 4] as const, [all, 5] as const]) {
      const asked = {
        id: "abcdefabcdef",
        selection: { ...EVERY_FAILURE, ...changes },
        toVersion: null,
        operator: OPERATOR,
      };
      const plan = async (recordsMax: number) =>
        makePlan({ store, contracts: () => LIVE }, asked, { signal: NEVER, recordsMax });
      expect(await plan(count - 1)).toMatchObject({
        code: "too-many",
        message: `Cannot plan: more than ${count - 1} records are selected`,
      });
      expect(await store.reads.operatorLog(0, 9)).toEqual([]);
    }
    expect(
      made(
        await makePlan(
          { store, contracts: () => LIVE },
          { id: "abcdefabcdef", selection: EVERY_FAILURE, toVersion: null, operator: OPERATOR },
          { signal: NEVER, recordsMax: 4 },
        ),
      ).count,
    ).toBe(4);
  });

  test("takes what its selection names, and nothing else", async () => {
    const { store } = await withFailures();
    expect(await planOf(store, LIVE, { code: "rule" })).toMatchObject({ count: 3 });
    expect(await planOf(store, LIVE, { from: "3", to: "4" })).toMatchObject({ count: 1, streams: [{ from: "3" }] });
    expect(await planOf(store, LIVE, { topic: "others" })).toMatchObject({ code: "nothing-selected" });
    expect(await planOf(store, LIVE, { fromMs: 1_700_000_000_001 })).toMatchObject({ code: "nothing-selected" });
    expect(await planOf(store, LIVE, { toMs: 1_700_000_000_001 })).toMatchObject({ count: 4 });
  });

  test("of a range takes every record in it, those that passed too", async () => {
    const { store } = await withFailures();
    const range = { kind: "range", topic: TOPIC, partition: 0 } as const;
    expect(await planOf(store, LIVE, { ...range, from: "0", to: "3" })).toMatchObject({
      count: 3,
      dryRun: { passed: 1, failed: 1, duplicates: 1 },
    });
    expect(await planOf(store, LIVE, { ...range, fromMs: 1_700_000_000_000 })).toMatchObject({ count: 5 });
    expect(await planOf(store, LIVE, { ...range, toMs: 1_700_000_000_000 })).toMatchObject({
      code: "nothing-selected",
    });
  });

  test("tells duplicates, conflicts and repeats apart before anything is stored", async () => {
    const embedded = await openEmbedded();
    await embedded.append(shipment("A", 50), shipment("A", 51), shipment("B", 50), shipment("C", 50));
    await embedded.settle({ contracts: () => STRICT });
    await embedded.append(shipment("B", 50), shipment("C", 51));
    await embedded.settle({ contracts: () => LIVE });
    const plan = made(await planOf(embedded.store, LIVE, { to: "4" }));
    expect(plan.dryRun).toMatchObject({ passed: 1, repeats: 1, duplicates: 1, conflicts: 1, failed: 0 });
    await run(embedded.store, LIVE, plan);
    expect(await reportAfter(embedded, plan)).toMatchObject({ stored: 1, duplicates: 1, conflicts: 2, failed: 0 });
  });
});

describe("a run", () => {
  test("decides the records of its plan in a stream of their own, at the offsets where they failed", async () => {
    const embedded = await withFailures();
    const plan = made(await planOf(embedded.store, LIVE));
    expect(await run(embedded.store, LIVE, plan)).toEqual({ kind: "done" });
    expect(await reportAfter(embedded, plan)).toEqual({
      planned: 4,
      handled: 4,
      stored: 3,
      duplicates: 0,
      conflicts: 0,
      failed: 1,
      pending: 0,
      unavailable: 0,
      groups: [["malformed-not-json", 1]],
    });
    const rows = await embedded.lookup.rows(redriveStreamId({ plan: plan.id, source: 1 }), 0n, 100n);
    expect(rows.map(({ kind, position }) => [kind, position.offset])).toEqual([
      ["failed", 1n],
      ["validated", 2n],
      ["validated", 3n],
      ["validated", 4n],
    ]);
    // What failed once stays as it was.
    expect((await embedded.rows()).map(({ kind }) => kind)).toEqual([
      "validated",
      "failed",
      "failed",
      "failed",
      "failed",
    ]);
    expect((await readRedrives(embedded.store.reads)).of(plan.id)?.state).toBe("done");
    expect((await embedded.audit(true)).findings).toEqual([]);
  });

  test("a second plan of the same records changes nothing but that it leaves receipts", async () => {
    const embedded = await withFailures();
    await run(embedded.store, LIVE, made(await planOf(embedded.store, LIVE)));
    const again = made(await planOf(embedded.store, LIVE));
    expect(again).toMatchObject({ count: 4, dryRun: { passed: 0, duplicates: 3, failed: 1 } });
    await run(embedded.store, LIVE, again);
    expect(await reportAfter(embedded, again)).toMatchObject({ stored: 0, duplicates: 3, failed: 1 });
    expect(await embedded.store.reads.tally()).toEqual({ validated: 4, failed: 6, receipts: 3 });
    expect((await embedded.audit(true)).findings).toEqual([]);
  });

  test("does not hold up the log: ingestion goes on behind it as if it had never been", async () => {
    const embedded = await withFailures();
    await run(embedded.store, LIVE, made(await planOf(embedded.store, LIVE)));
    await embedded.append(shipment("heavy-0", 50), shipment("later"));
    const gateway = await embedded.settle({ contracts: () => LIVE });
    expect(gateway.streams().map(({ state }) => state)).toEqual(["stopped"]);
    expect((await embedded.rows()).slice(-2).map(({ kind }) => kind)).toEqual(["receipt", "validated"]);
    expect((await embedded.audit(true)).findings).toEqual([]);
  });

  test("two runs of one plan at a time decide each record once", async () => {
    const embedded = await withFailures(40);
    const plan = made(await planOf(embedded.store, LIVE));
    await startRedrive(embedded.store, plan.id, OPERATOR, { by: "cli", rate: 3 });
    const one = async () =>
      runRedrive(runDeps(embedded.store, LIVE), plan.id, { operator: () => OPERATOR, rate: 3, signal: NEVER });
    expect(await Promise.all([one(), one()])).toEqual([{ kind: "done" }, { kind: "done" }]);
    expect(await reportAfter(embedded, plan)).toMatchObject({ stored: 40, duplicates: 0, failed: 1 });
    expect(await embedded.store.reads.tally()).toEqual({ validated: 41, failed: 42, receipts: 0 });
    expect((await embedded.audit(true)).findings).toEqual([]);
  });

  test("stops behind its batch when somebody pauses it, and goes on where it was", async () => {
    const embedded = await withFailures(20);
    const plan = made(await planOf(embedded.store, LIVE));
    await startRedrive(embedded.store, plan.id, OPERATOR, { by: "cli", rate: 4 });
    let batches = 0;
    const deps = runDeps(embedded.store, LIVE, {
      observe: ({ kind }) => {
        if (kind === "batch-settled") batches += 1;
      },
      sleep: async () => {
        if (batches === 2) await pauseRedrive(embedded.store, plan.id, OPERATOR);
      },
      now: () => batches,
    });
    const options = { operator: () => OPERATOR, rate: 4, signal: NEVER };
    expect(await runRedrive(deps, plan.id, options)).toEqual({ kind: "stopped", state: "paused" });
    const { handled } = await reportAfter(embedded, plan);
    expect(handled).toBeGreaterThan(0);
    expect(handled).toBeLessThan(21);
    expect(await run(embedded.store, LIVE, plan)).toEqual({ kind: "done" });
    expect(await reportAfter(embedded, plan)).toMatchObject({ handled: 21, stored: 20, duplicates: 0 });
  });

  test("that is cancelled keeps what went, and can never go on", async () => {
    const { store } = await withFailures();
    const plan = made(await planOf(store, LIVE));
    await startRedrive(store, plan.id, OPERATOR, { by: "cli", rate: null });
    expect(await cancelRedrive(store, plan.id, OPERATOR)).toBeNull();
    const options = { operator: () => OPERATOR, rate: null, signal: NEVER };
    expect(await runRedrive(runDeps(store, LIVE), plan.id, options)).toEqual({ kind: "stopped", state: "cancelled" });
    expect(await run(store, LIVE, plan)).toMatchObject({ code: "plan-over" });
    expect(await pauseRedrive(store, plan.id, OPERATOR)).toMatchObject({ code: "plan-over" });
  });

  test("lets go of the signal that may interrupt it, once it is over", async () => {
    const { store } = await withFailures();
    const plan = made(await planOf(store, LIVE));
    await startRedrive(store, plan.id, OPERATOR, { by: "cli", rate: null });
    const { signal } = new AbortController();
    const options = { operator: () => OPERATOR, rate: null, signal };
    expect(await runRedrive(runDeps(store, LIVE), plan.id, options)).toEqual({ kind: "done" });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("is refused while another plan for the contract is started and not finished", async () => {
    const { store } = await withFailures();
    const [one, other] = [made(await planOf(store, LIVE)), made(await planOf(store, LIVE))];
    const starts = await Promise.all(
      [one, other].map(async ({ id }) => startRedrive(store, id, OPERATOR, { by: "cli", rate: null })),
    );
    expect(starts.map((refused) => refused?.code ?? "started").toSorted()).toEqual(["contract-busy", "started"]);
    const [first, second] = starts[0] === null ? [one, other] : [other, one];
    await pauseRedrive(store, first.id, OPERATOR);
    expect(await run(store, LIVE, second)).toMatchObject({ code: "contract-busy" });
    await cancelRedrive(store, first.id, OPERATOR);
    expect(await run(store, LIVE, second)).toEqual({ kind: "done" });
  });

  test("is refused under other contracts than those of its dry run", async () => {
    const { store } = await withFailures();
    const plan = made(await planOf(store, LIVE));
    const end = await run(store, shipmentContracts(500), plan);
    expect(end).toMatchObject({ kind: "refused", refusal: { code: "contracts-changed" } });
    expect(await store.reads.tally()).toMatchObject({ validated: 1 });
  });

  test("stops when the contracts change under it", async () => {
    const { store } = await withFailures(20);
    const plan = made(await planOf(store, LIVE));
    await startRedrive(store, plan.id, OPERATOR, { by: "cli", rate: 4 });
    let set = LIVE;
    const deps = runDeps(store, LIVE, {
      contracts: () => set,
      observe: ({ kind }) => {
        if (kind === "batch-settled") set = shipmentContracts(500);
      },
    });
    const end = await runRedrive(deps, plan.id, { operator: () => OPERATOR, rate: 4, signal: NEVER });
    expect(end).toMatchObject({ kind: "refused", refusal: { code: "contracts-changed" } });
  });

  test("waits while live streams have a backlog", async () => {
    const { store } = await withFailures();
    const plan = made(await planOf(store, LIVE));
    let left = 3;
    const isBusy = async (): Promise<boolean> => (left -= 1) >= 0;
    let waited = 0;
    const sleep = async (): Promise<void> => void (waited += 1);
    expect(await run(store, LIVE, plan, { isBusy, sleep })).toEqual({ kind: "done" });
    expect(waited).toBe(3);
  });

  test("is refused when the store's copy of the plan was changed", async () => {
    const { store } = await withFailures();
    const plan = made(await planOf(store, LIVE));
    const redrive = async (): Promise<string> => JSON.stringify({ ...plan, count: 5 });
    const changed = { ...store, reads: { ...store.reads, redrive } };
    expect(await run(changed, LIVE, plan)).toMatchObject({ kind: "refused", refusal: { code: "plan-damaged" } });
    const page = async () => ({
      plan: plan.id,
      stream: plan.streams[0]?.stream ?? "",
      from: 1n,
      to: 5n,
      count: 3,
      runs: "R3-1",
    });
    const other = { ...store, reads: { ...store.reads, redrivePage: page } };
    expect(await run(other, LIVE, plan)).toMatchObject({ kind: "refused", refusal: { code: "plan-damaged" } });
  });
});
