import { EXIT } from "../codes.ts";

/** The first SIGINT or SIGTERM: `signal` aborts, and `exitCode` says how to end. A second one ends the process at once. */
export type Interruption = {
  readonly signal: AbortSignal;
  readonly exitCode: () => number | null;
  /** Gives the signals back to their default, which ends the process. */
  readonly dispose: () => void;
};

/**
 * On Ctrl-C a terminal signals the whole process group, and npm passes the signal on as well: one keystroke arrives twice.
 * Within this time it counts as one.
 */
const SAME_KEYSTROKE_MS = 500;

export function onInterruption(): Interruption {
  const abort = new AbortController();
  let first: { readonly exitCode: number; readonly atMs: number } | null = null;
  const handle = (name: NodeJS.Signals): void => {
    const exitCode = name === "SIGINT" ? EXIT.interrupted : EXIT.terminated;
    if (first === null) {
      first = { exitCode, atMs: Date.now() };
      abort.abort();
    } else if (Date.now() - first.atMs >= SAME_KEYSTROKE_MS) process.exit(exitCode);
  };
  process.on("SIGINT", handle);
  process.on("SIGTERM", handle);
  return {
    signal: abort.signal,
    exitCode: () => first?.exitCode ?? null,
    dispose: () => {
      process.off("SIGINT", handle);
      process.off("SIGTERM", handle);
    },
  };
}
