import { Unavailable } from "../core/unavailable.ts";
import type { Source } from "../source/source.ts";
import type { StreamState } from "./gateway.ts";

/** How much waits to be decided of a topic, against how much may. */
export type Pressure = {
  /** Records that are in the log and not settled. */
  readonly waiting: number;
  /** Records that may be appended until the limit; 0: none. */
  readonly left: number;
  /**
   * Seconds until the backlog is worked off to nine tenths of the limit, at the rate of the last seconds; 0 when it is below that,
   * {@link WAIT_MAX_S} when nothing is settled now.
   */
  readonly waitS: number;
};

type PressureDeps = {
  /** The streams of this process. */
  readonly streams: () => readonly StreamState[];
  readonly source: Pick<Source, "bounds">;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  /** Most records of a topic that may wait. */
  readonly recordsMax: number;
  /** The topics that the records of a topic are moved to, whose backlog is its own; absent: nothing has lanes. */
  readonly lanesOf?: (topic: string) => readonly string[];
};

/** How long an answer holds, in milliseconds: the end of each stream is asked of the log. */
const HOLDS_MS = 500;
/** The longest wait that is told, in seconds: a client that comes back in vain costs little. */
export const WAIT_MAX_S = 60;
/** Who is refused comes back when there is room for more than one record. */
const REFILL = 0.9;
/** Weight of the newest rate: an average over some five answers. */
const NEWEST = 0.3;

type Known = { readonly atMs: number; readonly settled: number; readonly perSecond: number };

/**
 * Measures the backlog of topics: the records between what is settled and the end of the log, of the streams that this process reads. A
 * paused or halted stream counts, since its backlog is what an outage makes. Null for a topic of which this process reads no stream, and
 * while the log does not answer: then an append says more.
 */
export function createPressure({
  streams,
  source,
  now,
  recordsMax,
  lanesOf,
}: PressureDeps): (topic: string) => Promise<Pressure | null> {
  const rates = new Map<string, Known>();
  const answers = new Map<string, { readonly atMs: number; readonly answer: Promise<Pressure | null> }>();
  const look = async (topic: string): Promise<Pressure | null> => {
    const topics = [topic, ...(lanesOf?.(topic) ?? [])];
    const own = streams().filter(({ stream }) => topics.includes(stream.topic));
    if (own.length === 0) return null;
    let [settled, waiting] = [0, 0];
    for (const { stream, settledTo } of own) {
      const { start, end } = await source.bounds(stream);
      const to = settledTo === null || settledTo < start ? start : settledTo;
      settled += Number(to);
      waiting += Number(end - to);
    }
    const rate = rateOf(rates.get(topic), settled, now());
    rates.set(topic, rate);
    const over = waiting - recordsMax * REFILL;
    const seconds = over <= 0 ? 0 : rate.perSecond <= 0 ? WAIT_MAX_S : Math.ceil(over / rate.perSecond);
    return { waiting, left: Math.max(0, recordsMax - waiting), waitS: Math.min(WAIT_MAX_S, seconds) };
  };
  return async (topic) => {
    const last = answers.get(topic);
    if (last !== undefined && now() - last.atMs < HOLDS_MS) return last.answer;
    const answer = look(topic).catch(unknown);
    answers.set(topic, { atMs: now(), answer });
    return answer;
  };
}

function rateOf(last: Known | undefined, settled: number, atMs: number): Known {
  if (last === undefined || atMs <= last.atMs) return { atMs, settled, perSecond: last?.perSecond ?? 0 };
  // Streams that another process took over settle nothing here: the sum may fall.
  const newest = Math.max(0, ((settled - last.settled) * 1_000) / (atMs - last.atMs));
  return { atMs, settled, perSecond: last.perSecond === 0 ? newest : last.perSecond * (1 - NEWEST) + newest * NEWEST };
}

function unknown(error: unknown): null {
  if (error instanceof Unavailable) return null;
  throw error;
}
