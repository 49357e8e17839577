import { ProblemError } from "../problems/problem.ts";

/**
 * Bytes that one request holds. `set` says how many they are now; `take` does so where they are there whatever the sum is, and
 * refuses nothing; `end` gives them back, once and for good.
 */
export type Lease = {
  readonly set: (bytes: number) => void;
  readonly take: (bytes: number) => void;
  readonly end: () => void;
};

export type Held = {
  /** @throws ProblemError 503, from `set`, when all requests together would hold too many: this one keeps what it had. */
  readonly lease: () => Lease;
  readonly bytes: () => number;
};

/** Counts the bytes that requests hold in memory at once, whatever their shape. @param max over all of them. */
export function createHeld(max: number, nowMs: () => number): Held {
  let total = 0;
  return {
    bytes: () => total,
    lease: () => {
      let own = 0;
      let ended = false;
      const take = (bytes: number): void => {
        if (ended) return;
        if (!Number.isSafeInteger(bytes) || bytes < 0) throw new Error("Cannot hold bytes: their number is none");
        total += bytes - own;
        own = bytes;
      };
      return {
        set: (bytes) => {
          if (!ended && bytes > own && total - own + bytes > max) throw overloaded(max, nowMs());
          take(bytes);
        },
        take,
        end: () => {
          if (ended) return;
          ended = true;
          total -= own;
          own = 0;
        },
      };
    },
  };
}

function overloaded(max: number, nowMs: number): ProblemError {
  return new ProblemError({
    status: 503,
    code: "overloaded",
    title: "Too many bytes in flight",
    detail: `The bodies and answers of all requests together have more than ${max} bytes in memory`,
    headers: { "retry-after": String(1 + (Math.trunc(nowMs) % 5)) },
  });
}
