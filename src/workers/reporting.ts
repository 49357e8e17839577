import type { Gateway } from "../gateway/gateway.ts";
import type { Totalling } from "../gateway/totals.ts";
import type { Family } from "../observe/metrics/family.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

export type ReportingDeps = {
  readonly gateway: Pick<Gateway, "streams" | "ready">;
  readonly totals: Pick<Totalling, "totals" | "newestMs">;
  readonly families: () => Promise<readonly Family[]>;
  readonly tell: (message: FromWorker) => void;
  readonly monotonicMs: () => number;
  /** Calls back once. @returns what takes that back. */
  readonly later: (ms: number, callback: () => void) => () => void;
};

/** Tells the process that watches over this worker how it stands. */
export type Reporting = {
  /** Something may have changed: a change is told at once, the next one {@link EVERY_MS} later at the earliest. */
  readonly changed: () => void;
  readonly hear: (message: ToWorker) => void;
  readonly close: () => void;
};

/** Who waits for a decision over HTTP waits so much longer, and a worker at full rate spends 0.3 % of a core on it. */
export const EVERY_MS = 20;
/** Also when nothing changes: the group may have given the worker partitions, or taken some. */
export const AT_LEAST_EVERY_MS = 500;

/** @param onStop called when the worker is to end. */
export function reportTo(deps: ReportingDeps, onStop: (stays: boolean) => void): Reporting {
  let [toldMs, isClosed] = [-Infinity, false];
  let takeBack = (): void => undefined;
  let isDue = false;
  const tell = (): void => {
    isDue = false;
    takeBack();
    if (isClosed) return;
    toldMs = deps.monotonicMs();
    const streams = deps.gateway.streams();
    const newestMs = streams.flatMap(({ stream: { id } }) => {
      const ms = deps.totals.newestMs(id);
      return ms === null ? [] : [[id, ms] as const];
    });
    const standing = { ready: deps.gateway.ready(), streams, newestMs, totals: deps.totals.totals() };
    deps.tell({ kind: "standing", standing });
    takeBack = deps.later(AT_LEAST_EVERY_MS, tell);
  };
  const answer = async (ask: number): Promise<void> => {
    const families = await deps.families();
    if (!isClosed) deps.tell({ kind: "families", ask, families });
  };
  tell();
  return {
    changed: () => {
      if (isDue) return;
      isDue = true;
      takeBack();
      takeBack = deps.later(Math.max(0, toldMs + EVERY_MS - deps.monotonicMs()), tell);
    },
    hear: (message) => {
      if (message.kind === "stop") return onStop(message.stays);
      void answer(message.ask);
    },
    close: () => {
      isClosed = true;
      takeBack();
    },
  };
}
