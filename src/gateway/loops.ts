import type { Stream } from "../source/source.ts";

/** One loop for each stream that is ours. */
export type Loops = {
  /** Ends the loops of streams that are no longer ours and starts those of new ones. After the end it does nothing. */
  readonly reconcile: (streams: readonly Stream[]) => void;
  /** Rejects with the first bug of a loop; otherwise resolves when every loop ended after `stop` aborted. */
  readonly done: Promise<void>;
};

type Running = { readonly abort: AbortController; readonly ended: Promise<void> };

/**
 * Runs `loop` for each stream, never two at a time for one: a stream that comes back waits until its last loop has finished
 * its batch. That saves work; safety does not rest on it, but on the ledger.
 */
export function createLoops(loop: (stream: Stream, signal: AbortSignal) => Promise<void>, stop: AbortSignal): Loops {
  const running = new Map<string, Running>();
  const ending = new Map<string, Promise<void>>();
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  // Whoever awaits `done` gets the bug; without this it would also end the process as an unhandled rejection.
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
