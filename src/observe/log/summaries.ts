/** Calls back after `ms`, once. */
export type Later = (ms: number, callback: () => void) => void;

export type Summaries<Value> = {
  readonly add: (key: string, value: Value) => void;
  /** Writes what waits, of one key or of all. */
  readonly flush: (key?: string) => void;
};

/** Keys that are summed up apart. What comes beyond is summed up under one more. */
const KEYS_MAX = 1_000;

/**
 * Thins out lines: the first value of a key is written at once; what follows is merged, and written every `everyMs` as long as
 * something comes. Nothing is dropped.
 * @param merge the earlier value and the later one, as one.
 */
export function createSummaries<Value>(
  { everyMs, later }: { readonly everyMs: number; readonly later: Later },
  merge: (before: Value, after: Value) => Value,
  write: (value: Value) => void,
): Summaries<Value> {
  /** Null: nothing came since the last line. */
  const waiting = new Map<string, Value | null>();
  const writeOut = (key: string): boolean => {
    const value = waiting.get(key) ?? null;
    if (value === null) return false;
    waiting.set(key, null);
    write(value);
    return true;
  };
  const tick = (): void => {
    for (const key of waiting.keys()) if (!writeOut(key)) waiting.delete(key);
    if (waiting.size > 0) later(everyMs, tick);
  };
  return {
    add: (wanted, value) => {
      const key = waiting.has(wanted) || waiting.size < KEYS_MAX ? wanted : "";
      const before = waiting.get(key);
      if (before === undefined) {
        if (waiting.size === 0) later(everyMs, tick);
        waiting.set(key, null);
        return write(value);
      }
      waiting.set(key, before === null ? value : merge(before, value));
    },
    flush: (key) => {
      for (const one of key === undefined ? [...waiting.keys()] : [key]) writeOut(one);
    },
  };
}
