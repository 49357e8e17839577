import { Worker } from "node:worker_threads";

/** What a thread says: that it takes questions, and what it found. */
export type Word = { readonly kind: "ready" } | { readonly kind: "answer"; readonly answer: unknown };

/** What became of a question. */
export type Told<Answer> =
  | { readonly kind: "answered"; readonly answer: Answer }
  /** It took more than a question may, and nothing is known. */
  | { readonly kind: "given-up"; readonly why: "cpu" | "time" | "memory" }
  /** It was not begun: too many wait, nobody waits for the answer any more, or the service ends. */
  | { readonly kind: "not-asked" };

export type ThreadLimits = {
  /** CPU of one question in milliseconds, wherever it is spent: on a busy machine the answer may come later. */
  readonly cpuMsMax: number;
  /** By the clock: for what holds the thread where its CPU cannot be asked for, and for machines that stand still. */
  readonly wallMsMax: number;
  /** How often the CPU is looked at. */
  readonly lookEveryMs: number;
  /** JavaScript heap in MiB. What needs more ends with the thread; see `BODY_BYTES_MAX` for what keeps single steps small. */
  readonly heapMibMax: number;
  /** Questions that wait behind the one that is asked. */
  readonly waitingMax: number;
  /** A thread that was asked nothing for so long ends, with the memory it holds. */
  readonly idleMs: number;
};

export const THREAD_LIMITS: ThreadLimits = {
  cpuMsMax: 2_000,
  wallMsMax: 30_000,
  lookEveryMs: 50,
  heapMibMax: 256,
  waitingMax: 8,
  idleMs: 60_000,
};

/** A thread that answers one question at a time, and is ended when a question takes too much. */
export type Thread<Question, Answer> = {
  /**
   * @param isWanted asked when its turn comes: whether anybody still waits for the answer.
   * @throws what the thread failed with, when it did so by a bug.
   */
  readonly ask: (question: Question, isWanted?: () => boolean) => Promise<Told<Answer>>;
  readonly close: () => Promise<void>;
};

type Begin = { readonly entry: URL; readonly data: unknown; readonly name: string };

/**
 * Nothing runs before the first question.
 *
 *   none  -> (a question) -> begun -> (it is ready) -> asked
 *   asked -> (an answer) -> idle -> (a question) -> asked
 *   asked -> (CPU, clock or memory are spent, or a bug) -> ended -> none
 *   idle  -> (nothing is asked for a while) -> ended -> none
 *
 * Whoever asks is answered as soon as the limit is reached, and the next thread begins when the one before is gone: one that
 * stands within a single step of the engine goes on until that is done.
 */
export function openThread<Question, Answer>(begin: Begin, limits: ThreadLimits): Thread<Question, Answer> {
  const kept = keepWorker(begin, limits);
  let last: Promise<unknown> = Promise.resolve();
  let asked = 0;
  let closed = false;
  let giveUp: (told: Told<Answer>) => void = () => undefined;

  const put = async (question: Question): Promise<Told<Answer>> => {
    const { promise, resolve, reject } = Promise.withResolvers<Told<Answer>>();
    giveUp = resolve;
    let isOver = false;
    let look: NodeJS.Timeout | undefined;
    // In time even where the thread does not begin.
    const clock = setTimeout(() => resolve({ kind: "given-up", why: "time" }), limits.wallMsMax);
    const answer = async (): Promise<void> => {
      const worker = await kept.worker(() => !isOver);
      const before = await worker?.cpuUsage();
      if (worker === null || isOver) return;
      look = watchCpu(worker, before, limits, () => resolve({ kind: "given-up", why: "cpu" }));
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
      worker.postMessage(question);
      const word = await wordOf(worker);
      if (word.kind === "answer") resolve({ kind: "answered", answer: word.answer as Answer });
    };
    answer().catch((error: unknown) => {
      if (isOutOfMemory(error)) resolve({ kind: "given-up", why: "memory" });
      else reject(error);
    });
    let isWell = false;
    try {
      const told = await promise;
      isWell = told.kind === "answered";
      return told;
    } finally {
      isOver = true;
      clearTimeout(clock);
      clearInterval(look);
      if (isWell && !closed) kept.rest();
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
  /** One that is ready, begun where there is none. @param isWanted asked before it is begun; null when it is not. */
  readonly worker: (isWanted: () => boolean) => Promise<Worker | null>;
  /** Ends it when it is not asked for in a while. */
  readonly rest: () => void;
  readonly end: () => Promise<unknown>;
};

/** At most one thread at a time, the ending one among them. */
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
      await wordOf(mine);
      return mine;
    },
    rest: () => {
      idle = setTimeout(() => void end(), idleMs).unref();
    },
    end,
  };
}

function spawn({ entry, data, name }: Begin, heapMibMax: number): Worker {
  const worker = new Worker(entry, {
    workerData: data,
    name,
    resourceLimits: { maxOldGenerationSizeMb: heapMibMax, maxYoungGenerationSizeMb: 32 },
  });
  worker.unref();
  // One that ends between two questions is noticed by the next; without a listener the error would end this process.
  worker.on("error", () => undefined);
  return worker;
}

/** What the thread says next. @throws what it ended with. */
async function wordOf(worker: Worker): Promise<Word> {
  const { promise, resolve, reject } = Promise.withResolvers<Word>();
  const ended = (): void => reject(new Error("The thread ended without an answer"));
  worker.once("message", resolve).once("error", reject).once("exit", ended);
  try {
    return await promise;
  } finally {
    worker.off("message", resolve).off("error", reject).off("exit", ended);
  }
}

/** Looks at the thread's CPU from `before` on, until the timer is cleared. A thread within one step of the engine does not say. */
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
  // It rejects when the thread is gone, which is noticed elsewhere.
  return setInterval(() => void look().catch(() => undefined), limits.lookEveryMs).unref();
}

function isOutOfMemory(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === "ERR_WORKER_OUT_OF_MEMORY";
}
