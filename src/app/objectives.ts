import { randomBytes } from "node:crypto";
import type { Config } from "../config/config.ts";
import type { Observe } from "../gateway/event.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { ObjectiveStore } from "../slo/keep.ts";
import type { QualityReads } from "../slo/quality.ts";
import type { Objectives } from "../slo/objectives.ts";
import { CLOCK } from "./clock.ts";

type Observing = { readonly observe: Observe; readonly close: () => Promise<void> };

type Counting = Observing & {
  /** Begins to count the time of streams, and to write. */
  readonly begin: (gateway: Pick<Gateway, "streams">) => void;
  /** Null when the configuration promises nothing. */
  readonly objectives: Objectives | null;
};

const LOOK_EVERY_MS = 1_000;
/** In looks: what a process that is killed did not write is lost, at most so many seconds of counts. */
const WRITE_EVERY = 5;
const HOUR_MS = 3_600_000;

/**
 * Counts what the configuration promises. Where it promises nothing, nothing is loaded.
 * @returns an observer to use in place of `heard`, which it calls and closes.
 */
export async function countObjectives(
  { objectives, sources }: Config,
  store: ObjectiveStore & { readonly reads: QualityReads },
  heard: Observing,
): Promise<Counting> {
  if (objectives.length === 0) return { ...heard, begin: () => undefined, objectives: null };
  const { createObjectiveCounter } = await import("../slo/counter.ts");
  const { rollUp, writeCounts } = await import("../slo/keep.ts");
  const { openObjectiveReports } = await import("../slo/report.ts");
  const report = openObjectiveReports(
    objectives,
    store.reads,
    async () => new Promise((resolve) => setImmediate(resolve)),
  );
  const counter = createObjectiveCounter({
    objectives,
    subjects: new Map(sources.map(({ topic, subject }) => [topic, subject])),
    writer: randomBytes(6).toString("hex"),
    ...CLOCK,
  });
  let writing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const write = (): void => void (writing = writing.then(async () => writeCounts(counter, store)));
  const begin: Counting["begin"] = (gateway) => {
    let [looks, rolledHour] = [0, -1];
    timer = setInterval(() => {
      counter.look(
        gateway.streams().map(({ stream, state }) => ({ topic: stream.topic, isRunning: state === "running" })),
      );
      looks += 1;
      if (looks % WRITE_EVERY !== 0) return;
      write();
      const hour = Math.floor(CLOCK.nowMs() / HOUR_MS);
      if (hour === rolledHour) return;
      rolledHour = hour;
      writing = writing.then(async () => rollUp(objectives, store, CLOCK.nowMs()));
    }, LOOK_EVERY_MS).unref();
  };
  return {
    observe: (event) => {
      counter.observe(event);
      heard.observe(event);
    },
    begin,
    close: async () => {
      clearInterval(timer);
      write();
      await writing;
      await heard.close();
    },
    objectives: {
      report: async () => report(CLOCK.nowMs()),
      totals: counter.totals,
    },
  };
}
