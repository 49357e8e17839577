import type { IncomingHttpHeaders } from "node:http";
import { createGunzip, gunzipSync } from "node:zlib";
import type { Readable } from "node:stream";
import { badRequest, tooLarge, unsupported } from "./problem.ts";

/** A compressed body may grow to at most this many times its size: more is a bomb, not data. */
const GZIP_RATIO_MAX = 20;

/** Whether the body is gzip; any other encoding is refused. */
function isGzip(headers: IncomingHttpHeaders): boolean {
  const encoding = (headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (encoding === "identity") return false;
  if (encoding === "gzip") return true;
  throw unsupported(`The content encoding is not one that is read`, "send the body plain or as gzip");
}

/** The plain bytes of a body that was read whole. */
export function plainBytes(body: Buffer, headers: IncomingHttpHeaders, bytesMax: number): Buffer {
  if (!isGzip(headers)) return body;
  try {
    return gunzipSync(body, { maxOutputLength: Math.max(1, Math.min(bytesMax, body.length * GZIP_RATIO_MAX)) });
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") throw bomb();
    throw badRequest("bad-gzip", "The body is not gzip as its content encoding says");
  }
}

/** The plain chunks of a body of any length; a bomb is noticed while it unfolds. */
export async function* plainChunks(body: Readable, headers: IncomingHttpHeaders): AsyncGenerator<Buffer> {
  if (!isGzip(headers)) {
    for await (const chunk of body) yield chunk as Buffer;
    return;
  }
  let packed = 0;
  let plain = 0;
  body.on("data", (chunk: Buffer) => {
    packed += chunk.length;
  });
  const gunzip = createGunzip();
  body.on("error", (error) => gunzip.destroy(error));
  try {
    for await (const chunk of body.pipe(gunzip)) {
      plain += (chunk as Buffer).length;
      // Small bodies may pack well; the ratio is judged once there is something to judge.
      if (plain > 1_048_576 && plain > packed * GZIP_RATIO_MAX) throw bomb();
      yield chunk as Buffer;
    }
  } catch (error) {
    if (String((error as { code?: unknown }).code).startsWith("Z_")) {
      throw badRequest("bad-gzip", "The body is not gzip as its content encoding says");
    }
    throw error;
  } finally {
    gunzip.destroy();
  }
}

function bomb(): Error {
  return tooLarge("gzip-ratio", `The body unfolds to more than ${GZIP_RATIO_MAX} times its size or over the limit`);
}
