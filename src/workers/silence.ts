import type { SuperviseDeps } from "./supervise.ts";

/** Workers that run and say nothing. */
export type Silence = {
  /** As the given one, and listens to what it starts. */
  readonly start: SuperviseDeps["start"];
  readonly isSilent: (worker: number) => boolean;
  readonly close: () => void;
};

/** A worker says how it stands twice a second at least, and that it starts until then. What one said that is silent for so long is not believed. */
export const SILENT_MS = 10_000;
/** How often it is looked for silent workers, to name them. */
export const LOOK_EVERY_MS = 1_000;

type Listened = { readonly pid: () => number | null; heardMs: number; isNamed: boolean };

/** Listens to workers from their start on: also one that hangs before its first word is silent. */
export function listen({
  start,
  report,
  monotonicMs,
  later,
}: Pick<SuperviseDeps, "start" | "report" | "monotonicMs" | "later">): Silence {
  const listened = new Map<number, Listened>();
  const isSilent = (one: Listened | undefined): boolean =>
    one !== undefined && monotonicMs() - one.heardMs >= SILENT_MS;
  let lookedMs = monotonicMs();
  const look = (): void => {
    // Where this process itself was held up, what workers said meanwhile was not read yet.
    const isLate = monotonicMs() - lookedMs >= SILENT_MS / 2;
    lookedMs = monotonicMs();
    for (const [worker, one] of listened) {
      if (isLate || one.isNamed || !isSilent(one)) continue;
      one.isNamed = true;
      report({ kind: "worker-silent", worker, pid: one.pid() });
    }
    takeBack = later(LOOK_EVERY_MS, look);
  };
  let takeBack = later(LOOK_EVERY_MS, look);
  return {
    start: (worker, { told, ended }) => {
      const one: Listened = { pid: () => process.pid, heardMs: monotonicMs(), isNamed: false };
      listened.set(worker, one);
      const process = start(worker, {
        told: (message) => {
          one.heardMs = monotonicMs();
          if (one.isNamed) report({ kind: "worker-heard", worker });
          one.isNamed = false;
          told(message);
        },
        ended: (how) => {
          listened.delete(worker);
          ended(how);
        },
      });
      return process;
    },
    isSilent: (worker) => isSilent(listened.get(worker)),
    close: () => takeBack(),
  };
}
