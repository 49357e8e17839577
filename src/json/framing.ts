import { readLineBatches, type LineBatch, type LineLimits } from "./lines.ts";
import { mayBeHeader, tableSeparator } from "./table.ts";
import { createTextScanner, isSpace } from "./text-scanner.ts";
import { readTextBatches, type OnBroken } from "./texts.ts";

/**
 * How a file separates its records: each line is a record (NDJSON), or each JSON text is one, whatever lines it spans.
 * When neither works, there is a reason and a remedy; FILE stands for the file's name.
 */
type Framing =
  | { readonly kind: "lines" }
  | { readonly kind: "texts" }
  | { readonly kind: "refused"; readonly what: string; readonly remedy: string };

/** A file whose records cannot be separated. No record of it was yielded. */
export class Unframed extends Error {
  readonly remedy: string;

  /** @param what continues the sentence "Cannot read "x":". */
  constructor(what: string, remedy: string) {
    super(what);
    this.name = "Unframed";
    this.remedy = remedy;
  }
}

export type FramingOptions = {
  /** Number of the first line that is read. */
  readonly fromLine?: number;
  /** Treats every line as a record, without looking at the first text. */
  readonly ndjson?: boolean;
  readonly onBroken?: OnBroken;
  /** Called once, before the first record is yielded. */
  readonly onFramed?: (records: "lines" | "texts") => void;
};

/** An array is recognised after this many bytes, without waiting for its end. */
const ARRAY_BYTES_MAX = 1_048_576;

/**
 * Splits bytes of text into batches of records. The first JSON text decides how, whatever the file's name: if it ends
 * on the line on which it begins, every line is a record, without its line feed. If it spans several lines, every JSON
 * text is a record, without the white space around it.
 * @throws {@link Unframed} before the first record is yielded, `LineTooLong`, and `BrokenText` for texts over several
 * lines.
 */
export async function* readRecordBatches(
  chunks: AsyncIterable<Buffer>,
  limits: LineLimits,
  { fromLine = 1, ndjson = false, onBroken = "throw", onFramed }: FramingOptions = {},
): AsyncGenerator<LineBatch> {
  if (ndjson) {
    onFramed?.("lines");
    yield* readLineBatches(chunks, limits, fromLine);
    return;
  }
  const iterator = chunks[Symbol.asyncIterator]();
  const held: Buffer[] = [];
  const framing = await probe(iterator, held, limits.lineBytesMax);
  if (framing.kind === "refused") throw new Unframed(framing.what, framing.remedy);
  onFramed?.(framing.kind);
  const all = resume(held, iterator);
  yield* framing.kind === "lines"
    ? readLineBatches(all, limits, fromLine)
    : readTextBatches(all, limits, fromLine, onBroken);
}

async function* resume(held: Buffer[], iterator: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  for (let chunk = held.shift(); chunk !== undefined; chunk = held.shift()) yield chunk;
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
}

/** Reads up to the end of the first text; `held` then holds the chunks. */
async function probe(iterator: AsyncIterator<Buffer>, held: Buffer[], bytesMax: number): Promise<Framing> {
  const scanner = createTextScanner();
  let begins: number | null = null;
  let feeds = 0;
  let bytes = 0;
  const more = async (): Promise<Buffer | null> => {
    const next = await iterator.next();
    if (next.done === true) return null;
    held.push(next.value);
    return next.value;
  };
  for (let chunk = await more(); chunk !== null; chunk = await more()) {
    let at = 0;
    if (begins === null) {
      while (at < chunk.length && isSpace(chunk[at])) at += 1;
      if (at < chunk.length) begins = bytes + at;
    }
    if (begins !== null) {
      const scan = scanner.scan(chunk, at);
      const stop = scan.kind === "more" ? chunk.length : scan.at;
      feeds += countFeeds(chunk, at, stop);
      if (scan.kind !== "more" && feeds === 0) return onOneLine(held, begins, more);
      if (scan.kind === "end") return overLines(held, begins);
      if (scan.kind === "fault") return brokenOverLines(held, begins);
    }
    bytes += chunk.length;
    if (begins === null) continue;
    const longest = isArray(held, begins) && feeds > 0 ? ARRAY_BYTES_MAX : bytesMax;
    if (bytes - begins > longest) return feeds === 0 ? { kind: "lines" } : tooLong(held, begins);
  }
  if (begins === null || scanner.endsHere()) return { kind: "lines" };
  return endsInside(held, begins);
}

function overLines(held: readonly Buffer[], begins: number): Framing {
  return isArray(held, begins) ? oneArray() : { kind: "texts" };
}

function oneArray(): Framing {
  const remedy =
    "write each record on a line of its own: jq -c '.[]' FILE; if the array itself is the record, write it on one line: jq -c . FILE";
  return { kind: "refused", what: "it is one JSON array over several lines, which is not taken apart", remedy };
}

function tooLong(held: readonly Buffer[], begins: number): Framing {
  if (isArray(held, begins)) return oneArray();
  // The reader of texts raises the error, which names the line.
  return { kind: "texts" };
}

/**
 * The framing when the first text ends, or stops being JSON, within its line: every line is a record, unless the line
 * is the header of a table.
 */
async function onOneLine(
  held: readonly Buffer[],
  begins: number,
  more: () => Promise<Buffer | null>,
): Promise<Framing> {
  if (/[[{]/.test(String.fromCharCode(firstByte(held, begins)))) return { kind: "lines" };
  let lines = linesFrom(held, begins);
  while (mayBeHeader(lines[0] ?? "") && lines.length < 3 && (await more()) !== null) lines = linesFrom(held, begins);
  const separator = tableSeparator(lines);
  if (separator === null) return { kind: "lines" };
  const name = separator === "\t" ? "a table with tabs (TSV)" : "a CSV table";
  return {
    kind: "refused",
    what: `it is ${name}: its cells are texts, and a contract tells numbers from texts, so nothing is guessed`,
    remedy: "write lines of JSON, and say which columns are numbers: mlr --icsv --ojsonl cat FILE",
  };
}

/**
 * The framing when the first text spans several lines and is not JSON: either broken JSON over several lines, or lines
 * of which the first is broken.
 */
function brokenOverLines(held: readonly Buffer[], begins: number): Framing {
  const lines = linesFrom(held, begins);
  if (/^[[{]\s*$/.test(lines[0] ?? "")) return { kind: "texts" };
  return lines.slice(1).some(isRecord) ? { kind: "lines" } : { kind: "texts" };
}

function endsInside(held: readonly Buffer[], begins: number): Framing {
  const lines = linesFrom(held, begins).filter((line) => line.trim() !== "");
  return lines.length <= 1 ? { kind: "lines" } : brokenOverLines(held, begins);
}

/** Whether a line is a complete object or array without indentation, as records are. */
function isRecord(line: string): boolean {
  if (line[0] !== "{" && line[0] !== "[") return false;
  const bytes = Buffer.from(line, "latin1");
  const scan = createTextScanner().scan(bytes, 0);
  return scan.kind === "end" && bytes.subarray(scan.at).every(isSpace);
}

/** The lines from the first text on, decoded as Latin-1. */
function linesFrom(held: readonly Buffer[], begins: number): readonly string[] {
  const all = held.length === 1 ? (held[0] ?? Buffer.alloc(0)) : Buffer.concat(held);
  return all.subarray(begins).toString("latin1").split("\n");
}

function countFeeds(bytes: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = bytes.indexOf(0x0a, from); at !== -1 && at < to; at = bytes.indexOf(0x0a, at + 1)) count += 1;
  return count;
}

function isArray(held: readonly Buffer[], begins: number): boolean {
  return firstByte(held, begins) === 0x5b;
}

function firstByte(held: readonly Buffer[], begins: number): number {
  let before = 0;
  for (const chunk of held) {
    if (begins < before + chunk.length) return chunk[begins - before] ?? 0;
    before += chunk.length;
  }
  return 0;
}
