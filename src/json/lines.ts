/** Lines that follow one another. A blank line is no record: it is counted and left out. */
export type LineBatch = {
  /** Without their line feed and a carriage return before it. */
  readonly lines: readonly Buffer[];
  /** Number of each of them, from 1. */
  readonly lineNumbers: readonly number[];
  /** Number of the last line read, from 1, blank ones included. */
  readonly lastLine: number;
  /** Bytes of the input up to and with that line. */
  readonly bytesRead: number;
};

export type LineLimits = {
  readonly recordsMax: number;
  /** A batch is full when it has this many bytes; one line may exceed it. */
  readonly bytesMax: number;
  /** Longest line, in bytes: more is not held in memory. */
  readonly lineBytesMax: number;
  /** A batch also ends where a chunk ends, so that what a slow pipe delivers is handed on at once. */
  readonly eager: boolean;
};

/** A line longer than a record can be. Everything before it was handed on. */
export class LineTooLong extends Error {
  readonly line: number;

  constructor(line: number) {
    super(`line ${line} is too long`);
    this.name = "LineTooLong";
    this.line = line;
  }
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Splits bytes into batches of lines without ever decoding them. Lines before `fromLine` are skipped.
 * @throws {@link LineTooLong}
 */
export async function* readLineBatches(
  chunks: AsyncIterable<Buffer>,
  limits: LineLimits,
  fromLine = 1,
): AsyncGenerator<LineBatch> {
  let unfinished: Buffer[] = [];
  let unfinishedBytes = 0;
  let lines: Buffer[] = [];
  let lineNumbers: number[] = [];
  let bytes = 0;
  let lastLine = 0;
  let bytesRead = 0;
  const take = (line: Buffer): void => {
    lastLine += 1;
    const end = line.at(-1) === CARRIAGE_RETURN ? line.length - 1 : line.length;
    if (lastLine < fromLine || isBlank(line)) return;
    lineNumbers.push(lastLine);
    lines.push(end === line.length ? line : line.subarray(0, end));
    bytes += end;
  };
  const isTooLong = (size: number): boolean => {
    return size > limits.lineBytesMax && lastLine + 1 >= fromLine;
  };
  const batch = (): LineBatch => {
    const full = { lines, lineNumbers, lastLine, bytesRead };
    lines = [];
    lineNumbers = [];
    bytes = 0;
    return full;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, start)) {
      const part = chunk.subarray(start, at);
      if (isTooLong(unfinishedBytes + part.length)) {
        if (lines.length > 0) yield batch();
        throw new LineTooLong(lastLine + 1);
      }
      take(unfinished.length === 0 ? part : Buffer.concat([...unfinished, part]));
      bytesRead += unfinishedBytes + part.length + 1;
      unfinished = [];
      unfinishedBytes = 0;
      start = at + 1;
      if (lines.length >= limits.recordsMax || bytes >= limits.bytesMax) yield batch();
    }
    if (limits.eager && lines.length > 0) yield batch();
    if (start === chunk.length) continue;
    // What is skipped need not be held, however long it is.
    if (lastLine + 1 >= fromLine) unfinished.push(chunk.subarray(start));
    unfinishedBytes += chunk.length - start;
    if (isTooLong(unfinishedBytes)) {
      if (lines.length > 0) yield batch();
      throw new LineTooLong(lastLine + 1);
    }
  }
  if (unfinishedBytes > 0) {
    take(Buffer.concat(unfinished));
    bytesRead += unfinishedBytes;
  }
  // Also when it is empty: it says how many lines there were.
  yield batch();
}

/** As over HTTP: spaces and tabs alone are no record. */
function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === CARRIAGE_RETURN);
}
