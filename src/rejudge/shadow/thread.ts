import type { Worker } from "node:worker_threads";
import { beginThread, threadEntry } from "../../thread-entry.ts";
import type { Decided } from "../../gateway/decided.ts";
import { countFlips } from "../flips.ts";
import type { Candidate } from "../candidate.ts";
import type { Flips } from "../report.ts";
import { bytesOf, packBatch, transfersOf, type ShadowBatch } from "./batch.ts";
import type { Identities } from "./judge.ts";
import type { ShadowStart, ShadowMessage } from "./worker.ts";

/** A version that judges live traffic in addition to the deciding one. */
export type ShadowVersion = { readonly candidate: Candidate; readonly identities: Identities };

/** The counts of a candidate so far. `seen` always equals `judged + dropped + lost + queued`. */
export type ShadowSnapshot = {
  readonly subject: string;
  readonly version: number;
  readonly digest: string;
  readonly state: "running" | "restarting" | "stopped";
  /** Records of the candidate's subject that were decided since the start. */
  readonly seen: number;
  /** Records in the matrix. */
  readonly judged: number;
  /** Records that were not sent to the thread, because the queue was full or the thread was not running. */
  readonly dropped: number;
  /** Records sent to a thread that ended before it reported them. */
  readonly lost: number;
  /** Records sent to the thread and not yet reported. */
  readonly queued: number;
  /** How often the thread has crashed. */
  readonly restarts: number;
  readonly flips: Flips;
};

export type ShadowLimits = {
  /** Most records and bytes that wait for one candidate; further ones are dropped. */
  readonly queueRecordsMax: number;
  readonly queueBytesMax: number;
  /** JavaScript heap of the thread, in MiB. A thread that needs more ends and is restarted. */
  readonly heapMibMax: number;
  /**
   * Longest value in bytes; longer ones are dropped. V8 checks the heap limit only between two steps of JavaScript, and
   * parsing a value is one step: if it took more than the rest of the heap, the whole process would end. A parsed value
   * takes up to 22 times its bytes (`{},{},{}`), so a heap 64 times as large is safe (a value of 16 MiB in a heap of 64
   * MiB was not).
   */
  readonly valueBytesMax: number;
  /** How often the thread sends the matrix, in milliseconds; newer counts are lost when the thread ends. */
  readonly reportEveryMs: number;
  readonly restartFirstMs: number;
  readonly restartMaxMs: number;
};

export const SHADOW_LIMITS: ShadowLimits = {
  queueRecordsMax: 20_000,
  queueBytesMax: 16_777_216,
  heapMibMax: 128,
  valueBytesMax: 2_097_152,
  reportEveryMs: 1_000,
  restartFirstMs: 1_000,
  restartMaxMs: 60_000,
};

export type ShadowThread = {
  /** Sends a copy of a settled batch to the thread, or drops it. Never waits, never throws. */
  readonly offer: (topic: string, partition: number, decided: readonly Decided[]) => void;
  readonly snapshot: () => ShadowSnapshot;
  readonly close: () => Promise<void>;
};

const WORKER = threadEntry(import.meta.url, "./worker");

/** Opens a candidate's thread: sends it copies of settled batches within the limits, and counts the results. */
export function openShadowThread({ candidate, identities }: ShadowVersion, limits: ShadowLimits): ShadowThread {
  let flips: Flips = countFlips(0).flips();
  /** Records judged by earlier threads. */
  let judgedBefore = 0;
  const counts = { seen: 0, dropped: 0, lost: 0, judged: 0, restarts: 0 };
  const queue = { records: 0, bytes: 0 };

  const receive = (message: ShadowMessage): void => {
    if (message.kind === "judged") {
      queue.records -= message.records;
      queue.bytes -= message.bytes;
    } else {
      flips = message.flips;
      counts.judged = judgedBefore + message.judged;
    }
  };
  const countLoss = (): void => {
    judgedBefore = counts.judged;
    counts.restarts += 1;
    counts.lost = counts.seen - counts.dropped - counts.judged;
    queue.records = queue.bytes = 0;
  };
  const begin = (): ShadowStart => ({ candidate, identities, before: flips, reportEveryMs: limits.reportEveryMs });
  const thread = supervise(begin, limits, receive, countLoss);
  return {
    offer: (topic, partition, decided) => {
      const short = decided.filter(({ raw }) => (raw?.length ?? 0) <= limits.valueBytesMax);
      counts.seen += decided.length;
      counts.dropped += decided.length - short.length;
      const bytes = bytesOf(short);
      const room =
        queue.records + short.length <= limits.queueRecordsMax && queue.bytes + bytes <= limits.queueBytesMax;
      const worker = room ? thread.worker() : null;
      if (worker === null || !handOver(worker, packBatch(topic, partition, short))) {
        counts.dropped += short.length;
        return;
      }
      queue.records += short.length;
      queue.bytes += bytes;
    },
    snapshot: () => {
      const { seen, judged, dropped, lost, restarts } = counts;
      const { version, digest } = candidate.version;
      const queued = seen - judged - dropped - lost;
      const coverage = { seen, judged, dropped, lost, queued, restarts };
      return { subject: candidate.subject, version, digest, state: thread.state(), ...coverage, flips };
    },
    close: thread.close,
  };
}

/**
 * Keeps a thread running. States:
 *
 *   running     the thread takes batches; when it ends by itself (out of memory, a bug) -> restarting
 *   restarting  no thread; after a pause that doubles until a thread has sent a message -> running
 *   stopped     after close
 */
function supervise(
  begin: () => ShadowStart,
  limits: ShadowLimits,
  receive: (message: ShadowMessage) => void,
  countLoss: () => void,
): {
  readonly worker: () => Worker | null;
  readonly state: () => ShadowSnapshot["state"];
  readonly close: () => Promise<void>;
} {
  let worker: Worker | null = null;
  let state: ShadowSnapshot["state"] = "running";
  let timer: NodeJS.Timeout | undefined;
  let attempt = 0;
  const start = (): void => {
    const mine = spawn(begin(), limits.heapMibMax);
    worker = mine;
    state = "running";
    mine.on("message", (message: ShadowMessage) => {
      attempt = 0;
      receive(message);
    });
    mine.on("exit", () => {
      if (worker !== mine) return;
      worker = null;
      state = "restarting";
      countLoss();
      const pauseMs = Math.min(limits.restartMaxMs, limits.restartFirstMs * 2 ** Math.min(attempt, 16));
      attempt += 1;
      timer = setTimeout(start, pauseMs).unref();
    });
  };
  start();
  return {
    worker: () => worker,
    state: () => state,
    close: async () => {
      const last = worker;
      worker = null;
      state = "stopped";
      clearTimeout(timer);
      await last?.terminate();
    },
  };
}

function spawn(begin: ShadowStart, heapMibMax: number): Worker {
  const { subject, version } = begin.candidate;
  const worker = beginThread(WORKER, {
    workerData: begin,
    name: `shadow ${subject}@${version.version}`,
    resourceLimits: { maxOldGenerationSizeMb: heapMibMax },
  });
  worker.unref();
  // The "exit" event follows and is handled; without this listener the error would end the process.
  worker.on("error", () => undefined);
  return worker;
}

/** Sends a batch to the thread. An error here is a bug of the shadow and must not affect the gateway. */
function handOver(worker: Worker, batch: ShadowBatch): boolean {
  try {
    worker.postMessage(batch, transfersOf(batch));
    return true;
  } catch {
    return false;
  }
}
