import {
  createGunzip,
  createZstdDecompress,
  gunzipSync,
  zstdDecompressSync,
  type Gunzip,
  type ZstdDecompress,
} from "node:zlib";
import type { PackedFormat } from "../../json/content-kind.ts";

/** Compressed data that is damaged; everything before the damage was yielded. */
export class DamagedInput extends Error {
  readonly format: PackedFormat;
  /** Number of compressed bytes read up to about the damage. */
  readonly packedBytes: number;

  /** @param message continues the sentence "its gzip data ...". */
  constructor(format: PackedFormat, packedBytes: number, message: string) {
    super(message);
    this.name = "DamagedInput";
    this.format = format;
    this.packedBytes = packedBytes;
  }
}

type Unpacker = Gunzip | ZstdDecompress;

/**
 * Decompresses a stream in constant memory. Several gzip members or zstd frames in sequence, as parallel compressors
 * and `cat` make them, are all read; the zeros that pad a gzip file are ignored.
 * @throws {@link DamagedInput}
 */
export async function* unpack(chunks: AsyncIterable<Buffer>, format: PackedFormat): AsyncGenerator<Buffer> {
  // An abandoned decompressor may still fail; that error is ignored.
  const create = (): Unpacker =>
    (format === "gzip" ? createGunzip() : createZstdDecompress()).on("error", () => undefined);
  let unpacker = create();
  let packedBytes = 0;
  let padded = false;
  try {
    for await (const chunk of chunks) {
      let rest = chunk;
      while (rest.length > 0 && !padded) {
        const before = unpacker.bytesWritten;
        yield* pass(unpacker, (done) => void unpacker.write(rest, done));
        const taken = unpacker.bytesWritten - before;
        packedBytes += taken;
        rest = rest.subarray(taken);
        padded = format === "gzip" && rest.length > 0 && isZero(rest);
        if (rest.length === 0 || padded) break;
        if (taken === 0 && before === 0) throw new DamagedInput(format, packedBytes, FOLLOWED);
        // A member or frame ended here and other bytes follow: the decompressor stops and drops them silently.
        unpacker.destroy();
        unpacker = create();
      }
      if (padded && !isZero(rest)) throw new DamagedInput(format, packedBytes, FOLLOWED);
    }
    if (padded) return;
    // The "finish" event comes before the decompressor has checked that the data is complete, "end" comes after it.
    yield* pass(unpacker, (done) => void unpacker.once("end", () => done()).end());
  } catch (error) {
    const why = damageOf(error);
    throw why === null ? error : new DamagedInput(format, packedBytes, why);
  } finally {
    unpacker.destroy();
  }
}

/** Decompresses a small file at once. @throws {@link DamagedInput}, also when the result exceeds `bytesMax`. */
export function unpackWhole(bytes: Uint8Array, format: PackedFormat, bytesMax: number): Uint8Array {
  try {
    if (format === "gzip") return gunzipSync(bytes, { maxOutputLength: bytesMax });
    const frames: Uint8Array[] = [];
    for (let rest = bytes; rest.length > 0;) {
      // One frame for each call: the decompressor silently drops the bytes after it.
      const frame = zstdDecompressSync(rest, { maxOutputLength: bytesMax, info: true }) as unknown as WithEngine;
      if (frame.engine.bytesWritten === 0) throw new DamagedInput(format, bytes.length - rest.length, FOLLOWED);
      frames.push(frame.buffer);
      rest = rest.subarray(frame.engine.bytesWritten);
    }
    return Buffer.concat(frames);
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "ERR_BUFFER_TOO_LARGE")
      throw new DamagedInput(format, bytes.length, `holds more than ${bytesMax} bytes`);
    const why = damageOf(error);
    throw why === null ? error : new DamagedInput(format, bytes.length, why);
  }
}

/** The result with `info: true`. */
type WithEngine = { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };

const FOLLOWED = "is followed by something else";

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

/** Yields the decompressor's output until it has processed the last write. */
async function* pass(
  unpacker: Unpacker,
  write: (done: (error?: Error | null) => void) => void,
): AsyncGenerator<Buffer> {
  let outcome: { readonly error: Error | null } | null = null;
  let wake = (): void => undefined;
  const onReadable = (): void => wake();
  const end = (error?: Error | null): void => {
    outcome ??= { error: error ?? null };
    wake();
  };
  unpacker.on("readable", onReadable).on("error", end);
  try {
    write(end);
    for (;;) {
      const out = unpacker.read() as Buffer | null;
      const known = outcome as { readonly error: Error | null } | null;
      if (out !== null) yield out;
      else if (known === null) await new Promise<void>((resolve) => (wake = resolve));
      else if (known.error === null) return;
      else throw known.error;
    }
  } finally {
    unpacker.off("readable", onReadable).off("error", end);
  }
}

/** The damage that an error of the decompressor describes; null when the error has another cause. */
function damageOf(error: unknown): string | null {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  switch (code) {
    case "Z_BUF_ERROR":
      return "ends too early";
    case "Z_DATA_ERROR":
    case "ZSTD_error_checksum_wrong":
    case "ZSTD_error_corruption_detected":
    case "ZSTD_error_prefix_unknown":
      return "is damaged";
    case "ZSTD_error_frameParameter_windowTooLarge":
      return "needs a window of more than 128 MiB (it was packed with --long)";
    case "ZSTD_error_dictionary_wrong":
    case "ZSTD_error_dictionary_corrupted":
      return "needs a dictionary";
    default:
      return /^(?:Z|ZSTD)_/.test(code) ? "is damaged" : null;
  }
}
