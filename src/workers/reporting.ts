import type { Gateway, StreamState } from "../gateway/gateway.ts";
import type { Totalling } from "../gateway/totals.ts";
import type { Family } from "../observe/metrics/family.ts";
import type { Load } from "../traffic/hot-keys.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

export type ReportingDeps = {
  readonly gateway: Pick<Gateway, "streams" | "ready">;
  readonly totals: Pick<Totalling, "totals" | "newestMs">;
  /** What a stream was seen to take; null when nothing. */
  readonly loadOf: (stream: string) => Load | null;
  readonly families: () => Promise<readonly Family[]>;
  readonly tell: (message: FromWorker) => void;
  readonly monotonicMs: () => number;
  /** Calls back once. @returns what takes that back. */
  readonly later: (ms: number, callback: () => void) => () => void;
};

/** Tells the process that watches over this worker how it stands. */
export type Reporting = {
  /**
   * Something may have changed: a change is told at once, the next one {@link EVERY_MS} later at the earliest; a batch that was settled, and no
   * more, {@link PROGRESS_EVERY_MS} later while nobody waits for decisions.
   */
  readonly changed: (isProgress: boolean) => void;
  readonly hear: (message: ToWorker) => void;
  readonly close: () => void;
};

/** Who waits for a decision over HTTP waits so much longer. */
export const EVERY_MS = 20;
/** Each report is a message that both processes write, read and parse: nobody looks at fifty a second while nobody waits. */
export const PROGRESS_EVERY_MS = 250;
/** For so long a worker that was told to hasten does; who waits on tells it again before. */
export const HASTY_MS = 3_000;
/** Also when nothing changes: the group may have given the worker partitions, or taken some. */
export const AT_LEAST_EVERY_MS = 500;

/** @param onStop called when the worker is to end. */
export function reportTo(deps: ReportingDeps, onStop: (stays: boolean) => void): Reporting {
  let [toldMs, isClosed] = [-Infinity, false];
  let takeBack = (): void => undefined;
  let [dueMs, hastyUntilMs] = [Infinity, -Infinity];
  const tell = (): void => {
    dueMs = Infinity;
    takeBack();
    if (isClosed) return;
    toldMs = deps.monotonicMs();
    const streams = deps.gateway.streams();
    const newestMs = known(streams, deps.totals.newestMs);
    const loads = known(streams, deps.loadOf);
    const standing = { ready: deps.gateway.ready(), streams, newestMs, totals: deps.totals.totals(), loads };
    deps.tell({ kind: "standing", standing });
    takeBack = deps.later(AT_LEAST_EVERY_MS, tell);
  };
  const answer = async (ask: number): Promise<void> => {
    const families = await deps.families();
    if (!isClosed) deps.tell({ kind: "families", ask, families });
  };
  const tellAfter = (everyMs: number): void => {
    const nowMs = deps.monotonicMs();
    const atMs = Math.max(nowMs, toldMs + everyMs);
    if (atMs >= dueMs) return;
    dueMs = atMs;
    takeBack();
    takeBack = deps.later(atMs - nowMs, tell);
  };
  tell();
  return {
    changed: (isProgress) => tellAfter(isProgress && deps.monotonicMs() > hastyUntilMs ? PROGRESS_EVERY_MS : EVERY_MS),
    hear: (message) => {
      switch (message.kind) {
        case "stop":
          return onStop(message.stays);
        case "hasten":
          hastyUntilMs = deps.monotonicMs() + HASTY_MS;
          if (dueMs < Infinity) tellAfter(EVERY_MS);
          return undefined;
        case "families":
          return void answer(message.ask);
      }
    },
    close: () => {
      isClosed = true;
      takeBack();
    },
  };
}

/** What is known of each stream. */
function known<T>(streams: readonly StreamState[], of: (stream: string) => T | null): (readonly [string, T])[] {
  return streams.flatMap(({ stream: { id } }) => {
    const one = of(id);
    return one === null ? [] : [[id, one] as const];
  });
}
