import { LIMITS } from "./deps.ts";
import { tooLarge } from "./problem.ts";

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Lines that arrived together. `last` is the number, from 1, of the last line seen so far. */
export type LineBatch = { readonly lines: readonly Buffer[]; readonly last: number };

/**
 * Cuts a stream of bytes into its non-blank lines, in batches of bounded count and bytes. A line may end in CR LF. Works on
 * bytes, so that what is not UTF-8 reaches the decision as it came.
 * @throws a 413 problem naming the line when one is over {@link LIMITS.lineBytes}.
 */
export async function* batchLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<LineBatch> {
  let lines: Buffer[] = [];
  let bytes = 0;
  let number = 0;
  let rest: Buffer[] = [];
  let restBytes = 0;
  const take = (line: Buffer): void => {
    number += 1;
    const trimmed = line.at(-1) === RETURN ? line.subarray(0, -1) : line;
    if (isBlank(trimmed)) return;
    lines.push(trimmed);
    bytes += trimmed.length;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const piece = chunk.subarray(start, end);
      take(rest.length === 0 ? piece : Buffer.concat([...rest, piece]));
      rest = [];
      restBytes = 0;
      start = end + 1;
      if (lines.length >= LIMITS.chunkRecords || bytes >= LIMITS.chunkBytes) {
        yield { lines, last: number };
        lines = [];
        bytes = 0;
      }
    }
    if (start < chunk.length) {
      rest.push(chunk.subarray(start));
      restBytes += chunk.length - start;
    }
    if (restBytes > LIMITS.lineBytes) {
      if (lines.length > 0) yield { lines, last: number };
      throw tooLarge("line-too-long", `Line ${number + 1} has more than ${LIMITS.lineBytes} bytes`, {
        line: number + 1,
      });
    }
  }
  if (restBytes > 0) take(Buffer.concat(rest));
  if (lines.length > 0) yield { lines, last: number };
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === RETURN);
}
