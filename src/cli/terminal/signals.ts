import { EXIT } from "../../config/codes.ts";
import { note } from "./output.ts";

/** The first SIGINT or SIGTERM: `signal` aborts, and `exitCode` says how to end. A second one ends the process at once. */
export type Interruption = {
  readonly signal: AbortSignal;
  readonly exitCode: () => number | null;
  /** From now on the process has as long as after a signal to come to rest. */
  readonly hurry: () => void;
  /** Gives the signals back to their default, which ends the process. */
  readonly dispose: () => void;
};

/**
 * On Ctrl-C a terminal signals the whole process group, and npm passes the signal on as well: one keystroke arrives twice.
 * Within this time it counts as one.
 */
const SAME_KEYSTROKE_MS = 500;

/** @param deadlineMs after the first signal the process ends as it is, whatever it waits for. */
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
  process.on("SIGINT", handle);
  process.on("SIGTERM", handle);
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

/** The ledger says where the next process goes on. */
function giveUp(deadlineMs: number): never {
  const message = `Cannot come to rest within ${deadlineMs / 1_000} s: something is still in flight`;
  note(`error SIG-H-003 ${message}\n  fix: none is needed; what comes next goes on from the ledger`);
  process.exit(EXIT.error);
}
