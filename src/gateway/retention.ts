import { Unavailable } from "../core/unavailable.ts";
import type { Log } from "../source/source.ts";
import type { Gateway } from "./gateway.ts";

type Deps = {
  readonly log: Pick<Log, "forget">;
  readonly gateway: Pick<Gateway, "streams">;
  /** How long records stay after they were appended, in milliseconds. */
  readonly retentionMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

/** How often the log is looked through, and how long others have their turn between two deletions, in milliseconds. */
const LOOK_EVERY_MS = 60_000;
const PAUSE_MS = 20;

/**
 * Lets the log forget what is settled and old, as a broker does: the ledger has it. What is not settled stays, however old it is.
 * Ends when the signal aborts.
 */
export async function keepRetention(
  { log, gateway, retentionMs, now, sleep }: Deps,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    for (const { stream, settledTo } of gateway.streams()) {
      if (settledTo === null) continue;
      try {
        while (!signal.aborted && (await log.forget?.(stream, settledTo, now() - retentionMs)) === true)
          await sleep(PAUSE_MS, signal);
      } catch (error) {
        // Another process has the file: the next look is in time.
        if (!(error instanceof Unavailable)) throw error;
      }
    }
    await sleep(LOOK_EVERY_MS, signal);
  }
}
