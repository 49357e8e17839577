import { setTimeout as delay } from "node:timers/promises";

/**
 * What is asked for, where the answer comes in time; null where it does not, and then what becomes of it is left alone.
 * @throws what `asked` rejects with in time.
 */
export async function within<T>(ms: number, asked: Promise<T>): Promise<T | null> {
  const waiting = new AbortController();
  const late = delay(ms, null, { signal: waiting.signal, ref: false }).catch(() => null);
  try {
    return await Promise.race([asked, late]);
  } finally {
    waiting.abort();
    asked.catch(() => undefined);
  }
}

/** What is asked for, or null once the signal aborts; then what becomes of it is left alone. @throws what `asked` rejects with before. */
export async function unlessAborted<T>(signal: AbortSignal, asked: Promise<T>): Promise<T | null> {
  const { promise: aborted, resolve } = Promise.withResolvers<null>();
  const giveUp = (): void => resolve(null);
  signal.addEventListener("abort", giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    return await Promise.race([asked, aborted]);
  } finally {
    signal.removeEventListener("abort", giveUp);
    asked.catch(() => undefined);
  }
}
