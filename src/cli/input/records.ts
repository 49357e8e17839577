import {
  EXPORT,
  HEAD_BYTES,
  needsMoreHead,
  recogniseContent,
  recogniseLanguage,
  type PackedFormat,
} from "../../json/content-kind.ts";
import { readRecordBatches, Unframed, type FramingOptions } from "../../json/framing.ts";
import { LineTooLong, type LineBatch, type LineLimits } from "../../json/lines.ts";
import { BrokenText } from "../../json/texts.ts";
import { EXIT } from "../../config/codes.ts";
import type { Chunks, Input } from "./inputs.ts";
import { LINE_BYTES_MAX, tooLong } from "./line-limit.ts";
import { isRunning, toRunAgain } from "../terminal/printed-command.ts";
import { Refusal, usage } from "../terminal/refusal.ts";
import { fileWord } from "../terminal/shell-word.ts";
import { DamagedInput, unpack } from "./unpack.ts";

export type RecordOptions = FramingOptions & {
  readonly limits?: LineLimits;
  /** Ends the reading with {@link Interrupted}, even while a pipe delivers nothing. */
  readonly signal?: AbortSignal;
  /** Called once when the format is known: the compression, and whether records are lines or JSON texts. */
  readonly onRecognised?: (packed: PackedFormat | null, records: "lines" | "texts") => void;
};

/** The signal aborted. All complete records before it were yielded. */
export class Interrupted extends Error {}

const LIMITS: LineLimits = { recordsMax: 1_000, bytesMax: 1_048_576, lineBytesMax: LINE_BYTES_MAX, eager: true };

/**
 * Reads the records of one input in any supported format: plain, gzip or zstd, with or without a byte order mark, as
 * lines or as JSON texts over several lines. All commands read inputs by this function, so that a file means the same
 * to each. Line numbers are those of the decompressed text.
 * @throws errors that {@link refusalOf} translates.
 */
export async function* readRecords(input: Input, options: RecordOptions = {}): AsyncGenerator<LineBatch> {
  const { limits = LIMITS, signal, onRecognised, ...framing } = options;
  const raw = input.chunks();
  const reading = signal === undefined ? raw : untilAborted(raw, signal);
  try {
    let packed: PackedFormat | null = null;
    const text = plainText(reading, (format) => (packed = format));
    yield* readRecordBatches(text, limits, {
      ...framing,
      onFramed: (records) => onRecognised?.(packed, records),
    });
  } finally {
    // Waiting for a pending read would keep the process alive while the pipe is open.
    raw.destroy();
  }
}

/**
 * Reads inputs through before anything is stored, to find faults that would otherwise show midway: damaged compressed
 * data, and texts over several lines that are not JSON. An input that can be read only once, such as a pipe, is not
 * checked.
 * @throws a refusal.
 */
export async function proveInputs(inputs: readonly Input[], options: RecordOptions): Promise<void> {
  for (const [index, input] of inputs.entries()) {
    if (input.sizeBytes === null) continue;
    let worth = true;
    const { fromLine = 1, ...others } = options;
    const onRecognised: RecordOptions["onRecognised"] = (packed, records) =>
      (worth = packed !== null || records === "texts");
    try {
      for await (const _ of readRecords(input, { ...others, fromLine: index === 0 ? fromLine : 1, onRecognised })) {
        if (!worth) break;
      }
    } catch (error) {
      // A record that is too long does not prevent the ingestion of those before it.
      if (error instanceof Interrupted || error instanceof LineTooLong) continue;
      throw refusalOf(error, input.name, "nothing of it was ingested") ?? error;
    }
  }
}

/**
 * Translates an error of reading into a refusal.
 * @param so says what was done before it, and how to continue.
 * @returns null when the error is not about the input.
 */
export function refusalOf(error: unknown, name: string, so: string): Refusal | null {
  if (error instanceof Unframed)
    return usage("SIG-I-019", `Cannot read "${name}": ${error.message}`, remedyFor(error.remedy, name));
  if (error instanceof DamagedInput) {
    const where = `near byte ${error.packedBytes} of it`;
    const message = `Cannot read "${name}": its ${error.format} data ${error.message}, ${where}`;
    return new Refusal("SIG-I-020", message, `get the file anew; ${so}`, EXIT.error);
  }
  if (error instanceof BrokenText) {
    const { begins, place, message } = error;
    const where = place === null ? "" : ` at line ${place.line}, byte ${place.byte}`;
    return usage(
      "SIG-I-021",
      `Cannot read "${name}": the JSON text that begins on line ${begins} is not JSON${where}: ${message}`,
      `correct it, or name --ndjson when every line is a record; ${so}`,
    );
  }
  return error instanceof LineTooLong ? tooLong(name, error.line, so) : null;
}

/**
 * Completes a remedy with the file's name, and with the whole command when another program's output must be piped in.
 */
function remedyFor(remedy: string, name: string): string {
  const text = remedy.replaceAll("FILE", () => fileWord(name));
  return isRunning("ingest") ? text.replace("sigma ingest -", () => toRunAgain([], ["-"])) : text;
}

/** The decompressed text without its byte order mark. */
async function* plainText(
  chunks: AsyncIterable<Buffer>,
  onPacked: (format: PackedFormat) => void,
): AsyncGenerator<Buffer> {
  const outer = await recognise(chunks);
  if (outer.kind.kind === "text") {
    yield* skipping(outer.chunks, outer.kind.skip);
    return;
  }
  const { format } = outer.kind;
  onPacked(format);
  const inner = await recognise(unpack(outer.chunks, format));
  if (inner.kind.kind === "packed")
    throw new Unframed(`it is ${inner.kind.format} data inside ${format} data`, "unpack it once before");
  yield* skipping(inner.chunks, inner.kind.skip);
}

type Recognised = {
  readonly kind: Exclude<ReturnType<typeof recogniseContent>, { kind: "foreign" }>;
  readonly chunks: AsyncIterable<Buffer>;
};

async function recognise(chunks: AsyncIterable<Buffer>): Promise<Recognised> {
  const iterator = chunks[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (needsMoreHead(head)) {
    const next = await iterator.next();
    if (next.done === true) break;
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  const kind = recogniseContent(head.subarray(0, HEAD_BYTES));
  if (kind.kind === "foreign") throw new Unframed(`it is ${kind.what}`, kind.remedy);
  const language = kind.kind === "text" ? recogniseLanguage(head.subarray(kind.skip)) : null;
  if (language !== null) throw new Unframed(`it is ${language}`, EXPORT);
  return { kind, chunks: goOn(head, iterator) };
}

async function* goOn(head: Buffer, iterator: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
}

async function* skipping(chunks: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes;
  for await (const chunk of chunks) {
    yield left === 0 ? chunk : chunk.subarray(left);
    left = 0;
  }
}

async function* untilAborted(chunks: Chunks, signal: AbortSignal): AsyncGenerator<Buffer> {
  const iterator = chunks[Symbol.asyncIterator]();
  // One listener ends the current wait: racing each read against one promise would keep every chunk in memory.
  let giveUp = (): void => undefined;
  const onAbort = (): void => giveUp();
  signal.addEventListener("abort", onAbort);
  try {
    while (!signal.aborted) {
      const next = await new Promise<IteratorResult<Buffer> | null>((resolve, reject) => {
        giveUp = () => resolve(null);
        iterator.next().then(resolve, reject);
      });
      if (next === null) break;
      if (next.done === true) return;
      yield next.value;
    }
    throw new Interrupted("interrupted");
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
