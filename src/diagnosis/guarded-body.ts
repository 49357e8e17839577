import { ANSWER_BYTES_MAX } from "./diagnoser.ts";

/** What ends a body. Each gives the error that its reader gets. */
export type BodyGuards = {
  /** After {@link ANSWER_BYTES_MAX}. */
  readonly onTooLong: () => Error;
  /** A line is no JSON object. */
  readonly onGarbage: () => Error;
  /** A line says that the server gave up. */
  readonly onError: () => Error;
  /** Limit between two chunks, in milliseconds. */
  readonly idleMs: number;
  readonly onIdle: () => void;
};

/**
 * A body of lines of JSON, of which a reader gets whole lines that hold an object, and never more than so many bytes altogether. It
 * reads no chunk before the one before was taken.
 */
export function guardedBody(body: ReadableStream<Uint8Array>, guards: BodyGuards): ReadableStream<Uint8Array> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let size = 0;
  let rest = "";
  let idle: NodeJS.Timeout | undefined;
  const wait = (): void => {
    clearTimeout(idle);
    // The connection keeps the process alive for as long as there is one; the clock alone must not.
    idle = setTimeout(guards.onIdle, guards.idleMs).unref();
  };
  const pass = (lines: readonly string[], controller: TransformStreamDefaultController<Uint8Array>): void => {
    for (const line of lines) {
      if (line.trim() === "") continue;
      const fault = faultOf(line);
      if (fault !== null) throw fault === "garbage" ? guards.onGarbage() : guards.onError();
      controller.enqueue(encoder.encode(`${line}\n`));
    }
  };
  const transform = new TransformStream<Uint8Array, Uint8Array>({
    start: wait,
    transform: (chunk, controller) => {
      wait();
      size += chunk.byteLength;
      try {
        if (size > ANSWER_BYTES_MAX) throw guards.onTooLong();
        const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
        rest = lines.pop() ?? "";
        pass(lines, controller);
      } catch (error) {
        clearTimeout(idle);
        throw error;
      }
    },
    flush: (controller) => {
      clearTimeout(idle);
      pass([rest + decoder.decode()], controller);
    },
    cancel: () => clearTimeout(idle),
  });
  return body.pipeThrough(transform);
}

function faultOf(line: string): "garbage" | "error" | null {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return "garbage";
    return "error" in value ? "error" : null;
  } catch {
    return "garbage";
  }
}
