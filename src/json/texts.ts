import { LineTooLong, type LineBatch, type LineLimits } from "./lines.ts";
import { createTextScanner, isSpace, type TextScanner } from "./text-scanner.ts";

/** What to do with a text that is not JSON: throw an error, or yield it and the rest of the input as one record. */
export type OnBroken = "throw" | "hand on";

/**
 * A text over several lines that is not JSON: the beginning of the next text is unknown. All texts before it were
 * yielded.
 */
export class BrokenText extends Error {
  /** Line on which the text begins, from 1. */
  readonly begins: number;
  /** Where the text violates the grammar, both from 1; null when the input ends inside the text. */
  readonly place: { readonly line: number; readonly byte: number } | null;

  constructor(begins: number, place: BrokenText["place"], message: string) {
    super(message);
    this.name = "BrokenText";
    this.begins = begins;
    this.place = place;
  }
}

/**
 * Splits bytes into batches of JSON texts (RFC 8259), whatever lines they span and with or without white space between
 * them. Each record is exactly the bytes of its text. Texts that begin before `fromLine` are skipped.
 * @throws {@link BrokenText}, and {@link LineTooLong} with the line on which the too long text begins.
 */
export async function* readTextBatches(
  chunks: AsyncIterable<Buffer>,
  limits: LineLimits,
  fromLine: number,
  onBroken: OnBroken,
): AsyncGenerator<LineBatch> {
  const reader: Reader = { ...START, limits, fromLine, onBroken, parts: [], texts: [], numbers: [] };
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length && reader.failure === null;) {
      at = take(reader, chunk, at);
      if (reader.texts.length >= limits.recordsMax || reader.batchBytes >= limits.bytesMax) yield batchOf(reader);
    }
    if (reader.failure !== null) break;
    if (limits.eager && reader.texts.length > 0) yield batchOf(reader);
  }
  if (reader.failure === null) end(reader);
  yield batchOf(reader);
  if (reader.failure !== null) throw reader.failure;
}

type Reader = {
  readonly limits: LineLimits;
  readonly fromLine: number;
  readonly onBroken: OnBroken;
  /** Scanner of the current text; null between texts. */
  scanner: TextScanner | null;
  /** Whether the rest of the input is yielded as one record, after a broken text. */
  yieldingRest: boolean;
  /** Line on which the current text begins, and its bytes so far. */
  begins: number;
  parts: Buffer[];
  partsBytes: number;
  /** Position in the input: the line (from 1), the offset at which it begins, and the total of bytes. */
  line: number;
  lineStart: number;
  bytes: number;
  /** All texts that begin on lines up to this one were read. */
  lastLine: number;
  /** The current batch. */
  texts: Buffer[];
  numbers: number[];
  batchBytes: number;
  failure: Error | null;
};

const START = {
  scanner: null,
  yieldingRest: false,
  begins: 1,
  partsBytes: 0,
  line: 1,
  lineStart: 0,
  bytes: 0,
  lastLine: 0,
  batchBytes: 0,
  failure: null,
} as const;

/**
 * Reads white space, a text, or a part of a text; returns the index reached. Between texts the first byte that is not
 * white space begins a text, which ends where its scanner says. After a broken text, texts cannot be separated any
 * more.
 */
function take(reader: Reader, chunk: Buffer, from: number): number {
  if (reader.yieldingRest) return keep(reader, chunk, from, chunk.length);
  let at = from;
  if (reader.scanner === null) {
    at = passSpace(reader, chunk, at);
    if (at === chunk.length) return at;
    reader.scanner = createTextScanner();
    reader.begins = reader.line;
  }
  const scan = reader.scanner.scan(chunk, at);
  switch (scan.kind) {
    case "more":
      return keep(reader, chunk, at, chunk.length);
    case "end":
      keep(reader, chunk, at, scan.at);
      finish(reader);
      return passSpace(reader, chunk, scan.at);
    case "fault": {
      if (reader.onBroken === "hand on") {
        reader.yieldingRest = true;
        return keep(reader, chunk, at, chunk.length);
      }
      pass(reader, chunk, at, scan.at);
      // A byte order mark here means that a second file was appended to the first.
      const isMark = scan.at === at && chunk[at] === 0xef && chunk[at + 1] === 0xbb;
      reader.failure = new BrokenText(
        reader.begins,
        { line: reader.line, byte: reader.bytes - reader.lineStart + 1 },
        isMark ? "a byte order mark (EF BB BF)" : scan.message,
      );
      return chunk.length;
    }
  }
}

function end(reader: Reader): void {
  if (reader.scanner !== null) {
    const whole = !reader.yieldingRest && reader.scanner.endsHere();
    if (!whole && reader.onBroken === "throw") {
      reader.failure = new BrokenText(reader.begins, null, "the input ends inside it");
      return;
    }
    if (!whole) reader.parts = [trimEnd(Buffer.concat(reader.parts))];
    finish(reader);
  }
  reader.lastLine = reader.bytes === reader.lineStart ? reader.line - 1 : reader.line;
}

function finish(reader: Reader): void {
  if (reader.begins >= reader.fromLine) {
    const [only] = reader.parts;
    const text = reader.parts.length === 1 && only !== undefined ? only : Buffer.concat(reader.parts);
    reader.texts.push(text);
    reader.numbers.push(reader.begins);
    reader.batchBytes += text.length;
  }
  reader.scanner = null;
  reader.parts = [];
  reader.partsBytes = 0;
  // Another text may begin on the same line.
  reader.lastLine = reader.line - 1;
}

function keep(reader: Reader, chunk: Buffer, from: number, to: number): number {
  pass(reader, chunk, from, to);
  // Skipped texts are not held in memory, however long they are.
  if (reader.begins < reader.fromLine) return to;
  reader.parts.push(chunk.subarray(from, to));
  reader.partsBytes += to - from;
  if (reader.partsBytes > reader.limits.lineBytesMax) reader.failure = new LineTooLong(reader.begins);
  return to;
}

function passSpace(reader: Reader, chunk: Buffer, from: number): number {
  let at = from;
  while (at < chunk.length && isSpace(chunk[at])) at += 1;
  pass(reader, chunk, from, at);
  reader.lastLine = Math.max(reader.lastLine, reader.line - 1);
  return at;
}

function pass(reader: Reader, chunk: Buffer, from: number, to: number): void {
  for (let at = chunk.indexOf(LINE_FEED, from); at !== -1 && at < to; at = chunk.indexOf(LINE_FEED, at + 1)) {
    reader.line += 1;
    reader.lineStart = reader.bytes + (at - from) + 1;
  }
  reader.bytes += to - from;
}

function batchOf(reader: Reader): LineBatch {
  const { texts: lines, numbers: lineNumbers, lastLine, bytes: bytesRead } = reader;
  reader.texts = [];
  reader.numbers = [];
  reader.batchBytes = 0;
  return { lines, lineNumbers, lastLine, bytesRead };
}

const LINE_FEED = 0x0a;

function trimEnd(bytes: Buffer): Buffer {
  let length = bytes.length;
  while (length > 0 && isSpace(bytes[length - 1])) length -= 1;
  return bytes.subarray(0, length);
}
