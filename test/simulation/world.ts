import { Unavailable } from "../../src/core/unavailable.ts";
import type { Random } from "./random.ts";

/** One run of one worker; a restart is another incarnation. */
export type Incarnation = { dead: boolean };

/** What the scheduler may do to an operation when it is its turn. */
type Fate = "done" | "never-arrives" | "answer-lost" | "half-done";

/**
 * One operation of the protocol on its way to the store or the source.
 * `execute` applies it; `half` may apply a part of it. The answer waits until `settled` says it may leave.
 */
export type Operation<T> = {
  readonly execute: () => T;
  readonly half?: () => void;
  /** Whether the answer may be delivered: "lost" when a failover rolled the write back. */
  readonly settled?: () => "yes" | "no" | "lost";
};

type Waiting = { readonly by: Incarnation; readonly start: (fate: Fate) => void; readonly partial: boolean };
type Answer = {
  readonly by: Incarnation;
  readonly settled: () => "yes" | "no" | "lost";
  readonly deliver: () => void;
  readonly fail: () => void;
};

/**
 * The only scheduler in a simulation: nothing happens unless {@link World.step} makes it happen, so that a seed decides
 * the order of every operation of every worker.
 */
export type World = {
  /** Puts an operation in the queue; the promise answers when the scheduler lets it. */
  readonly call: <T>(by: Incarnation, operation: Operation<T>) => Promise<T>;
  /** Executes one random operation, or delivers one answer. False when there is nothing to do. */
  readonly step: (faults: boolean) => boolean;
  /** Lets every consequence of the last step run up to its next operation. */
  readonly drain: () => Promise<void>;
  /** A crash: answers never come back; what was sent may still arrive. */
  readonly crash: (incarnation: Incarnation) => void;
};

/** How often each fault strikes an operation. */
const FAULTS = { neverArrives: 0.03, answerLost: 0.04, halfDone: 0.04, arrivesAfterCrash: 0.4 } as const;

/** One for all: collecting a stack for each would take as long as a tenth of the history. */
const TROUBLE = new Unavailable("STORE_TROUBLE", "the simulated backend did not answer", "wait");

export function createWorld(random: Random): World {
  let queue: Waiting[] = [];
  let answers: Answer[] = [];

  const call = async <T>(by: Incarnation, operation: Operation<T>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const fail = (): void => reject(TROUBLE);
      const start = (fate: Fate): void => {
        if (fate === "never-arrives") return fail();
        if (fate === "half-done") {
          operation.half?.();
          return fail();
        }
        const result = operation.execute();
        if (fate === "answer-lost") return fail();
        const deliver = (): void => resolve(result);
        answers.push({ by, settled: operation.settled ?? ((): "yes" => "yes"), deliver, fail });
      };
      queue.push({ by, start, partial: operation.half !== undefined });
    });

  const deliverOne = (): boolean => {
    const ready = answers.filter((answer) => answer.settled() !== "no");
    if (ready.length === 0) return false;
    const answer = random.pick(ready);
    answers = answers.filter((other) => other !== answer);
    if (answer.by.dead) return true;
    if (answer.settled() === "lost") answer.fail();
    else answer.deliver();
    return true;
  };

  const fate = (partial: boolean, faults: boolean): Fate => {
    if (!faults) return "done";
    const roll = random.next();
    if (roll < FAULTS.neverArrives) return "never-arrives";
    if (roll < FAULTS.neverArrives + FAULTS.answerLost) return "answer-lost";
    if (partial && roll < FAULTS.neverArrives + FAULTS.answerLost + FAULTS.halfDone) return "half-done";
    return "done";
  };

  return {
    call,
    step: (faults) => {
      if (answers.length > 0 && (queue.length === 0 || random.chance(0.5)) && deliverOne()) return true;
      if (queue.length === 0) return deliverOne();
      const index = random.below(queue.length);
      const [chosen] = queue.splice(index, 1);
      chosen?.start(fate(chosen.partial, faults));
      return true;
    },
    // A tick queued from a microtask runs once the microtask queue is empty: every worker has reached its next operation.
    drain: async () => new Promise((resolve) => process.nextTick(resolve)),
    crash: (incarnation) => {
      incarnation.dead = true;
      queue = queue.filter((waiting) => waiting.by !== incarnation || random.chance(FAULTS.arrivesAfterCrash));
    },
  };
}
