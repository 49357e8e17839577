/** Consecutive lines. A blank line is counted but is not a record. */
export type LineBatch = {
  /** The lines without their line feed and a carriage return before it. */
  readonly lines: readonly Buffer[];
  /** The number of each line, from 1. */
  readonly lineNumbers: readonly number[];
  /** Number of the last line read, from 1, blank ones included. */
  readonly lastLine: number;
  /** Bytes of the input up to the end of that line. */
  readonly bytesRead: number;
};

export type LineLimits = {
  readonly recordsMax: number;
  /** A batch is full when it has this many bytes; one line may exceed it. */
  readonly bytesMax: number;
  /** Longest line in bytes: no more than this is held in memory. */
  readonly lineBytesMax: number;
  /** Whether a batch also ends at the end of each chunk, so that records from a slow pipe are yielded at once. */
  readonly eager: boolean;
};

/** A line that is longer than a record may be. All lines before it were yielded. */
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
 * Splits bytes into batches of lines without decoding them. Lines before `fromLine` are skipped.
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
    // Skipped lines are not held in memory, however long they are.
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
  // The last batch is yielded even when it is empty: it tells the number of lines.
  yield batch();
}

/** A line of spaces and tabs is blank, as over HTTP. */
function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === CARRIAGE_RETURN);
}
