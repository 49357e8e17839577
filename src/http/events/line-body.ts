import type { Clock } from "../body/clock.ts";
import type { Lease } from "../body/held.ts";
import { tooLarge } from "../problems/problem.ts";

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;

/** `besides`: bytes that are held for the body in any case. */
type Bounds = { readonly lineBytesMax: number; readonly blankBytesMax: number; readonly besides?: number };

/**
 * Splits a body into chunks of whole lines (`lines`). The unfinished line is held in one buffer, however small its pieces are, and its
 * bytes are counted. The bytes of a chunk are counted until its reader calls `taken`. Each whole line moves the clock on.
 *
 * An unfinished line longer than `lineBytesMax` is handed on too, for the reader to refuse. More than `blankBytesMax` blank bytes with no
 * record among them are refused here: in a packed body they cost their sender nothing.
 */
export function wholeLines(
  chunks: AsyncIterable<Buffer>,
  { lineBytesMax, blankBytesMax, besides = 0 }: Bounds,
  held: Lease,
  clock: Clock,
): { readonly lines: AsyncGenerator<Buffer>; readonly taken: () => void } {
  let handedOn = 0;
  let unfinished = 0;
  const hold = (bytes: number): void => {
    unfinished = bytes;
    held.set(besides + handedOn + unfinished);
  };
  const handOn = (bytes: Buffer): Buffer => {
    handedOn += bytes.length;
    return bytes;
  };
  const taken = (): void => {
    handedOn = 0;
    held.set(besides + unfinished);
  };
  return { lines: split(chunks, { lineBytesMax, blankBytesMax }, hold, handOn, clock), taken };
}

async function* split(
  chunks: AsyncIterable<Buffer>,
  { lineBytesMax, blankBytesMax }: Bounds,
  hold: (unfinished: number) => void,
  handOn: (bytes: Buffer) => Buffer,
  clock: Clock,
): AsyncGenerator<Buffer> {
  let unfinished = Buffer.alloc(0);
  let length = 0;
  let blank = 0;
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(LINE_FEED) + 1;
    blank = blankAfter(blank, chunk);
    if (blank > blankBytesMax) {
      throw tooLarge("no-record", `More than ${blankBytesMax} bytes of blank lines and no record among them`);
    }
    if (end > 0) {
      clock.moved();
      hold(length + chunk.length);
      if (length > 0) yield handOn(unfinished.subarray(0, length));
      yield handOn(chunk.subarray(0, end));
      unfinished = Buffer.alloc(0);
      length = 0;
      hold(0);
    }
    const rest = chunk.subarray(end);
    if (length + rest.length > unfinished.length) {
      const grown = Buffer.allocUnsafe(Math.max(1_024, 2 * (length + rest.length)));
      hold(grown.length);
      unfinished.copy(grown, 0, 0, length);
      unfinished = grown;
    }
    rest.copy(unfinished, length);
    length += rest.length;
    if (length > lineBytesMax) {
      yield handOn(unfinished.subarray(0, length));
      unfinished = Buffer.alloc(0);
      length = 0;
    }
  }
  if (length > 0) yield unfinished.subarray(0, length);
}

/** How many blank bytes follow the last byte of a record. */
function blankAfter(before: number, chunk: Buffer): number {
  let at = chunk.length - 1;
  while (at >= 0 && isBlank(chunk[at])) at -= 1;
  return at < 0 ? before + chunk.length : chunk.length - 1 - at;
}

function isBlank(byte: number | undefined): boolean {
  return byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === SPACE || byte === TAB;
}
