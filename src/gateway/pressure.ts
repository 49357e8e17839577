import { Unavailable } from "../core/unavailable.ts";
import type { Source } from "../source/source.ts";
import type { StreamState } from "./gateway.ts";
import { createSights, type Sights } from "./sights.ts";

/** How much waits to be decided of a topic, and for how long, against how much may. */
export type Pressure = {
  /** Records that are in the log and not settled. */
  readonly waiting: number;
  /** How long the oldest of them has waited at least, in seconds, as far as this process saw it. */
  readonly ageS: number;
  /** How each limit stands that the settings name. */
  readonly limits: readonly Standing[];
};

/** How a limit stands. */
export type Standing = {
  readonly of: "records" | "age";
  /** Records that may wait, or seconds for which the oldest may. */
  readonly max: number;
  /** What is left of that; 0: nothing may be appended. */
  readonly left: number;
  /**
   * Seconds until a tenth of it is free, at the rate at which records were settled in the last seconds; 0 when it is,
   * {@link WAIT_MAX_S} when nothing is settled now.
   */
  readonly waitS: number;
};

/** How much of a topic may wait; null: as much as comes. */
export type PressureMax = {
  readonly recordsMax: number | null;
  /** Seconds. */
  readonly ageMaxS: number | null;
};

type Reached = Pick<StreamState, "stream" | "settledTo">;

type PressureDeps = PressureMax & {
  /** How far the streams of some topics are settled: at least those that this process can tell of. */
  readonly streams: (topics: readonly string[]) => Promise<readonly Reached[]>;
  readonly source: Pick<Source, "bounds">;
  /** Milliseconds that only grow. */
  readonly now: () => number;
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

/** What the looks at a topic told so far. */
type Topic = { rate: Known | undefined; sights: ReadonlyMap<string, Sights> };

/**
 * Measures the backlog of topics: the records between what is settled and the end of the log, and how long they have been there. A
 * paused or halted stream counts, since its backlog is what an outage makes. Null for a topic of which nothing is known here, and
 * while the log or the store does not answer: then an append says more.
 */
export function createPressure(deps: PressureDeps): (topic: string) => Promise<Pressure | null> {
  const { now } = deps;
  const known = new Map<string, Topic>();
  const answers = new Map<string, { readonly atMs: number; readonly answer: Promise<Pressure | null> }>();
  const topicOf = (topic: string): Topic => {
    const found = known.get(topic) ?? { rate: undefined, sights: new Map<string, Sights>() };
    known.set(topic, found);
    return found;
  };
  return async (topic) => {
    const last = answers.get(topic);
    const atMs = now();
    if (last !== undefined && atMs - last.atMs < HOLDS_MS) return last.answer;
    const answer = look(deps, topic, topicOf(topic), atMs).catch(unknown);
    answers.set(topic, { atMs, answer });
    return answer;
  };
}

async function look(
  { streams, source, lanesOf, recordsMax, ageMaxS }: PressureDeps,
  topic: string,
  seen: Topic,
  atMs: number,
): Promise<Pressure | null> {
  const topics = [topic, ...(lanesOf?.(topic) ?? [])];
  const own = (await streams(topics)).filter(({ stream }) => topics.includes(stream.topic));
  if (own.length === 0) return null;
  const sights = new Map<string, Sights>();
  let [settled, waiting] = [0, 0];
  for (const { stream, settledTo } of own) {
    const { start, end } = await source.bounds(stream);
    const to = settledTo === null || settledTo < start ? start : settledTo;
    settled += Number(to);
    waiting += Number(end - to);
    const one = seen.sights.get(stream.id) ?? createSights();
    one.look(to, end, atMs);
    sights.set(stream.id, one);
  }
  seen.sights = sights;
  seen.rate = rateOf(seen.rate, settled, atMs);
  const { perSecond } = seen.rate;
  const all = [...sights.values()];
  const ageS = Math.max(...all.map((one) => one.ageMs(atMs))) / 1_000;
  const limits: Standing[] = [];
  if (recordsMax !== null) {
    const waitS = waitOf(waiting - recordsMax * REFILL, perSecond);
    limits.push({ of: "records", max: recordsMax, left: Math.max(0, recordsMax - waiting), waitS });
  }
  if (ageMaxS !== null) {
    const since = atMs - ageMaxS * REFILL * 1_000;
    const tooOld = all.reduce((sum, one) => sum + one.waitingSince(since), 0);
    const left = Math.max(0, Math.ceil(ageMaxS - ageS));
    limits.push({ of: "age", max: ageMaxS, left, waitS: waitOf(tooOld, perSecond) });
  }
  return { waiting, ageS, limits };
}

function waitOf(over: number, perSecond: number): number {
  if (over <= 0) return 0;
  return perSecond <= 0 ? WAIT_MAX_S : Math.min(WAIT_MAX_S, Math.ceil(over / perSecond));
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
