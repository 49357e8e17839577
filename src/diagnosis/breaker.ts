/** How often the model's server failed in a row, and when it may be asked again, in milliseconds since the epoch. */
export type Breaker = { readonly failures: number; readonly closedUntilMs: number };

/** Nothing failed. */
export const INTACT: Breaker = { failures: 0, closedUntilMs: 0 };

/** Failures in a row from which on the server counts as away: nobody is told to wait for it, and it is asked seldom. */
const FAILURES_MAX = 3;
const SHORT_MS = 5_000;
const LONG_MS = 60_000;
const LONGEST_MS = 1_800_000;

/**
 * After an outage: 5 s twice, then one minute, doubled with each further failure, at most half an hour. One question that is answered
 * makes it {@link INTACT}.
 */
export function afterOutage({ failures }: Breaker, nowMs: number): Breaker {
  const more = failures + 1;
  const waitMs =
    more < FAILURES_MAX ? SHORT_MS : Math.min(LONGEST_MS, LONG_MS * 2 ** Math.min(20, more - FAILURES_MAX));
  return { failures: more, closedUntilMs: nowMs + waitMs };
}

/** Whether the server counts as away. */
export function isAway({ failures }: Breaker): boolean {
  return failures >= FAILURES_MAX;
}
