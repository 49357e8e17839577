import type { Posted } from "./post.ts";

/** What an attempt means for its notification. */
export type Verdict =
  | { readonly kind: "delivered" }
  /** The receiver is gone for good. */
  | { readonly kind: "gone" }
  | { readonly kind: "lost"; readonly why: string }
  /** Tried again after `inMs`. `pauseMs`: how long the receiver asked not to be sent anything. */
  | { readonly kind: "again"; readonly why: string; readonly inMs: number; readonly pauseMs: number };

/**
 * How long after a failed attempt the next one is made, in milliseconds: ten attempts within a day and a half, as Standard Webhooks
 * proposes. Up to half as long again is added at random, so that gateways do not come all at once.
 */
const RETRY_MS: readonly number[] = [
  5_000, 30_000, 120_000, 600_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 36_000_000,
];
/** The longest that a `Retry-After` is obeyed, in milliseconds. */
const PAUSE_MAX_MS = 86_400_000;

/**
 * 2xx is delivered and 410 is gone; any other answer, a redirect too, and no answer are tried again until the attempts are used up.
 * An address that is refused is not tried again.
 * @param failed attempts that failed before.
 * @param random from 0 to 1.
 */
export function judgeAttempt(posted: Posted, failed: number, nowMs: number, random: number): Verdict {
  if (posted.kind === "refused") return { kind: "lost", why: posted.why };
  const status = posted.kind === "answered" ? posted.status : 0;
  if (status >= 200 && status < 300) return { kind: "delivered" };
  if (status === 410) return { kind: "gone" };
  const why = posted.kind === "answered" ? `it answered ${status}` : posted.why;
  const baseMs = RETRY_MS[failed];
  if (baseMs === undefined) return { kind: "lost", why: `${why}; that was the last of ${failed + 1} attempts` };
  const afterMs = posted.kind === "answered" ? retryAfterMs(posted.retryAfter, nowMs) : 0;
  const inMs = Math.round(Math.max(baseMs * (1 + random / 2), afterMs));
  return { kind: "again", why, inMs, pauseMs: status === 429 || status === 503 ? afterMs : 0 };
}

/** Reads seconds or an HTTP date. @returns milliseconds from now; 0 for no header, a past date and any other text. */
function retryAfterMs(header: string | null, nowMs: number): number {
  if (header === null) return 0;
  const text = header.trim();
  const ms = /^\d{1,10}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), PAUSE_MAX_MS) : 0;
}
