import { EXIT } from "../../config/codes.ts";
import { note } from "./output.ts";

/**
 * The handling of SIGINT and SIGTERM. The first one aborts `signal`, and `exitCode` tells the exit code; a second one
 * ends the process at once.
 */
export type Interruption = {
  readonly signal: AbortSignal;
  readonly exitCode: () => number | null;
  /** Starts the same deadline as after a signal. */
  readonly hurry: () => void;
  /** Restores the default handling of the signals, which ends the process. */
  readonly dispose: () => void;
};

/**
 * On Ctrl-C a terminal signals the whole process group, and npm passes the signal on as well: one keystroke arrives
 * twice. Signals within this time count as one.
 */
const SAME_KEYSTROKE_MS = 500;

/** @param deadlineMs time after the first signal at which the process ends, whatever it is waiting for. */
export function onInterruption(deadlineMs: number): Interruption {
  const abort = new AbortController();
  let first: { readonly exitCode: number; readonly atMs: number } | null = null;
  let deadline: NodeJS.Timeout | null = null;
  const hurry = (): void => {
    deadline ??= setTimeout(() => giveUp(deadlineMs), deadlineMs);
  };
  const handle = (name: NodeJS.Signals): void => {
    const exitCode = name === "SIGINT" ? EXIT.interrupted : EXIT.terminated;
    if (first === null) {
      first = { exitCode, atMs: Date.now() };
      hurry();
      abort.abort();
    } else if (Date.now() - first.atMs >= SAME_KEYSTROKE_MS) process.exit(exitCode);
  };
  const earlier = process.listeners("SIGTERM");
  process.on("SIGINT", handle);
  process.on("SIGTERM", handle);
  // bin/sigma.js ends a start that has not come so far. Removed behind the new one: Node drops a signal that has arrived when nobody listens.
  for (const one of earlier) process.off("SIGTERM", one);
  return {
    signal: abort.signal,
    exitCode: () => first?.exitCode ?? null,
    hurry,
    dispose: () => {
      if (deadline !== null) clearTimeout(deadline);
      process.off("SIGINT", handle);
      process.off("SIGTERM", handle);
    },
  };
}

/** Ends the process. The next one continues from the ledger. */
function giveUp(deadlineMs: number): never {
  const message = `Cannot come to rest within ${deadlineMs / 1_000} s: something is still in flight`;
  note(`error SIG-H-003 ${message}\n  fix: none is needed; what comes next goes on from the ledger`);
  process.exit(EXIT.error);
}
