import { fstatSync, writeSync } from "node:fs";

/** Where whole lines of the log go. */
type Lines = { readonly write: (line: string) => void };

/** Lines that wait for a reader that does not read: beyond these they are dropped, so that memory stays bounded. */
const WAITING_BYTES_MAX = 1_048_576;

/**
 * Standard error. A line that cannot be written is dropped, and the process goes on. Node never writes again to a file that was full
 * once; by its number it is tried for each line, so that the log comes back when there is room.
 */
export function standardError(): Lines {
  const { stderr } = process;
  if (isFile()) return fileLines();
  return {
    write: (line) => {
      if (stderr.writableLength < WAITING_BYTES_MAX) stderr.write(line);
    },
  };
}

const STDERR = 2;

function isFile(): boolean {
  if (process.stderr.isTTY) return false;
  try {
    const found = fstatSync(STDERR);
    return found.isFile() || found.isCharacterDevice();
  } catch {
    return false;
  }
}

function fileLines(): Lines {
  // A full disk may take the beginning of a line: the next one begins on a line of its own.
  let isTorn = false;
  return {
    write: (line) => {
      const text = isTorn ? `\n${line}` : line;
      try {
        isTorn = writeSync(STDERR, text) < Buffer.byteLength(text);
      } catch {
        // The line is lost; what it tells of is in the store or in the status.
      }
    },
  };
}
