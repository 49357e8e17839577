import { ProblemError } from "../problems/problem.ts";

/**
 * Counts the bytes that one request holds. `set` says how many there are now, and throws when the sum would be too large; `take` says the
 * same and never throws; `end` says that the request holds none any more.
 */
export type Lease = {
  readonly set: (bytes: number) => void;
  readonly take: (bytes: number) => void;
  readonly end: () => void;
};

export type Held = {
  /** `set` of it throws ProblemError 503 when all requests together would hold too many; its request is counted as before then. */
  readonly lease: () => Lease;
  readonly bytes: () => number;
};

/** Counts the bytes that all requests hold in memory. @param max bytes, over all of them. */
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
