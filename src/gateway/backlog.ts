import { Unavailable } from "../core/unavailable.ts";
import type { Source } from "../source/source.ts";
import type { StreamState } from "./gateway.ts";

type BacklogDeps = {
  /** The streams of this process. */
  readonly streams: () => readonly StreamState[];
  readonly source: Pick<Source, "bounds">;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  /** A stream with more undecided records than this has a backlog. */
  readonly recordsMax: number;
};

/** How long an answer holds, in milliseconds: the end of each stream is asked of the log, which for Kafka is a request. */
const HOLDS_MS = 500;

/**
 * Whether a running stream of this process has a backlog. A stream that is paused or halted has none: nothing done for others
 * delays it. While the log does not answer there is none either: its streams decide nothing then.
 */
export function createBacklog({ streams, source, now, recordsMax }: BacklogDeps): () => Promise<boolean> {
  let last = { atMs: Number.NEGATIVE_INFINITY, has: Promise.resolve(false) };
  const look = async (): Promise<boolean> => {
    const running = streams().filter(({ state }) => state === "running");
    const over = running.map(async ({ stream, settledTo }) => {
      const { start, end } = await source.bounds(stream);
      const from = settledTo === null || settledTo < start ? start : settledTo;
      return end - from > recordsMax;
    });
    return (await Promise.all(over)).includes(true);
  };
  return async () => {
    if (now() - last.atMs >= HOLDS_MS) last = { atMs: now(), has: look().catch(none) };
    return last.has;
  };
}

function none(error: unknown): boolean {
  if (error instanceof Unavailable) return false;
  throw error;
}
