import { setTimeout as delay } from "node:timers/promises";
import type { WorkerOptions } from "node:worker_threads";
import { beginThread } from "../thread-entry.ts";
import type { Answer, Message } from "./answering.ts";

/** A thread that answers questions, one after the other ({@link file://./answering.ts}). */
export type AnsweringThread = {
  /** @returns the answer; null when the thread cannot give one. Never rejects. */
  readonly ask: (question: unknown) => Promise<unknown>;
  /** How many questions it has not answered. */
  readonly load: () => number;
  readonly hasEnded: () => boolean;
  readonly end: () => Promise<void>;
};

/** Threads of which the idlest is asked. They begin with the first question. */
export type ThreadPool = Pick<AnsweringThread, "ask" | "end"> & {
  /** How many questions to ask before the first answer is needed, so that no thread waits. */
  readonly ahead: number;
};

/** Questions that each thread has to do: one that it answers, and those that wait for it. */
const EACH = 3;

export function openThreadPool(entry: URL, options: WorkerOptions, threads: number): ThreadPool {
  let begun: readonly AnsweringThread[] | null = null;
  return {
    ahead: threads * EACH,
    ask: async (question) => {
      begun ??= Array.from({ length: threads }, () => beginAnswering(entry, options));
      const [first, ...others] = begun.filter(({ hasEnded }) => !hasEnded());
      if (first === undefined) return null;
      return others.reduce((a, b) => (b.load() < a.load() ? b : a), first).ask(question);
    },
    end: async () => void (await Promise.all((begun ?? []).map(async ({ end }) => end()))),
  };
}

/** How long a thread may take to close its store; one in the middle of a large entry, or of a whole file, is ended. */
const END_MS = 1_000;

export function beginAnswering(entry: URL, options: WorkerOptions): AnsweringThread {
  const worker = beginThread(entry, options);
  const waiting = new Map<number, (value: unknown) => void>();
  let [asked, ended] = [0, false];
  const hasEnded = (): boolean => ended;
  const gone = Promise.withResolvers<void>();
  const post = (message: Message): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
    worker.postMessage(message);
  };
  worker.on("message", ({ id, value }: Answer) => {
    waiting.get(id)?.(value);
    waiting.delete(id);
  });
  // A store that cannot be opened or read in the thread is reported where the caller reads it itself.
  worker.on("error", () => undefined);
  worker.on("exit", () => {
    ended = true;
    for (const resolve of waiting.values()) resolve(null);
    waiting.clear();
    gone.resolve();
  });
  return {
    ask: async (question) => {
      if (ended) return null;
      asked += 1;
      const { promise, resolve } = Promise.withResolvers<unknown>();
      waiting.set(asked, resolve);
      post({ id: asked, question });
      return promise;
    },
    load: () => waiting.size,
    hasEnded,
    end: async () => {
      if (ended) return;
      post("end");
      await Promise.race([gone.promise, delay(END_MS, undefined, { ref: false })]);
      if (!hasEnded()) await worker.terminate();
    },
  };
}
