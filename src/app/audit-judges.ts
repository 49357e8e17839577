import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { Judges } from "../audit/judges.ts";
import { beginThread, threadEntry } from "../thread-entry.ts";
import type { JudgeAnswer, JudgeMessage, JudgeQuestion } from "./audit-judge-worker.ts";
import { dataFiles } from "./data-directory.ts";
import type { Where } from "./stores.ts";

/** Entries that each thread has to do: one that it judges, and those that wait for it. */
const EACH = 3;

/** A thread takes longer to begin than the audit to judge so many. */
const ENTRIES_MIN = 32;

type Thread = {
  /** @returns the answer; null when the thread cannot give one. */
  readonly ask: (asking: Asking<JudgeQuestion>) => Promise<unknown>;
  /** How many questions it has not answered. */
  readonly load: () => number;
  readonly hasEnded: () => boolean;
  readonly end: () => Promise<unknown>;
};

type Verdict = Awaited<ReturnType<Judges["judge"]>>;

type Asking<Question> = Question extends unknown ? Omit<Question, "id"> : never;

/** A file smaller than this is audited before a thread has begun. */
const FILE_BYTES_MIN = 67_108_864;

/** How many threads help to audit a store by default: one for each core, where it is not a small file. */
export function auditThreads(where: Where): number {
  if (where.mongodbUri !== null) return threadsMost();
  const { size } = statSync(dataFiles(where).storeFile, { throwIfNoEntry: false }) ?? { size: 0 };
  return size < FILE_BYTES_MIN ? 1 : threadsMost();
}

/** Beyond this, the audit itself, which reads the ledger and adds up, has all its time taken. */
const THREADS_MAX = 8;

function threadsMost(): number {
  return Math.min(availableParallelism(), THREADS_MAX);
}

/** Judges in threads, each with a reading connection of its own. They begin with the first question. */
export function openAuditJudges(
  { dataDir, mongodbUri }: Where,
  threads: number,
): Judges & { readonly close: () => Promise<void> } {
  const begun: Thread[] = [];
  const begin = (): Thread => {
    const thread = beginJudge({ dataDir, mongodbUri });
    begun.push(thread);
    return thread;
  };
  let judging: readonly Thread[] | null = null;
  return {
    entriesMin: ENTRIES_MIN,
    ahead: threads * EACH,
    judge: async (...given) => {
      judging ??= Array.from({ length: threads }, begin);
      const [first, ...others] = judging.filter(({ hasEnded }) => !hasEnded());
      if (first === undefined) return null;
      const idlest = others.reduce((a, b) => (b.load() < a.load() ? b : a), first);
      return (await idlest.ask({ kind: "entry", given })) as Verdict;
    },
    // SQLite reads its whole file for it, in a thread of its own: entries would wait behind it. MongoDB's collections are soon compared.
    integrity: async () =>
      mongodbUri === null ? ((await begin().ask({ kind: "integrity" })) as readonly string[] | null) : null,
    close: async () => void (await Promise.all(begun.map(async ({ end }) => end()))),
  };
}

/** How long a thread may take to close its store; one in the middle of a large entry, or of a whole file, is ended. */
const END_MS = 1_000;

function beginJudge(where: Where): Thread {
  const entry = threadEntry(import.meta.url, "./audit-judge-worker");
  const worker = beginThread(entry, { workerData: where, name: "audit" });
  const waiting = new Map<number, (value: unknown) => void>();
  let [asked, ended] = [0, false];
  const hasEnded = (): boolean => ended;
  const gone = Promise.withResolvers<void>();
  worker.on("message", ({ id, value }: JudgeAnswer) => {
    waiting.get(id)?.(value);
    waiting.delete(id);
  });
  // A store that cannot be opened or read in the thread is reported where the audit reads it itself.
  worker.on("error", () => undefined);
  worker.on("exit", () => {
    ended = true;
    for (const resolve of waiting.values()) resolve(null);
    waiting.clear();
    gone.resolve();
  });
  return {
    ask: async (asking) => {
      if (ended) return null;
      asked += 1;
      const question: JudgeQuestion = { id: asked, ...asking };
      const { promise, resolve } = Promise.withResolvers<unknown>();
      waiting.set(question.id, resolve);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
      worker.postMessage(question);
      return promise;
    },
    load: () => waiting.size,
    hasEnded,
    end: async () => {
      if (ended) return;
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
      worker.postMessage("end" satisfies JudgeMessage);
      await Promise.race([gone.promise, delay(END_MS, undefined, { ref: false })]);
      if (!hasEnded()) await worker.terminate();
    },
  };
}
