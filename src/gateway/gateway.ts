import type { Unavailable } from "../core/unavailable.ts";
import type { Stream } from "../source/source.ts";
import { BREAKER_OFF, createBreaker, type BreakerLimits } from "./breaker.ts";
import type { GatewayEvent, Observe } from "./event.ts";
import type { IngestDeps } from "./ingest-deps.ts";
import { createBatchSize } from "./batch-size.ts";
import { createInFlight, type InFlight } from "./in-flight.ts";
import { ingestStream } from "./ingest.ts";
import { waitForOperator } from "./wait-for-operator.ts";
import { createLoops } from "./loops.ts";
import { createSettleLimit } from "./settle-limit.ts";

/** The state of one stream, for the readiness check and `sigma status`. */
export type StreamState = {
  readonly stream: Stream;
  readonly state: "starting" | "running" | "paused" | "halted" | "stopped";
  /** Everything below this offset is decided and stored; null until the stream is acquired. */
  readonly settledTo: bigint | null;
  /** Everything below this offset is decided; null until the log passed the check against the store. */
  readonly decidedTo: bigint | null;
  /** Why the stream is paused or halted; null when it is neither. */
  readonly trouble: Pick<Unavailable, "code" | "message" | "remedy"> | null;
};

export type Gateway = {
  readonly streams: () => readonly StreamState[];
  /** True when the source is assigned and every stream runs. Readiness is not liveness: a paused gateway is alive. */
  readonly ready: () => boolean;
  /**
   * Waits until the record at an offset of a stream is settled, and resolves true. Resolves false when the signal aborts first, and
   * without waiting when this gateway does not read the stream.
   */
  readonly settled: (stream: string, offset: bigint, signal: AbortSignal) => Promise<boolean>;
  /** Bytes of the records that are fetched and not settled. */
  readonly inFlightBytes: () => number;
  /** Stops fetching, and resolves when the batches in flight are settled. */
  readonly stop: () => Promise<void>;
  /** Rejects when a bug ends a stream; otherwise resolves after `stop`. */
  readonly done: Promise<void>;
};

/** Dependencies of a gateway: those of each stream, and the settings of its breakers. */
export type GatewayDeps = IngestDeps & {
  /** When a stream halts because too many of its records fail; never when absent. */
  readonly breaker?: BreakerLimits;
  /** Most bytes that all streams have fetched and not settled; no bound when absent. */
  readonly inFlightBytesMax?: number;
  /** The longest that the store should take for a batch, in milliseconds: batches grow and shrink by it. They do not when absent. */
  readonly settleGoalMs?: number;
  /** The limits of the lane that a topic is; null for a topic that is none. No topic is a lane when absent. */
  readonly laneOf?: (topic: string) => LaneLimits | null;
};

/** Limits of a lane of its own, so that no lane waits for another. */
export type LaneLimits = {
  /** Most records that its streams settle at a time. */
  readonly inFlight: number;
  readonly breaker: BreakerLimits;
};

/**
 * How many full batches all streams settle at a time. With two, the garbage collector copies least, and the rate is 6 % lower
 * than with four. With six, one for each stream, the rate is no higher (Kafka to MongoDB, six partitions, 400,000 records).
 */
export const BATCHES_AT_ONCE = 4;

type Waiter = { readonly offset: bigint; readonly resolve: (settled: boolean) => void };

/** Reads every stream of the source until stopped. */
export async function startGateway(deps: GatewayDeps): Promise<Gateway> {
  const states = new Map<string, StreamState>();
  const waiters = new Map<string, Set<Waiter>>();
  const abort = new AbortController();
  const inFlight = createInFlight(deps.inFlightBytesMax ?? Number.POSITIVE_INFINITY, deps.limits.bytesMax);
  const limitsOf = limitsByLane(deps, inFlight, states);

  const set = (stream: Stream, change: Partial<StreamState>): void => {
    const before = states.get(stream.id) ?? { ...UNKNOWN, stream };
    states.set(stream.id, { ...before, ...change });
  };
  const observe: Observe = (event) => {
    track(event, states.get(event.stream.id)?.state === "paused", set);
    if (event.kind === "batch-settled" || event.kind === "stream-acquired") {
      wake(waiters.get(event.stream.id), event.kind === "batch-settled" ? event.to : event.position);
    }
    deps.observe(event);
  };

  const decidesAhead = (): boolean => states.size <= AHEAD_STREAMS_MAX;
  const loops = createLoops(async (stream, signal) => {
    set(stream, {});
    const { breaker, batchSize, ...limited } = limitsOf(stream.topic);
    const own = { ...limited, ...batchSize() };
    let leave = 0;
    while (!signal.aborted) {
      const halt = await ingestStream(
        { ...deps, ...own, observe, decidesAhead },
        stream,
        signal,
        createBreaker(breaker, leave),
      );
      if (halt === null) break;
      await waitForOperator(deps, stream, halt, signal);
      if (!signal.aborted) set(stream, UNKNOWN);
      leave = breaker.window;
    }
    // The source took the stream away from this process, as after a rebalance: the gateway has no state for it any more.
    if (!abort.signal.aborted && signal.aborted) states.delete(stream.id);
  }, abort.signal);
  const take = (streams: readonly Stream[]): void => {
    for (const stream of streams) if (!states.has(stream.id)) set(stream, {});
    loops.reconcile(streams);
  };
  take(await deps.source.streams());
  deps.source.onStreamsChange?.(() => {
    void deps.source.streams().then(take, () => undefined);
  });
  const { done } = loops;

  return {
    streams: () => [...states.values()],
    ready: () => deps.source.isAssigned?.() !== false && [...states.values()].every(({ state }) => state === "running"),
    settled: async (stream, offset, signal) => {
      const found = states.get(stream);
      if (found === undefined || signal.aborted) return false;
      if (found.settledTo !== null && offset < found.settledTo) return true;
      return waitFor(waiters, stream, offset, signal);
    },
    inFlightBytes: inFlight.bytes,
    stop: async () => {
      abort.abort();
      await done;
    },
    done,
  };
}

type Limited = Required<Pick<IngestDeps, "settleLimit" | "limits" | "inFlight">> & {
  readonly breaker: BreakerLimits;
  /** What the sizes of a stream's batches follow: its own for each. */
  readonly batchSize: () => Pick<IngestDeps, "batchSize">;
};

/**
 * How large a batch may grow where so many records are settled at a time. Two of different streams must fit: with one alone, the store waits while
 * it is decided and the process while it is written (60,000 instead of 76,000 records a second with two partitions).
 */
function grownMost(atOnce: number, streams: number): number {
  return streams > 1 ? Math.floor(atOnce / 2) : atOnce;
}

/** What limits the streams of a topic: those of a lane share limits of their own, and all others share theirs. */
function limitsByLane(
  deps: GatewayDeps,
  inFlight: InFlight,
  states: ReadonlyMap<string, StreamState>,
): (topic: string) => Limited {
  const { limits, breaker = BREAKER_OFF, laneOf, settleGoalMs } = deps;
  const limited = (atOnce: number, recordsMin: number, own: BreakerLimits): Limited => ({
    settleLimit: createSettleLimit(atOnce),
    // A batch that is larger than the limit would run alone, and so exceed it.
    limits: { ...limits, recordsMax: recordsMin },
    breaker: own,
    inFlight,
    batchSize: () =>
      settleGoalMs === undefined
        ? {}
        : {
            batchSize: createBatchSize({
              recordsMin,
              recordsMax: () => grownMost(atOnce, states.size),
              goalMs: settleGoalMs,
            }),
          },
  });
  const shared = limited(BATCHES_AT_ONCE * limits.recordsMax, limits.recordsMax, breaker);
  const lanes = new Map<string, Limited>();
  return (topic) => {
    const lane = laneOf?.(topic) ?? null;
    if (lane === null) return shared;
    const { inFlight: atOnce } = lane;
    const known = lanes.get(topic) ?? limited(atOnce, Math.min(limits.recordsMax, atOnce), lane.breaker);
    lanes.set(topic, known);
    return known;
  };
}

/** Up to this many streams decide their next batch in advance. With more, other streams use the time in which one waits for the store. */
const AHEAD_STREAMS_MAX = 2;

/** The state of a stream before it is acquired. */
const UNKNOWN = { state: "starting", settledTo: null, decidedTo: null, trouble: null } as const;

function track(
  event: GatewayEvent,
  paused: boolean,
  set: (stream: Stream, change: Partial<StreamState>) => void,
): void {
  const { stream } = event;
  switch (event.kind) {
    case "stream-checked":
      return set(stream, { decidedTo: event.position });
    case "stream-acquired":
      // A paused stream stays paused until it settles a batch or halts: reading its tail does not show that the cause is gone.
      return set(
        stream,
        paused ? { settledTo: event.position } : { state: "running", settledTo: event.position, trouble: null },
      );
    case "batch-settled":
      return set(stream, { state: "running", settledTo: event.to, decidedTo: event.to, trouble: null });
    case "stream-resumed":
      return set(stream, { state: "running", trouble: null });
    case "stream-paused": {
      const { code, message, remedy } = event;
      return set(stream, { state: "paused", trouble: { code, message, remedy } });
    }
    case "stream-halted":
      return set(stream, { state: "halted", trouble: event.halt });
    case "stream-stopped":
      return set(stream, { state: "stopped" });
    case "tail-redone":
    case "ledger-lost":
      return undefined;
  }
}

function wake(waiting: Set<Waiter> | undefined, settledTo: bigint): void {
  for (const waiter of waiting ?? []) {
    if (waiter.offset < settledTo) waiter.resolve(true);
  }
}

async function waitFor(
  waiters: Map<string, Set<Waiter>>,
  streamId: string,
  offset: bigint,
  signal: AbortSignal,
): Promise<boolean> {
  const waiting = waiters.get(streamId) ?? new Set<Waiter>();
  waiters.set(streamId, waiting);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const waiter: Waiter = { offset, resolve };
  const giveUp = (): void => resolve(false);
  waiting.add(waiter);
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await promise;
  } finally {
    waiting.delete(waiter);
    signal.removeEventListener("abort", giveUp);
  }
}
