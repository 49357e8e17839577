import { describe, expect, test } from "vitest";
import type { CompiledContractSet } from "../../../src/core/compiled.ts";
import { cancelRedrive, pauseRedrive, readRedrives, startRedrive } from "../../../src/failures/redrive/act.ts";
import { attendRedrives, type AttendDeps } from "../../../src/failures/redrive/attend.ts";
import { reportOf } from "../../../src/failures/redrive/report.ts";
import { createThrottle, YIELD_MAX_MS } from "../../../src/failures/redrive/throttle.ts";
import type { RedriveEvent } from "../../../src/gateway/event.ts";
import type { Store } from "../../../src/store/store.ts";
import { openEmbedded, shipment, shipmentContracts, type Embedded } from "../../embedded.ts";
import { until } from "../../patience.ts";
import { made, NEVER, OPERATOR, planOf, runDeps } from "./redriving.ts";

const STRICT = shipmentContracts(10);
const LIVE = shipmentContracts(1_000);

async function withFailures(heavy = 20): Promise<Embedded> {
  const embedded = await openEmbedded();
  for (let index = 0; index < heavy; index += 1) await embedded.append(shipment(`heavy-${index}`, 50));
  await embedded.settle({ contracts: () => STRICT });
  return embedded;
}

type Attendant = { readonly events: RedriveEvent[]; readonly stop: () => Promise<void> };

const CLOCK = { monotonicMs: () => 0, nowMs: () => Date.parse("2026-02-02T00:00:00.000Z") };

/** A gateway that looks for plans. */
function attend(store: Store, set: CompiledContractSet, changes: Partial<AttendDeps> = {}): Attendant {
  const stopping = new AbortController();
  const events: RedriveEvent[] = [];
  const report = (event: RedriveEvent): void => void events.push(event);
  const deps = { ...runDeps(store, set), clock: CLOCK, report, ...changes };
  const ended = attendRedrives(deps, stopping.signal);
  return {
    events,
    stop: async () => {
      stopping.abort();
      await ended;
    },
  };
}

const give = async (store: Store, plan: string, rate: number | null = null) =>
  startRedrive(store, plan, OPERATOR, { by: "gateway", rate });
const stateOf = async ({ reads }: Store, plan: string) => (await readRedrives(reads)).of(plan)?.state;

describe("a gateway", () => {
  test("stops to look for plans while the store does not answer", async () => {
    const { store } = await openEmbedded();
    const { promise: isAsked, resolve } = Promise.withResolvers<void>();
    const operatorLog = async (): Promise<never> => {
      resolve();
      return new Promise(() => undefined);
    };
    const gateway = attend({ ...store, reads: { ...store.reads, operatorLog } }, LIVE);
    await isAsked;
    await gateway.stop();
    expect(gateway.events).toEqual([]);
  });

  test("runs a plan that somebody gives to the gateways, and says when it is done", async () => {
    const embedded = await withFailures();
    const { store } = embedded;
    const plan = made(await planOf(store, LIVE));
    const gateway = attend(store, LIVE);
    expect(await give(store, plan.id)).toBeNull();
    await until(async () => (await stateOf(store, plan.id)) === "done");
    await gateway.stop();
    expect(await reportOf(store.reads, plan)).toMatchObject({ handled: 20, stored: 20 });
    const last = (await store.reads.operatorLog(0, 9)).at(-1);
    expect(last).toMatchObject({ action: "redrive-done", actor: "gateway", at: "2026-02-02T00:00:00.000Z" });
    expect(gateway.events.map(({ kind, ...event }) => [kind, "end" in event ? event.end : event.count])).toEqual([
      ["redrive-started", 20],
      ["redrive-ended", "done"],
    ]);
    expect((await embedded.audit(true)).findings).toEqual([]);
  });

  test("leaves a plan alone that a process of the command line runs", async () => {
    const { store } = await withFailures();
    const [theirs, ours] = [made(await planOf(store, LIVE)), made(await planOf(store, LIVE))];
    await startRedrive(store, theirs.id, OPERATOR, { by: "cli", rate: null });
    let polls = 0;
    const sleep = async (): Promise<void> => {
      polls += 1;
      await new Promise((resolve) => setImmediate(resolve));
    };
    const gateway = attend(store, LIVE, { sleep });
    await until(() => polls > 10);
    expect(gateway.events).toEqual([]);
    await cancelRedrive(store, theirs.id, OPERATOR);
    await give(store, ours.id);
    await until(async () => (await stateOf(store, ours.id)) === "done");
    await gateway.stop();
    expect(gateway.events.map(({ plan }) => plan)).toEqual([ours.id, ours.id]);
  });

  test("goes on with a plan when the gateway that ran it is gone", async () => {
    const embedded = await withFailures();
    const { store } = embedded;
    const plan = made(await planOf(store, LIVE));
    await give(store, plan.id, 2);
    let batches = 0;
    const first = attend(store, LIVE, {
      observe: ({ kind }) => {
        if (kind === "batch-settled") batches += 1;
      },
    });
    await until(() => batches > 1);
    await first.stop();
    expect(await stateOf(store, plan.id)).toBe("running");
    const second = attend(store, LIVE);
    await until(async () => (await stateOf(store, plan.id)) === "done");
    await second.stop();
    expect(await reportOf(store.reads, plan)).toMatchObject({ handled: 20, stored: 20, duplicates: 0 });
    expect((await embedded.audit(true)).findings).toEqual([]);
  });

  test("beside others runs a plan once, whoever of them runs it", async () => {
    const embedded = await withFailures(40);
    const { store } = embedded;
    const plan = made(await planOf(store, LIVE));
    await give(store, plan.id, 3);
    const gateways = [attend(store, LIVE), attend(store, LIVE), attend(store, LIVE)];
    await until(async () => (await stateOf(store, plan.id)) === "done");
    for (const { stop } of gateways) await stop();
    expect(await reportOf(store.reads, plan)).toMatchObject({ handled: 40, stored: 40, duplicates: 0 });
    expect(await store.reads.tally()).toEqual({ validated: 40, failed: 40, receipts: 0 });
    expect((await embedded.audit(true)).findings).toEqual([]);
  });

  test("stops behind its batch when the plan is paused, and goes on at the rate that it is given then", async () => {
    const { store } = await withFailures();
    const plan = made(await planOf(store, LIVE));
    await give(store, plan.id, 1);
    let batches = 0;
    const gateway = attend(store, LIVE, {
      observe: ({ kind }) => {
        if (kind === "batch-settled") batches += 1;
      },
    });
    await until(() => batches > 0);
    await pauseRedrive(store, plan.id, OPERATOR);
    await until(() => gateway.events.length === 2);
    expect(gateway.events[1]).toMatchObject({ end: expect.stringMatching(/^(?:paused|interrupted)$/) as string });
    const { handled } = await reportOf(store.reads, plan);
    expect(handled).toBeLessThan(20);
    await give(store, plan.id, 7);
    await until(async () => (await stateOf(store, plan.id)) === "done");
    await gateway.stop();
    expect(gateway.events[2]).toMatchObject({ kind: "redrive-started", rate: 7 });
  });

  test("with other contracts than the plan's tries once more, much later, and then pauses the plan", async () => {
    const { store } = await withFailures();
    const plan = made(await planOf(store, LIVE));
    await give(store, plan.id);
    let polls = 0;
    const sleep = async (): Promise<void> => {
      polls += 1;
      await new Promise((resolve) => setImmediate(resolve));
    };
    const gateway = attend(store, STRICT, { sleep });
    await until(async () => (await stateOf(store, plan.id)) === "paused");
    await gateway.stop();
    expect(polls).toBeGreaterThan(60);
    expect(gateway.events.filter(({ kind }) => kind === "redrive-ended")).toMatchObject([
      { end: "refused", trouble: { code: "contracts-changed" } },
      { end: "refused", trouble: { code: "contracts-changed" } },
    ]);
    const last = (await store.reads.operatorLog(0, 9)).at(-1);
    expect(last).toMatchObject({ action: "redrive-pause", actor: "gateway" });
    expect(last?.reason).toContain("the contracts are others");
    expect(await store.reads.tally()).toMatchObject({ validated: 0 });
  });

  test("that finds a bug pauses the plan, and looks for others", async () => {
    const { store } = await withFailures();
    const plan = made(await planOf(store, LIVE));
    await give(store, plan.id);
    const redrivePage = async (): Promise<never> => Promise.reject(new TypeError("it is no page"));
    const gateway = attend({ ...store, reads: { ...store.reads, redrivePage } }, LIVE);
    await until(async () => (await stateOf(store, plan.id)) === "paused");
    await gateway.stop();
    expect(gateway.events.at(-1)).toMatchObject({ end: "broken", trouble: { code: "bug" } });
  });
});

describe("beside live streams", () => {
  test("a batch waits while they have a backlog, and no longer than its limit", async () => {
    let [waitedMs, isBusy] = [0, true];
    const sleep = async (ms: number): Promise<void> => void (waitedMs += ms);
    const throttle = createThrottle(null, { now: () => 0, sleep, isBusy: async () => isBusy });
    await throttle.wait(NEVER);
    expect(waitedMs).toBe(YIELD_MAX_MS);
    isBusy = false;
    await throttle.wait(NEVER);
    expect(waitedMs).toBe(YIELD_MAX_MS);
  });
});
