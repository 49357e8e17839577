import { setTimeout as delay } from "node:timers/promises";
import { Unavailable } from "../../../core/unavailable.ts";
import type { GatewayEvent, Halt, Observe } from "../../../gateway/event.ts";
import type { Pipeline } from "../../../app/pipeline.ts";
import type { Appended } from "../../../source/source.ts";
import { EXIT } from "../../../config/codes.ts";
import type { LineBatch } from "../../../json/lines.ts";
import type { MakeRecord } from "./new-records.ts";
import { Refusal } from "../../terminal/refusal.ts";
import type { DecidedRange } from "../../terminal/tally.ts";

/** A batch that is decided: what stood on its lines is at these positions. */
export type Settled = {
  readonly positions: readonly Appended[];
  readonly lineNumbers: readonly number[];
  readonly file: string;
};

/** Appends batches of lines and waits for their decisions. */
export type Feeder = {
  /** Resolves when the batch is durable in the log, and so few are undecided that memory stays bounded. */
  readonly add: (batch: LineBatch, file: string) => Promise<void>;
  /** Resolves when everything appended is decided and stored. */
  readonly settle: () => Promise<void>;
  readonly appended: () => number;
  /** The positions appended, one range for each stream. */
  readonly ranges: () => readonly DecidedRange[];
};

/** Batches that may be appended and not yet decided. */
const UNDECIDED_BATCHES_MAX = 4;
/** Another process may hold the log's lock for a moment; then it is a matter for people. */
const LOCKED = { retriesMax: 20, waitMs: 250 } as const;

/** Notices what would let a feeder wait for ever: a stream that halted. Pass `observe` to the gateway. */
export function createHaltWatch(): {
  readonly observe: Observe;
  readonly signal: AbortSignal;
  readonly halt: () => Halt | null;
} {
  const abort = new AbortController();
  let halt: Halt | null = null;
  return {
    observe: (event: GatewayEvent) => {
      if (event.kind !== "stream-halted") return;
      halt ??= event.halt;
      abort.abort();
    },
    signal: abort.signal,
    halt: () => halt,
  };
}

type FeederOptions = {
  readonly make: MakeRecord;
  /** Told of each batch in turn. */
  readonly onSettled?: (settled: Settled) => Promise<void>;
  /** No more decisions are waited for once it aborts. */
  readonly stop?: AbortSignal;
};

/** @throws a refusal from `add` or `settle` when a stream halts. */
export function createFeeder(
  pipeline: Pipeline,
  topic: string,
  watch: ReturnType<typeof createHaltWatch>,
  { make, onSettled, stop = new AbortController().signal }: FeederOptions,
): Feeder {
  const { log, gateway } = pipeline;
  const undecided: Settled[] = [];
  const ranges = new Map<string, { from: bigint; to: bigint }>();
  const failure = new AbortController();
  gateway.done.catch((error: unknown) => failure.abort(error));
  const signal = AbortSignal.any([watch.signal, failure.signal, stop]);
  let appended = 0;

  const settleOldest = async (): Promise<void> => {
    const oldest = undecided.shift();
    if (oldest === undefined) return;
    for (const { stream, offset } of lastOfEach(oldest.positions)) {
      if (await gateway.settled(stream, offset, signal)) continue;
      if (stop.aborted) return;
      if (failure.signal.aborted) throw failure.signal.reason;
      throw halted(watch.halt());
    }
    await onSettled?.(oldest);
  };
  return {
    add: async ({ lines, lineNumbers }, file) => {
      if (lines.length === 0) return;
      const records = lines.map(make);
      const positions = await appendPatiently(async () => log.append(topic, records));
      appended += positions.length;
      undecided.push({ positions, lineNumbers, file });
      for (const { stream, offset } of positions) {
        const range = ranges.get(stream);
        if (range === undefined) ranges.set(stream, { from: offset, to: offset + 1n });
        else range.to = offset + 1n;
      }
      while (undecided.length > UNDECIDED_BATCHES_MAX) await settleOldest();
    },
    settle: async () => {
      while (undecided.length > 0) await settleOldest();
    },
    appended: () => appended,
    ranges: () => [...ranges].map(([stream, { from, to }]) => ({ stream, from, to })),
  };
}

/** Waits until what the log already held is decided, so that a tally counts only what is added. */
export async function decideBacklog(pipeline: Pipeline, topic: string, signal: AbortSignal): Promise<void> {
  for (const stream of await pipeline.log.streams()) {
    if (stream.topic !== topic) continue;
    const { start, end } = await pipeline.log.bounds(stream);
    if (end > start) await pipeline.gateway.settled(stream.id, end - 1n, signal);
  }
}

function lastOfEach(positions: readonly Appended[]): readonly Appended[] {
  const last = new Map<string, Appended>();
  for (const position of positions) last.set(position.stream, position);
  return [...last.values()];
}

async function appendPatiently(append: () => Promise<readonly Appended[]>): Promise<readonly Appended[]> {
  for (let retry = 0; ; retry += 1) {
    try {
      return await append();
    } catch (error) {
      if (!(error instanceof Unavailable) || error.code !== "LOG_LOCKED" || retry === LOCKED.retriesMax) throw error;
      await delay(LOCKED.waitMs);
    }
  }
}

function halted(halt: Halt | null): Refusal {
  const message = halt === null ? "Cannot decide the records: the stream stopped" : `${halt.code} ${halt.message}`;
  return new Refusal("SIG-I-009", message, halt?.remedy ?? "see the log", EXIT.error);
}
