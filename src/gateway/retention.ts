import { Unavailable } from "../core/unavailable.ts";
import type { Log } from "../source/source.ts";
import type { Gateway } from "./gateway.ts";

type Deps = {
  readonly log: Pick<Log, "forget">;
  readonly gateway: Pick<Gateway, "streams">;
  /** How long the log keeps a record after its append, in milliseconds. */
  readonly retentionMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

/** The pause between two passes over the log, and between two deletions of a pass so that other writers get the file, in milliseconds. */
const LOOK_EVERY_MS = 60_000;
const PAUSE_MS = 20;

/**
 * Deletes settled records older than `retentionMs` from the log, as a broker does; the ledger keeps them. Records that are
 * not settled stay, however old they are. Runs until the signal aborts.
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
        // Another process has locked the file. The next pass deletes these records.
        if (!(error instanceof Unavailable)) throw error;
      }
    }
    await sleep(LOOK_EVERY_MS, signal);
  }
}
