import type { Worker } from "node:worker_threads";
import { beginThread } from "../thread-entry.ts";

/** A message from a thread: it is ready for questions, or it answers one. */
export type ThreadMessage = { readonly kind: "ready" } | { readonly kind: "answer"; readonly answer: unknown };

/** The outcome of a question. */
export type QuestionOutcome<Answer> =
  | { readonly kind: "answered"; readonly answer: Answer }
  /** The question exceeded a limit and has no answer. */
  | { readonly kind: "given-up"; readonly why: "cpu" | "time" | "memory" }
  /** The question was not sent to the thread: too many were waiting, the caller no longer waited, or the service is closing. */
  | { readonly kind: "not-asked" };

export type ThreadLimits = {
  /** The most CPU time for one question, in milliseconds. On a busy machine it takes longer by the clock. */
  readonly cpuMsMax: number;
  /**
   * The most time for one question by the clock, in milliseconds. It ends a thread that cannot report its CPU time, as inside
   * one long step of the engine, and a thread on a machine that is suspended.
   */
  readonly wallMsMax: number;
  /** The interval in milliseconds at which the thread's CPU time is read. */
  readonly cpuCheckMs: number;
  /**
   * The thread's JavaScript heap in MiB (old generation). A question that needs more ends the thread; `BODY_BYTES_MAX` keeps
   * the memory of single steps small.
   */
  readonly heapMibMax: number;
  /** The most questions that wait behind the current one. */
  readonly waitingMax: number;
  /** A thread without questions ends after this many milliseconds, which frees its memory. */
  readonly idleMs: number;
};

export const THREAD_LIMITS: ThreadLimits = {
  cpuMsMax: 2_000,
  wallMsMax: 30_000,
  cpuCheckMs: 50,
  heapMibMax: 256,
  waitingMax: 8,
  idleMs: 60_000,
};

/** A thread that answers one question at a time and is terminated when a question exceeds a limit. */
export type Thread<Question, Answer> = {
  /**
   * Asks the thread.
   * @param isWanted called when the question's turn comes: whether the caller still waits for the answer.
   * @throws the error that ended the thread, when it ended by a bug.
   */
  readonly ask: (question: Question, isWanted?: () => boolean) => Promise<QuestionOutcome<Answer>>;
  readonly close: () => Promise<void>;
};

type Begin = { readonly entry: URL; readonly data: unknown; readonly name: string };

/**
 * Opens a thread. It starts with the first question.
 *
 * none -> (a question) -> starting -> (it is ready) -> busy
 * busy -> (an answer) -> idle -> (a question) -> busy
 * busy -> (CPU, clock or memory limit, or a bug) -> terminated -> none
 * idle -> (no question for `idleMs`) -> terminated -> none
 *
 * The caller gets its answer as soon as a limit is reached. The next thread starts only when the old one has exited, since a
 * thread inside a single step of the engine runs on until that step ends.
 */
export function openThread<Question, Answer>(begin: Begin, limits: ThreadLimits): Thread<Question, Answer> {
  const kept = keepWorker(begin, limits);
  let last: Promise<unknown> = Promise.resolve();
  let asked = 0;
  let closed = false;
  let giveUp: (outcome: QuestionOutcome<Answer>) => void = () => undefined;

  const put = async (question: Question): Promise<QuestionOutcome<Answer>> => {
    const { promise, resolve, reject } = Promise.withResolvers<QuestionOutcome<Answer>>();
    giveUp = resolve;
    let isOver = false;
    let look: NodeJS.Timeout | undefined;
    // The clock starts before the thread does, so that a thread that never starts is bounded too.
    const clock = setTimeout(() => resolve({ kind: "given-up", why: "time" }), limits.wallMsMax);
    const answer = async (): Promise<void> => {
      const worker = await kept.worker(() => !isOver);
      const before = await worker?.cpuUsage();
      if (worker === null || isOver) return;
      look = watchCpu(worker, before, limits, () => resolve({ kind: "given-up", why: "cpu" }));
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
      worker.postMessage(question);
      const message = await nextMessage(worker);
      if (message.kind === "answer") resolve({ kind: "answered", answer: message.answer as Answer });
    };
    answer().catch((error: unknown) => {
      if (isOutOfMemory(error)) resolve({ kind: "given-up", why: "memory" });
      else reject(error);
    });
    let isAnswered = false;
    try {
      const outcome = await promise;
      isAnswered = outcome.kind === "answered";
      return outcome;
    } finally {
      isOver = true;
      clearTimeout(clock);
      clearInterval(look);
      if (isAnswered && !closed) kept.rest();
      else void kept.end();
    }
  };
  return {
    ask: async (question, isWanted = () => true) => {
      if (closed || asked > limits.waitingMax) return { kind: "not-asked" };
      asked += 1;
      const mine = last.then(async () => (closed || !isWanted() ? ({ kind: "not-asked" } as const) : put(question)));
      last = mine.catch(() => undefined);
      try {
        return await mine;
      } finally {
        asked -= 1;
      }
    },
    close: async () => {
      closed = true;
      giveUp({ kind: "not-asked" });
      await Promise.all([kept.end(), last]);
    },
  };
}

type Kept = {
  /**
   * A thread that is ready; starts one when there is none.
   * @param isWanted called before a thread is started; null when it returns false.
   */
  readonly worker: (isWanted: () => boolean) => Promise<Worker | null>;
  /** Terminates the thread when no question comes within `idleMs`. */
  readonly rest: () => void;
  readonly end: () => Promise<unknown>;
};

/** Keeps at most one thread, counting one that is being terminated. */
function keepWorker(begin: Begin, { heapMibMax, idleMs }: ThreadLimits): Kept {
  let worker: Worker | null = null;
  let gone: Promise<unknown> = Promise.resolve();
  let idle: NodeJS.Timeout | undefined;
  const end: Kept["end"] = async () => {
    clearTimeout(idle);
    if (worker !== null) gone = worker.terminate();
    worker = null;
    return gone;
  };
  return {
    worker: async (isWanted) => {
      clearTimeout(idle);
      await gone;
      if (worker !== null || !isWanted()) return worker;
      const mine = spawn(begin, heapMibMax);
      mine.once("exit", () => {
        if (worker === mine) worker = null;
      });
      worker = mine;
      await nextMessage(mine);
      return mine;
    },
    rest: () => {
      idle = setTimeout(() => void end(), idleMs).unref();
    },
    end,
  };
}

function spawn({ entry, data, name }: Begin, heapMibMax: number): Worker {
  const worker = beginThread(entry, {
    workerData: data,
    name,
    resourceLimits: { maxOldGenerationSizeMb: heapMibMax, maxYoungGenerationSizeMb: 32 },
  });
  worker.unref();
  // An error between two questions is found by the next question; without a listener it would end this process.
  worker.on("error", () => undefined);
  return worker;
}

/**
 * The next message of the thread.
 * @throws the error that the thread ended with.
 */
async function nextMessage(worker: Worker): Promise<ThreadMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<ThreadMessage>();
  const ended = (): void => reject(new Error("The thread ended without an answer"));
  worker.once("message", resolve).once("error", reject).once("exit", ended);
  try {
    return await promise;
  } finally {
    worker.off("message", resolve).off("error", reject).off("exit", ended);
  }
}

/**
 * Reads the thread's CPU time, counted from `before`, until the timer is cleared. A thread inside one step of the engine does
 * not report it.
 */
function watchCpu(
  worker: Worker,
  before: NodeJS.CpuUsage | undefined,
  limits: ThreadLimits,
  spent: () => void,
): NodeJS.Timeout {
  let isAsked = false;
  const look = async (): Promise<void> => {
    if (isAsked) return;
    isAsked = true;
    const { user, system } = await worker.cpuUsage(before);
    isAsked = false;
    if ((user + system) / 1_000 > limits.cpuMsMax) spent();
  };
  // The promise rejects when the thread has exited, which nextMessage reports.
  return setInterval(() => void look().catch(() => undefined), limits.cpuCheckMs).unref();
}

function isOutOfMemory(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === "ERR_WORKER_OUT_OF_MEMORY";
}
