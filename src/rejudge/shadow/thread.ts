import { Worker } from "node:worker_threads";
import { threadEntry } from "../../thread-entry.ts";
import type { Decided } from "../../gateway/decided.ts";
import { countFlips } from "../flips.ts";
import type { Candidate } from "../candidate.ts";
import type { Flips } from "../report.ts";
import { bytesOf, packBatch, transfersOf, type ShadowBatch } from "./batch.ts";
import type { Identities } from "./judge.ts";
import type { ShadowStart, ShadowWord } from "./worker.ts";

/** A version that judges live traffic beside the one that decides. */
export type ShadowVersion = { readonly candidate: Candidate; readonly identities: Identities };

/** How a candidate judged so far. `seen` is always `judged + dropped + lost + queued`. */
export type ShadowSnapshot = {
  readonly subject: string;
  readonly version: number;
  readonly digest: string;
  readonly state: "running" | "restarting" | "stopped";
  /** Records of its subject that were decided since it began. */
  readonly seen: number;
  /** Those in the matrix. */
  readonly judged: number;
  /** Never handed over, as the queue was full or the thread away. */
  readonly dropped: number;
  /** Handed over to a thread that ended before it told of them. */
  readonly lost: number;
  /** On their way. */
  readonly queued: number;
  /** How often the thread ended by itself. */
  readonly restarts: number;
  readonly flips: Flips;
};

export type ShadowLimits = {
  /** Records and bytes that may wait for one candidate; what comes on top is dropped. */
  readonly queueRecordsMax: number;
  readonly queueBytesMax: number;
  /** JavaScript heap of its thread, in MiB. A thread that needs more ends, and begins anew. */
  readonly heapMibMax: number;
  /**
   * Longer values are dropped. The end of the heap is only noticed between two steps of JavaScript, and parsing a value is
   * one step: were it to take more than what is left, the whole process would end. Parsed, a value takes up to 22 times its
   * bytes (`{},{},{}`), so that a heap 64 times as large never comes to that (a value of 16 MiB did in one of 64 MiB).
   */
  readonly valueBytesMax: number;
  /** How often the matrix is told, in milliseconds: what is newer is lost when the thread ends. */
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
  /** Takes a copy of a settled batch, or drops it. Never waits, never throws. */
  readonly offer: (topic: string, partition: number, decided: readonly Decided[]) => void;
  readonly snapshot: () => ShadowSnapshot;
  readonly close: () => Promise<void>;
};

const WORKER = threadEntry(import.meta.url, "./worker");

/** Hands copies of settled batches to a candidate's thread, within the limits, and counts what becomes of them. */
export function openShadowThread({ candidate, identities }: ShadowVersion, limits: ShadowLimits): ShadowThread {
  let flips: Flips = countFlips(0).flips();
  /** Judged by the threads before the one that runs. */
  let judgedBefore = 0;
  const counts = { seen: 0, dropped: 0, lost: 0, judged: 0, restarts: 0 };
  const queue = { records: 0, bytes: 0 };

  const hear = (word: ShadowWord): void => {
    if (word.kind === "judged") {
      queue.records -= word.records;
      queue.bytes -= word.bytes;
    } else {
      flips = word.flips;
      counts.judged = judgedBefore + word.judged;
    }
  };
  const mourn = (): void => {
    judgedBefore = counts.judged;
    counts.restarts += 1;
    counts.lost = counts.seen - counts.dropped - counts.judged;
    queue.records = queue.bytes = 0;
  };
  const begin = (): ShadowStart => ({ candidate, identities, before: flips, reportEveryMs: limits.reportEveryMs });
  const thread = supervise(begin, limits, hear, mourn);
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
 * Keeps a thread running.
 *
 *   running     the thread takes batches; it ends by itself (out of memory, a bug) -> restarting
 *   restarting  there is none; after a pause that doubles until one has told something -> running
 *   stopped     after close
 */
function supervise(
  begin: () => ShadowStart,
  limits: ShadowLimits,
  hear: (word: ShadowWord) => void,
  mourn: () => void,
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
    mine.on("message", (word: ShadowWord) => {
      attempt = 0;
      hear(word);
    });
    mine.on("exit", () => {
      if (worker !== mine) return;
      worker = null;
      state = "restarting";
      mourn();
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
  const worker = new Worker(WORKER, {
    workerData: begin,
    name: `shadow ${subject}@${version.version}`,
    resourceLimits: { maxOldGenerationSizeMb: heapMibMax },
  });
  worker.unref();
  // "exit" follows and says all there is to do; without a listener the error would end this process.
  worker.on("error", () => undefined);
  return worker;
}

/** Whatever goes wrong here is a bug of the shadow, and must not become one of the gateway. */
function handOver(worker: Worker, batch: ShadowBatch): boolean {
  try {
    worker.postMessage(batch, transfersOf(batch));
    return true;
  } catch {
    return false;
  }
}
