import type { Source, Stream } from "../../source/source.ts";
import { within } from "../../gateway/within.ts";
import { exactInteger, type ExactInteger } from "../../json/exact-integer.ts";

/** A log that is asked where it ends has so long: who looks at a gateway in trouble does not wait for a broker that is away. */
export const END_WAIT_MS = 2_000;

/** How far a position is behind the end of its log; null where that is not known. */
export type Behind = {
  readonly end: ExactInteger | null;
  /** Offsets from the position to the end. */
  readonly lag: ExactInteger | null;
  /** Age of the newest record below the position, in seconds; 0 without a lag. */
  readonly lagSeconds: number | null;
};

/**
 * Asks for the end of a stream's log. Where the log is away its end is not known; the stream says so by itself.
 * @param position everything below it is settled, or moved; null: not known yet.
 * @param newestMs time of the newest record below the position; null: not known.
 */
export async function askBehind(
  logs: Pick<Source, "bounds">,
  stream: Stream,
  { position, newestMs, nowMs }: { position: bigint | null; newestMs: number | null; nowMs: number },
): Promise<Behind> {
  const bounds = await within(END_WAIT_MS, logs.bounds(stream)).catch(() => null);
  const end = bounds?.end ?? null;
  if (end === null) return { end, lag: null, lagSeconds: null };
  const known = exactInteger(end);
  if (position === null) return { end: known, lag: null, lagSeconds: null };
  if (end <= position) return { end: known, lag: 0, lagSeconds: 0 };
  const lagSeconds = newestMs === null ? null : Math.max(0, (nowMs - newestMs) / 1_000);
  return { end: known, lag: exactInteger(end - position), lagSeconds };
}
