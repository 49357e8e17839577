import { accessSync, constants, createReadStream, statSync, type ReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { describeIoError } from "../../contract/source-text.ts";
import { toRunAgain } from "../terminal/printed-command.ts";
import { usage, type Refusal } from "../terminal/refusal.ts";

export type Chunks = AsyncIterable<Buffer> & Pick<Readable, "destroy">;

/** Bytes to read, from a file or, as "-", from standard input. */
export type Input = {
  readonly name: string;
  /** Null for what has no size: a pipe, a terminal. */
  readonly sizeBytes: number | null;
  /** May be called again of what has a size, and once only of what has none. */
  readonly chunks: () => Chunks;
  /** Bytes that the last `chunks` have delivered. */
  readonly bytesRead: () => number;
};

/** Larger reads are not faster, and each is held until its lines are decided. */
const CHUNK_BYTES = 262_144;

/** A socket, which standard input may be, cannot be opened by its name. */
const STANDARD_INPUT: ReadonlySet<string> = new Set(["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"]);

/**
 * Opens what the command line names; nothing named is standard input.
 * @throws a refusal, before anything is read, when one of them cannot be read or a terminal would be waited for.
 */
export function openInputs(names: readonly string[]): readonly Input[] {
  const given = names.length === 0 ? ["-"] : names;
  return given.map((name) => (STANDARD_INPUT.has(name) ? standardInput() : fileInput(name)));
}

function standardInput(): Input {
  if (process.stdin.isTTY) {
    throw usage(
      "SIG-I-008",
      `Cannot read records: no file is named and standard input is a terminal`,
      `name a file, or pipe one in: ${toRunAgain()} < FILE`,
    );
  }
  return { name: "-", sizeBytes: null, chunks: () => process.stdin as Chunks, bytesRead: () => 0 };
}

function fileInput(name: string): Input {
  let sizeBytes: number | null = null;
  try {
    // A pipe is not opened to be looked at: that waits for its writer, and closing it would send the writer away.
    const stat = statSync(name);
    if (stat.isDirectory()) throw unreadable(name, "it is a directory");
    if (stat.isSocket()) throw unreadable(name, "it is a socket");
    accessSync(name, constants.R_OK);
    if (stat.isFile()) sizeBytes = stat.size;
  } catch (error) {
    throw error instanceof Error && error.name === "Refusal" ? error : unreadable(name, describeIoError(error));
  }
  let stream: ReadStream | null = null;
  return {
    name,
    sizeBytes,
    chunks: () => (stream = createReadStream(name, { highWaterMark: CHUNK_BYTES })) as Chunks,
    bytesRead: () => stream?.bytesRead ?? 0,
  };
}

/** @param state continues the sentence "Cannot read "x":". */
function unreadable(name: string, state: string): Refusal {
  return usage("SIG-I-001", `Cannot read "${name}": ${state}`, "name a file that can be read, or - for standard input");
}
