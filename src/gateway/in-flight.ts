/** The bytes of records that a process has fetched and not settled. */
export type InFlight = {
  /**
   * Waits until a stream may fetch: until what it fetched last fits below the bound, or nothing is in flight; first come, first served. It
   * resolves at once when the signal aborts. So each stream pauses for itself, and what is in the log waits there.
   */
  readonly enter: (stream: string, signal: AbortSignal) => Promise<Held>;
  /** How many there are now. What is held for a fetch that has brought nothing yet is not among them. */
  readonly bytes: () => number;
};

/** What one fetch holds of the bound. */
export type Held = {
  /** Says how many bytes the fetch brought; until then as many are held as the one before brought. */
  readonly brought: (bytes: number) => void;
  /** Gives everything back. Calls after the first do nothing. */
  readonly release: () => void;
};

/** Nothing is bounded. */
export const UNBOUNDED: Held = { brought: () => undefined, release: () => undefined };

type Waiting = { readonly bytes: number; readonly begin: () => void };

/**
 * Bounds what a process has in flight. A stream that found nothing last holds nothing while it waits for a record: a hundred idle partitions
 * delay no other. So each partition that was idle may exceed the bound by one fetch, and one batch that is larger than the bound runs alone.
 * @param firstBytes what is held for the first fetch of a stream: a full batch.
 */
export function createInFlight(bytesMax: number, firstBytes: number): InFlight {
  const waiting: Waiting[] = [];
  const last = new Map<string, number>();
  let held = 0;
  let fetched = 0;
  const beginNext = (): void => {
    for (
      let next = waiting[0];
      next !== undefined && (held === 0 || held + next.bytes <= bytesMax);
      next = waiting[0]
    ) {
      waiting.shift();
      held += next.bytes;
      next.begin();
    }
  };
  const holds = (stream: string, began: number): Held => {
    let own = began;
    let ownFetched = 0;
    let released = false;
    const change = (bytes: number): void => {
      held += bytes - own;
      fetched += bytes - ownFetched;
      own = bytes;
      ownFetched = bytes;
      beginNext();
    };
    return {
      brought: (bytes) => {
        last.set(stream, bytes);
        if (!released) change(bytes);
      },
      release: () => {
        if (released) return;
        released = true;
        change(0);
      },
    };
  };
  return {
    bytes: () => fetched,
    enter: async (stream, signal) => {
      const bytes = last.get(stream) ?? firstBytes;
      const { promise, resolve } = Promise.withResolvers<Held>();
      const one: Waiting = { bytes, begin: () => resolve(holds(stream, bytes)) };
      const giveUp = (): void => {
        const at = waiting.indexOf(one);
        if (at === -1) return;
        waiting.splice(at, 1);
        resolve(UNBOUNDED);
        // Whoever waited behind it may be smaller.
        beginNext();
      };
      if (signal.aborted) return UNBOUNDED;
      waiting.push(one);
      signal.addEventListener("abort", giveUp, { once: true });
      beginNext();
      try {
        return await promise;
      } finally {
        signal.removeEventListener("abort", giveUp);
      }
    },
  };
}
