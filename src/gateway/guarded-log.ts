import { Unavailable } from "../core/unavailable.ts";
import type { Appended, ClosedFor, Log, Stream } from "../source/source.ts";
import type { HaltNote } from "../ledger/operator-log.ts";
import type { StoreReads } from "../store/store.ts";
import type { Gateway } from "./gateway.ts";
import { STREAM_ENDED } from "./wait-for-operator.ts";

type Deps = {
  readonly gateway: Pick<Gateway, "streams">;
  readonly reads: Pick<StoreReads, "halts">;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Told of what was acknowledged; absent when nothing is to be remembered of it. */
  readonly note?: (topic: string, appended: readonly Appended[]) => void;
};

/** How long an append waits for the log to be checked against the store, which takes milliseconds as a rule. */
const CHECK_WAIT_MS = 5_000;
const LOOK_EVERY_MS = 10;
/** How old what is known of other gateways' streams may be. */
const HALTS_MS = 1_000;
/** How long appends wait for that: a store that hangs holds none of them up (P9). */
const HALTS_WAIT_MS = 200;

/**
 * A log that acknowledges only what will be decided. It takes nothing for a stream that stands still, nothing before the store
 * has said how far the stream is decided, and acknowledges no position below that: such a record would get the decision of
 * another one, and never one of its own.
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

type States = ReadonlyMap<string, ReturnType<Gateway["streams"]>[number]>;

/** What this gateway's streams of a topic do, once none of them is only about to begin. */
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
      if (note.stream === stream.id && code !== STREAM_ENDED) return closedBy(stream, { code, ...note });
    return null;
  }
  if (state.state === "halted" && state.trouble !== null) return closedBy(stream, state.trouble);
  if (state.decidedTo !== null) return null;
  if (state.trouble !== null) return closedBy(stream, state.trouble);
  const message = `Cannot append to ${stream.topic}/${stream.partition}: the gateway has not taken it up yet`;
  return new Unavailable("STREAM_STARTING", message, "send it again");
}

type Trouble = Pick<Unavailable, "code" | "message" | "remedy">;

function closedBy({ topic, partition }: Stream, trouble: Trouble): Unavailable {
  const { code, message, remedy } = trouble;
  return new Unavailable(code, `Cannot append to ${topic}/${partition}, which stands still: ${message}`, remedy);
}

function alreadyDecided(topic: string, { partition, offset }: Appended, decidedTo: bigint): Unavailable {
  return new Unavailable(
    "LOG_TRUNCATED",
    `Cannot acknowledge offset ${offset} of ${topic}/${partition}: another record was decided there, as up to ${decidedTo}`,
    "the log lost records that were already decided; restore it, or begin a new topic",
  );
}

/** Halts as the store has them, asked at most once a second; the last known while the store cannot be asked or hangs. */
function haltsOfOthers({ reads, now, sleep }: Deps): () => Promise<readonly HaltNote[]> {
  let known: readonly HaltNote[] = [];
  let askedMs = Number.NEGATIVE_INFINITY;
  let asking = false;
  let told: Promise<void> = Promise.resolve();
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
      told = Promise.race([ask(), sleep(HALTS_WAIT_MS)]);
    }
    await told;
    return known;
  };
}
