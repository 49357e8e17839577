import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { recogniseContent } from "../json/content-kind.ts";
import type { Place } from "./fault.ts";

/** The text of a file, and the place (line and column) of an offset in it. */
export type SourceText = { readonly file: string; readonly text: string; readonly place: (offset: number) => Place };

/** A limit against mistakes: no contract file comes near this size (a schema may have 256 kB, a record 1 MiB). */
const FILE_BYTES_MAX = 4_194_304;

export type ReadBytes =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly problem: string };

/** Reads a whole file; `problem` continues the sentence "Cannot read "x":". */
export function readBytes(file: string): ReadBytes {
  try {
    const stat = statSync(file);
    if (stat.isDirectory()) return { ok: false, problem: "it is a directory" };
    if (stat.size > FILE_BYTES_MAX)
      return { ok: false, problem: `it has ${stat.size} bytes; at most ${FILE_BYTES_MAX}` };
    const bytes = stat.isFile() ? readFileSync(file) : readAtMost(file, FILE_BYTES_MAX + 1);
    if (bytes.length > FILE_BYTES_MAX)
      return { ok: false, problem: `it has more than ${FILE_BYTES_MAX} bytes, the most that one may have` };
    return { ok: true, bytes };
  } catch (error) {
    return { ok: false, problem: describeIoError(error) };
  }
}

/** A pipe and a device say no size, and a device may never end. */
function readAtMost(file: string, most: number): Uint8Array {
  const handle = openSync(file, "r");
  try {
    const buffer = Buffer.alloc(most);
    let length = 0;
    for (let read = -1; read !== 0 && length < most; length += read)
      read = readSync(handle, buffer, length, most - length, null);
    return buffer.subarray(0, length);
  } finally {
    closeSync(handle);
  }
}

export type DecodedText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: string; readonly remedy: string };

/**
 * Decodes UTF-8; `problem` continues the sentence "The file ...". A leading byte order mark is kept, so that the parser can
 * refuse it.
 */
export function decodeText(bytes: Uint8Array): DecodedText {
  const kind = recogniseContent(bytes);
  if (kind.kind === "packed")
    return { ok: false, problem: `is ${kind.format} data`, remedy: "Unpack it, and keep it as text" };
  // UTF-16 text of ASCII letters is valid UTF-8 too, with a NUL between the letters, so it must be recognised before decoding.
  if (kind.kind === "foreign") return { ok: false, problem: `is ${kind.what}`, remedy: "Save it as text in UTF-8" };
  try {
    return { ok: true, text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { ok: false, problem: "is not UTF-8", remedy: "Save it as UTF-8" };
  }
}

/** The bytes of a payload's file, without a byte order mark. `problem` as of {@link decodeText}. */
export function payloadBytes(bytes: Uint8Array): ReadBytes {
  const kind = recogniseContent(bytes);
  if (kind.kind === "text") return { ok: true, bytes: bytes.subarray(kind.skip) };
  return { ok: false, problem: `it is ${kind.kind === "packed" ? `${kind.format} data` : kind.what}` };
}

export function createSourceText(file: string, text: string): SourceText {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return { file, text, place: (offset) => placeOf(file, starts, Math.max(0, Math.min(offset, text.length))) };
}

/**
 * Describes a system error in words.
 * @throws the error itself when it is not a system error: that is a bug.
 */
export function describeIoError(error: unknown): string {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") throw error;
  switch (error.code) {
    case "ENOENT":
      return "it does not exist";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "EEXIST":
      return "it is there already";
    case "ENOTDIR":
      return "a part of its path is not a directory";
    case "EISDIR":
      return "it is a directory";
    case "ENOSPC":
    case "EDQUOT":
      return "the disk is full";
    case "EROFS":
      return "the file system is read-only";
    default:
      return `the system answered ${error.code}`;
  }
}

function placeOf(file: string, starts: readonly number[], offset: number): Place {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { file, line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
}
