import type { IncomingHttpHeaders } from "node:http";
import { createGunzip, gunzip } from "node:zlib";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { startClock } from "./clock.ts";
import type { Lease } from "./held.ts";
import { badRequest, tooLarge, unsupported, type ProblemError } from "../problems/problem.ts";

const unzip = promisify(gunzip);

/** Bytes that unpacking holds besides the data: a window of 32 KiB, its state, and chunks of 16 KiB on either side. */
export const UNPACKING_BYTES = 131_072;

/** Whether the body is gzip. `x-gzip` means the same (RFC 9110, 8.4.1.3). @throws ProblemError 415 for another encoding. */
export function isGzip(headers: IncomingHttpHeaders): boolean {
  const encoding = (headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (encoding === "identity") return false;
  if (encoding === "gzip" || encoding === "x-gzip") return true;
  throw unsupported("The content encoding is not one that is read", "send the body plain or as gzip");
}

/**
 * Reads a whole body, and unpacks it.
 * @param limits `bytesMax`: of the body, packed and unpacked; `withinMs`: until it is there.
 * @param lease counts the bytes that are held.
 * @throws ProblemError 400, 408, 413, 415 or 503; the rest of the body is not read then.
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
  // Chunks that are not joined yet: a buffer costs about a hundred bytes besides its data.
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
 * The chunks of a body of any length, unpacked.
 * @param bytesMax of a packed body, unpacked. A body that is not packed has no limit here: its sender must send each byte.
 * @throws ProblemError 400, 413, 415
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
  // An error of it ends the stream, which is read below.
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

/** The problem of a body that is over the limit of what is read whole. */
export function bodyTooLarge(limit: number): ProblemError {
  return tooLarge("body-too-large", `The body has more than ${limit} bytes; send many records as application/x-ndjson`);
}

function badGzip(): ProblemError {
  return badRequest("bad-gzip", "The body is not gzip as its content encoding says");
}
