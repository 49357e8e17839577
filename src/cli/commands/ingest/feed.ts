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

/** A decided batch: the positions of its records, and their line numbers. */
export type Settled = {
  readonly positions: readonly Appended[];
  readonly lineNumbers: readonly number[];
  readonly file: string;
};

/** Appends batches of lines and waits for their decisions. */
export type Feeder = {
  /** Resolves when the batch is durable in the log, and few enough batches are undecided that memory stays bounded. */
  readonly add: (batch: LineBatch, file: string) => Promise<void>;
  /** Resolves when all appended records are decided and stored. */
  readonly settle: () => Promise<void>;
  readonly appended: () => number;
  /** The appended positions, one range for each stream. */
  readonly ranges: () => readonly DecidedRange[];
};

/** Most appended batches that are not yet decided. */
const UNDECIDED_BATCHES_MAX = 4;
/** Another process may hold the log's lock for a moment; after these retries the error is reported. */
const LOCKED = { retriesMax: 20, waitMs: 250 } as const;

/** Watches for a halted stream, for which a feeder would wait for ever. Pass `observe` to the gateway. */
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
  /** Called for each settled batch, in order. */
  readonly onSettled?: (settled: Settled) => Promise<void>;
  /** Ends the wait for decisions when it aborts. */
  readonly stop?: AbortSignal;
};

/** Creates a feeder. @throws a refusal from `add` or `settle` when a stream halts. */
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

/** Waits until the records that the log already held are decided, so that a tally counts only new ones. */
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
