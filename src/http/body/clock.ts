import type { Readable } from "node:stream";
import { onBroken } from "../connection.ts";
import type { ProblemCode } from "../problems/codes.ts";
import { ProblemError } from "../problems/problem.ts";

/** A limit of time on a body: {@link Clock.watch} ends with a problem when {@link Clock.moved} or `stop` is not called in time. */
export type Clock = {
  readonly watch: (body: Readable) => AsyncGenerator<Buffer>;
  readonly moved: () => void;
  readonly stop: () => void;
};

/**
 * Starts a clock. When it rings the body is not destroyed, so that its sender can be answered.
 *
 * A process that stood still (a suspended machine, a frozen container) runs its timers before it reads the bytes that arrived
 * meanwhile. So those bytes are read before the clock decides. A body that moved is not late; one of which only a chunk came gets
 * the time once more.
 * @param what did not happen in time, for the problem. @param code of the problem.
 */
export function startClock(ms: number, what: string, code: ProblemCode): Clock {
  let late: ProblemError | null = null;
  let tell: (problem: ProblemError) => void = () => undefined;
  let chunks = 0;
  let moves = 0;
  let again = false;
  const ring = (): void => {
    const [chunksBefore, movesBefore] = [chunks, moves];
    setImmediate(() => {
      if (moves !== movesBefore) return;
      if (chunks !== chunksBefore && !again) {
        again = true;
        timer = setTimeout(ring, ms).unref();
        return;
      }
      late = new ProblemError({ status: 408, code, title: "Too slow", detail: `${what} within ${ms / 1_000} seconds` });
      tell(late);
    });
  };
  let timer = setTimeout(ring, ms).unref();
  const stop = (): void => {
    moves += 1;
    clearTimeout(timer);
  };
  return {
    moved: () => {
      stop();
      again = false;
      timer = setTimeout(ring, ms).unref();
    },
    stop,
    watch: async function* (body) {
      const { next, fail, release } = pull(body);
      tell = fail;
      if (late !== null) fail(late);
      try {
        for (;;) {
          const chunk = await next();
          if (chunk === null) return;
          chunks += 1;
          yield chunk;
        }
      } finally {
        release();
      }
    },
  };
}

type Pull = {
  /** Null at the end. */
  readonly next: () => Promise<Buffer | null>;
  /** Ends the reading with an error, after the chunks that have come already. */
  readonly fail: (error: Error) => void;
  readonly release: () => void;
};

/**
 * Reads a stream chunk by chunk, as its own iterator does, and takes its listeners away afterwards. The reader is woken by events.
 * `Promise.race` with a promise that lives as long as the body would keep about a hundred bytes for each chunk.
 */
function pull(body: Readable): Pull {
  const came: Buffer[] = [];
  let over: Error | "end" | null = body.readableEnded ? "end" : body.destroyed ? cutShort() : null;
  let wake: () => void = () => undefined;
  const finish = (how: Error | "end"): void => {
    over ??= how;
    wake();
  };
  const listeners = {
    data: (chunk: Buffer): void => {
      came.push(chunk);
      body.pause();
      wake();
    },
    end: (): void => finish("end"),
    error: (error: Error): void => finish(error),
    close: (): void => finish(cutShort()),
  };
  for (const [event, listener] of Object.entries(listeners)) body.on(event, listener);
  const release = onBroken(body, finish);
  return {
    next: async () => {
      while (came.length === 0 && over === null) {
        const woken = new Promise<void>((resolve) => (wake = resolve));
        body.resume();
        await woken;
      }
      const chunk = came.shift();
      if (chunk !== undefined) return chunk;
      if (over !== "end" && over !== null) throw over;
      return null;
    },
    fail: finish,
    release: () => {
      release();
      for (const [event, listener] of Object.entries(listeners)) body.off(event, listener);
    },
  };
}

function cutShort(): Error {
  return Object.assign(new Error("the body ended early"), { code: "ERR_STREAM_PREMATURE_CLOSE" });
}
