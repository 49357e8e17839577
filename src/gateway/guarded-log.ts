import { Unavailable } from "../core/unavailable.ts";
import type { Appended, ClosedFor, Log, Stream } from "../source/source.ts";
import type { HaltNote } from "../ledger/operator-log.ts";
import type { StoreReads } from "../store/store.ts";
import type { Gateway, StreamState } from "./gateway.ts";
import { STREAM_ENDED } from "./wait-for-operator.ts";

type Deps = {
  readonly gateway: Pick<Gateway, "streams">;
  readonly reads: Pick<StoreReads, "halts">;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Called with the appended records before they are acknowledged (log-ends.ts). Absent when their ends need not be kept. */
  readonly note?: (topic: string, appended: readonly Appended[]) => void;
};

/** How long an append waits until the log is checked against the store, which usually takes milliseconds. */
const CHECK_WAIT_MS = 5_000;
const LOOK_EVERY_MS = 10;
/** How old the known halts of streams of other gateways may be, in milliseconds. */
const HALTS_MS = 1_000;
/** How long an append waits for the store to list halts, in milliseconds: a store that hangs must not block appends (P9). */
const HALTS_WAIT_MS = 200;

/**
 * Wraps a log so that it acknowledges only records that will be decided. An append is refused for a halted stream, and for a
 * stream whose log is not checked against the store yet. A record that got an offset below `decidedTo` is not acknowledged:
 * another record was decided there, so this one would never get a decision.
 */
export function guardLog<L extends Log>(log: L, deps: Deps): L {
  const halts = haltsOfOthers(deps);
  const append: Log["append"] = async (topic, records, closedFor) => {
    const own = await checkedStreams(deps, topic);
    const noted = await halts();
    const closed: ClosedFor = (stream) => whyClosed(own, noted, stream) ?? closedFor?.(stream) ?? null;
    const appended = await log.append(topic, records, closed);
    for (const one of appended) {
      const decidedTo = own.get(one.stream)?.decidedTo ?? null;
      if (decidedTo !== null && one.offset < decidedTo) throw alreadyDecided(topic, one, decidedTo);
    }
    deps.note?.(topic, appended);
    return appended;
  };
  return { ...log, append };
}

type States = ReadonlyMap<string, StreamState>;

/** The states of this gateway's streams of a topic, after waiting until each log is checked, for at most CHECK_WAIT_MS. */
async function checkedStreams({ gateway, sleep }: Deps, topic: string): Promise<States> {
  for (let waitedMs = 0; ; waitedMs += LOOK_EVERY_MS) {
    const own = gateway.streams().filter(({ stream }) => stream.topic === topic);
    const starting = own.some(({ state, decidedTo }) => state === "starting" && decidedTo === null);
    if (!starting || waitedMs >= CHECK_WAIT_MS) return new Map(own.map((one) => [one.stream.id, one]));
    await sleep(LOOK_EVERY_MS);
  }
}

function whyClosed(own: States, noted: readonly HaltNote[], stream: Stream): Unavailable | null {
  const state = own.get(stream.id);
  if (state === undefined) {
    for (const { code, ...note } of noted)
      if (note.stream === stream.id && code !== STREAM_ENDED) return closedBy(stream, "halted", { code, ...note });
    return null;
  }
  if (state.state === "halted" && state.trouble !== null) return closedBy(stream, state.state, state.trouble);
  if (state.decidedTo !== null) return null;
  if (state.trouble !== null) return closedBy(stream, state.state, state.trouble);
  const message = `Cannot append to ${stream.topic}/${stream.partition}: the gateway has not taken it up yet`;
  return new Unavailable("STREAM_STARTING", message, "send it again");
}

type Trouble = Pick<Unavailable, "code" | "message" | "remedy">;

function closedBy({ topic, partition }: Stream, state: StreamState["state"], trouble: Trouble): Unavailable {
  const { code, message, remedy } = trouble;
  return new Unavailable(code, `Cannot append to ${topic}/${partition}, which is ${state}: ${message}`, remedy);
}

function alreadyDecided(topic: string, { partition, offset }: Appended, decidedTo: bigint): Unavailable {
  return new Unavailable(
    "LOG_TRUNCATED",
    `Cannot acknowledge offset ${offset} of ${topic}/${partition}: another record was decided there, as up to ${decidedTo}`,
    "the log lost records that were already decided; restore it, or begin a new topic",
  );
}

/** Returns a function that gives the halts in the store. It reads them at most once a second; while the store is down or hangs it gives the last known. */
function haltsOfOthers({ reads, now, sleep }: Deps): () => Promise<readonly HaltNote[]> {
  let known: readonly HaltNote[] = [];
  let askedMs = Number.NEGATIVE_INFINITY;
  let asking = false;
  let lastAsk: Promise<void> = Promise.resolve();
  const ask = async (): Promise<void> => {
    try {
      known = await reads.halts();
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
    } finally {
      askedMs = now();
      asking = false;
    }
  };
  return async () => {
    if (!asking && now() - askedMs >= HALTS_MS) {
      asking = true;
      lastAsk = Promise.race([ask(), sleep(HALTS_WAIT_MS)]);
    }
    await lastAsk;
    return known;
  };
}
