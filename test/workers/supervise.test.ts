import { expect, test } from "vitest";
import type { FromWorker, ToWorker } from "../../src/workers/messages.ts";
import { CALM_MS, RETRY_MS, supervise, type Ended, type WorkerEvent } from "../../src/workers/supervise.ts";

type Process = {
  readonly worker: number;
  readonly told: (message: FromWorker) => void;
  readonly end: (how: Ended) => void;
  readonly heard: ToWorker[];
};

/** Workers that do what the test says, and a clock that it moves. */
function watch(count: number) {
  const processes: Process[] = [];
  const events: WorkerEvent[] = [];
  let nowMs = 0;
  let timers: { readonly atMs: number; readonly callback: () => void }[] = [];
  const supervised = supervise({
    count,
    start: (worker, { told, ended }) => {
      const heard: ToWorker[] = [];
      processes.push({ worker, told, end: ended, heard });
      return { pid: processes.length, tell: (message) => void heard.push(message) };
    },
    report: (event) => void events.push(event),
    stood: () => undefined,
    answered: () => undefined,
    monotonicMs: () => nowMs,
    later: (ms, callback) => {
      const timer = { atMs: nowMs + ms, callback };
      timers.push(timer);
      return () => void (timers = timers.filter((one) => one !== timer));
    },
  });
  const pass = (ms: number): void => {
    nowMs += ms;
    const due = timers.filter(({ atMs }) => atMs <= nowMs);
    timers = timers.filter(({ atMs }) => atMs > nowMs);
    for (const { callback } of due) callback();
  };
  const lost = (): readonly number[] =>
    events.flatMap((event) => (event.kind === "worker-lost" ? [event.retryMs] : []));
  return { supervised, processes, events, pass, lost };
}

const KILLED: Ended = { code: null, signal: "SIGKILL" };
const READY: FromWorker = {
  kind: "standing",
  standing: {
    ready: true,
    streams: [],
    newestMs: [],
    totals: { decided: 0, passed: 0, failed: 0, duplicates: 0 },
    loads: [],
  },
};

test("a worker that is lost is started again under its number, later with each loss in a row", () => {
  const { supervised, processes, pass, lost } = watch(2);
  expect(processes.map(({ worker }) => worker)).toEqual([1, 2]);
  for (let loss = 0; loss < 10; loss += 1) {
    processes.at(-1)?.end(KILLED);
    pass(lost().at(-1) ?? 0);
  }
  expect(lost()).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
  expect(processes.slice(2).every(({ worker }) => worker === 2)).toBe(true);
  expect(supervised.workers().map(({ restarts }) => restarts)).toEqual([0, 10]);
  pass(CALM_MS);
  processes.at(-1)?.end(KILLED);
  expect(lost().at(-1)).toBe(RETRY_MS.first);
});

test("workers are replaced one after another, and each keeps its place in the group", async () => {
  const { supervised, processes } = watch(2);
  const rolled = supervised.roll();
  expect(processes.map(({ heard }) => heard)).toEqual([[{ kind: "stop", stays: true }], []]);
  processes[0]?.end({ code: 0, signal: null });
  await expect.poll(() => processes.map(({ worker }) => worker)).toEqual([1, 2, 1]);
  expect(processes[1]?.heard).toEqual([]);
  processes[2]?.told(READY);
  await expect.poll(() => processes[1]?.heard).toEqual([{ kind: "stop", stays: true }]);
  processes[1]?.end({ code: 0, signal: null });
  await expect.poll(() => processes.map(({ worker }) => worker)).toEqual([1, 2, 1, 2]);
  processes[3]?.told(READY);
  await rolled;
  expect(supervised.workers().map(({ restarts }) => restarts)).toEqual([0, 0]);
});

test("where what takes the place of a worker ends by itself, the others go on as they are", async () => {
  const { supervised, processes, events, pass, lost } = watch(2);
  const rolled = supervised.roll();
  processes[0]?.end({ code: 0, signal: null });
  await expect.poll(() => processes.length).toBe(3);
  processes[2]?.end({ code: 2, signal: null });
  await rolled;
  expect(events.at(-1)).toEqual({ kind: "workers-roll-stopped", worker: 1 });
  expect(processes[1]?.heard).toEqual([]);
  // It is tried again, as one that is lost.
  pass(lost().at(-1) ?? 0);
  expect(processes.map(({ worker }) => worker)).toEqual([1, 2, 1, 1]);
});

test("asked twice, workers are replaced twice, and none is ever there twice", async () => {
  const { supervised, processes } = watch(1);
  const rolled = [supervised.roll(), supervised.roll(), supervised.roll()];
  processes[0]?.end({ code: 0, signal: null });
  await expect.poll(() => processes.length).toBe(2);
  expect(processes[1]?.heard).toEqual([]);
  processes[1]?.told(READY);
  await expect.poll(() => processes[1]?.heard).toEqual([{ kind: "stop", stays: true }]);
  processes[1]?.end({ code: 0, signal: null });
  await expect.poll(() => processes.length).toBe(3);
  processes[2]?.told(READY);
  await Promise.all(rolled);
  expect([processes.length, processes[2]?.heard]).toEqual([3, []]);
});

test("workers that are stopped end for good, also one that waits to be started again", async () => {
  const { supervised, processes, pass } = watch(3);
  processes[1]?.end(KILLED);
  const stopped = supervised.stop();
  expect([processes[0]?.heard, processes[2]?.heard]).toEqual([
    [{ kind: "stop", stays: false }],
    [{ kind: "stop", stays: false }],
  ]);
  processes[0]?.end({ code: 0, signal: null });
  processes[2]?.end(KILLED);
  await stopped;
  pass(RETRY_MS.last);
  expect(processes).toHaveLength(3);
});
