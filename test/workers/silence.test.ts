import { expect, test } from "vitest";
import type { FromWorker } from "../../src/workers/messages.ts";
import { listen, LOOK_EVERY_MS, SILENT_MS } from "../../src/workers/silence.ts";
import type { Ended, WorkerEvent } from "../../src/workers/supervise.ts";

/** Workers that do what the test says, and a clock that it moves. */
function listening() {
  const events: WorkerEvent[] = [];
  let nowMs = 0;
  let timer: (() => void) | null = null;
  let on: { readonly told: (message: FromWorker) => void; readonly ended: (how: Ended) => void } | null = null;
  const silence = listen({
    start: (_, listeners) => {
      on = listeners;
      return { pid: 4_711, tell: () => undefined };
    },
    report: (event) => void events.push(event),
    monotonicMs: () => nowMs,
    later: (_, callback) => {
      timer = callback;
      return () => void (timer = null);
    },
  });
  silence.start(1, { told: () => undefined, ended: () => undefined });
  const look = (afterMs: number): void => {
    nowMs += afterMs;
    timer?.();
  };
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += LOOK_EVERY_MS) look(LOOK_EVERY_MS);
  };
  return {
    events,
    look,
    pass,
    says: () => on?.told({ kind: "starting" }),
    ends: () => on?.ended({ code: null, signal: "SIGKILL" }),
    hasTimer: () => timer !== null,
    silence,
  };
}

test("a worker that says nothing is named once, its start included, and named again when it speaks", () => {
  const { events, pass, says, silence } = listening();
  pass(SILENT_MS - LOOK_EVERY_MS);
  says();
  pass(SILENT_MS - LOOK_EVERY_MS);
  expect(events).toEqual([]);
  pass(2 * SILENT_MS);
  expect(events).toEqual([{ kind: "worker-silent", worker: 1, pid: 4_711 }]);
  says();
  pass(SILENT_MS);
  expect(events.map(({ kind }) => kind)).toEqual(["worker-silent", "worker-heard", "worker-silent"]);
  expect(silence.isSilent(1)).toBe(true);
});

test("one that ended is not silent, and a look that comes late names nobody: what they said was not read yet", () => {
  const { events, look, says, pass, ends, silence, hasTimer } = listening();
  look(3 * SILENT_MS);
  says();
  pass(LOOK_EVERY_MS);
  expect(events).toEqual([]);
  ends();
  pass(2 * SILENT_MS);
  expect([events, silence.isSilent(1)]).toEqual([[], false]);
  silence.close();
  expect(hasTimer()).toBe(false);
});
