import type { IncomingHttpHeaders } from "node:http";
import { createGunzip, gunzip } from "node:zlib";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { onBroken } from "../connection.ts";
import type { Lease } from "./held.ts";
import { badRequest, ProblemError, tooLarge, unsupported } from "../problems/problem.ts";

const unzip = promisify(gunzip);

/** What unpacking holds besides the bytes: its window of 32 KiB, its state, and chunks of 16 KiB on either side. */
export const UNPACKING_BYTES = 131_072;

/** Whether the body is gzip; any other encoding is refused. `x-gzip` is the same (RFC 9110, 8.4.1.3). */
export function isGzip(headers: IncomingHttpHeaders): boolean {
  const encoding = (headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (encoding === "identity") return false;
  if (encoding === "gzip" || encoding === "x-gzip") return true;
  throw unsupported("The content encoding is not one that is read", "send the body plain or as gzip");
}

/**
 * Reads a whole body, unpacked, within its time.
 * @throws ProblemError 400, 408, 413, 415 or 503; the body is then left as it is.
 */
export async function readWhole(
  body: Readable,
  headers: IncomingHttpHeaders,
  limits: { readonly bytesMax: number; readonly withinMs: number },
  lease: Lease,
): Promise<Buffer> {
  const { bytesMax, withinMs } = limits;
  const packed = isGzip(headers);
  const chunks: Buffer[] = [];
  let bytes = 0;
  // A buffer costs about a hundred bytes besides what it holds.
  let small = 0;
  const clock = startClock(withinMs, "The body did not arrive", "too-slow");
  try {
    for await (const chunk of clock.watch(body)) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw bodyTooLarge(bytesMax);
      chunks.push(chunk);
      small += 1;
      if (small === 256) {
        chunks.push(Buffer.concat(chunks.splice(-small)));
        small = 0;
      }
      lease.set(bytes + small * 128);
    }
  } finally {
    clock.stop();
  }
  const whole = chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks);
  if (!packed) return whole;
  lease.set(whole.length + bytesMax);
  const plain = await gunzipAtMost(whole, bytesMax);
  lease.set(plain.length);
  return plain;
}

async function gunzipAtMost(packed: Buffer, bytesMax: number): Promise<Buffer> {
  try {
    return await unzip(packed, { maxOutputLength: bytesMax });
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") throw bodyTooLarge(bytesMax);
    throw badGzip();
  }
}

/**
 * The plain chunks of a body of any length.
 * @param bytesMax unpacked, of a packed body: what is plain is bounded by what its sender can send.
 */
export async function* plainChunks(
  body: AsyncIterable<Buffer>,
  headers: IncomingHttpHeaders,
  bytesMax: number,
): AsyncGenerator<Buffer> {
  if (!isGzip(headers)) {
    yield* body;
    return;
  }
  const gunzipping = createGunzip();
  const feeding = feed(body, gunzipping);
  // Its error, if any, comes out of the stream below.
  feeding.catch(() => undefined);
  let plain = 0;
  try {
    for await (const chunk of gunzipping as AsyncIterable<Buffer>) {
      plain += chunk.length;
      if (plain > bytesMax) throw tooLarge("gzip-too-large", `The body has more than ${bytesMax} bytes unpacked`);
      yield chunk;
    }
  } catch (error) {
    if (String((error as { code?: unknown }).code).startsWith("Z_")) throw badGzip();
    throw error;
  } finally {
    gunzipping.destroy();
  }
}

async function feed(body: AsyncIterable<Buffer>, into: ReturnType<typeof createGunzip>): Promise<void> {
  try {
    for await (const chunk of body) {
      if (into.destroyed) return;
      if (!into.write(chunk)) await drained(into);
    }
    into.end();
  } catch (error) {
    into.destroy(error instanceof Error ? error : new Error("the body could not be read"));
  }
}

async function drained(stream: ReturnType<typeof createGunzip>): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.once("drain", resolve);
    stream.once("close", resolve);
  });
}

/** A clock over a body: {@link Clock.watch} ends with a problem when {@link Clock.moved} or `stop` is not called in time. */
export type Clock = {
  readonly watch: (body: Readable) => AsyncGenerator<Buffer>;
  readonly moved: () => void;
  readonly stop: () => void;
};

/**
 * The body itself is not destroyed, so that its sender can be answered.
 *
 * A process that stood still (a machine that was suspended, a frozen container) comes to its clocks before it reads what arrived
 * meanwhile. So what is there is read first: who moved is not late, and of whom something came is given the time once more.
 */
export function startClock(ms: number, what: string, code: string): Clock {
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
  /** Ends it after what has come already. */
  readonly fail: (error: Error) => void;
  readonly release: () => void;
};

/**
 * One chunk at a time, as the stream's own iterator gives them, and nothing of it is left on the stream afterwards. Who waits is
 * woken by what happens, and not by a race with a promise that outlives it: that would remember every race, a hundred bytes
 * for each chunk of a body of any length.
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

/** The problem of a body that is over the limit of what is read whole. */
export function bodyTooLarge(limit: number): ProblemError {
  return tooLarge("body-too-large", `The body has more than ${limit} bytes; send many records as application/x-ndjson`);
}

function badGzip(): ProblemError {
  return badRequest("bad-gzip", "The body is not gzip as its content encoding says");
}
