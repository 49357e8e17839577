import type { Stream } from "../source/source.ts";

/** Runs one loop for each stream that is assigned to this process. */
export type Loops = {
  /** Starts loops for new streams and ends those of streams not in the list. It does nothing once `stop` aborted. */
  readonly reconcile: (streams: readonly Stream[]) => void;
  /** Rejects with the first error of a loop, which is a bug; otherwise resolves when every loop ended after `stop` aborted. */
  readonly done: Promise<void>;
};

type Running = { readonly abort: AbortController; readonly ended: Promise<void> };

/**
 * Runs `loop` for each stream, never two loops at a time for one stream: a stream that comes back waits until its last loop
 * has finished its batch. This saves work only; the ledger's compare-and-swap is what makes two owners safe.
 */
export function createLoops(loop: (stream: Stream, signal: AbortSignal) => Promise<void>, stop: AbortSignal): Loops {
  const running = new Map<string, Running>();
  const ending = new Map<string, Promise<void>>();
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  // A caller that awaits `done` gets the error. Without this line it would also be an unhandled rejection and end the process.
  done.catch(() => undefined);

  const start = (stream: Stream): void => {
    const abort = new AbortController();
    const before = ending.get(stream.id) ?? Promise.resolve();
    const ended = before.then(async () => loop(stream, AbortSignal.any([abort.signal, stop])));
    running.set(stream.id, { abort, ended });
    ended.catch(reject);
  };
  const end = (id: string, { abort, ended }: Running): void => {
    abort.abort();
    running.delete(id);
    const gone = ended.finally(() => {
      if (ending.get(id) === gone) ending.delete(id);
    });
    ending.set(id, gone);
    gone.catch(() => undefined);
  };
  const finish = (): void => {
    const all = [...[...running.values()].map(({ ended }) => ended), ...ending.values()];
    Promise.all(all).then(() => resolve(), reject);
  };
  stop.addEventListener("abort", finish, { once: true });
  return {
    done,
    reconcile: (streams) => {
      if (stop.aborted) return;
      const wanted = new Map(streams.map((stream) => [stream.id, stream]));
      for (const [id, one] of running) if (!wanted.has(id)) end(id, one);
      for (const stream of wanted.values()) if (!running.has(stream.id)) start(stream);
    },
  };
}
