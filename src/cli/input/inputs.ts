import { accessSync, constants, createReadStream, statSync, type ReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { describeIoError } from "../../contract/source-text.ts";
import { toRunAgain } from "../terminal/printed-command.ts";
import { usage, type Refusal } from "../terminal/refusal.ts";

export type Chunks = AsyncIterable<Buffer> & Pick<Readable, "destroy">;

/** An input: a file, or "-" for standard input. */
export type Input = {
  readonly name: string;
  /** Size in bytes; null for a pipe or a terminal. */
  readonly sizeBytes: number | null;
  /** Opens the input for reading. It may be called repeatedly when there is a size, else only once. */
  readonly chunks: () => Chunks;
  /** Bytes delivered by the latest `chunks`. */
  readonly bytesRead: () => number;
};

/** Size of a read: larger ones are not faster, and each is held in memory until its lines are decided. */
const CHUNK_BYTES = 262_144;

/** Names of standard input. It may be a socket, which cannot be opened by name. */
const STANDARD_INPUT: ReadonlySet<string> = new Set(["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"]);

/**
 * Opens the inputs of the command line; none means standard input.
 * @throws a refusal before anything is read when an input cannot be read, or when it would wait for a terminal.
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
    // A pipe is not opened to check it: that would wait for its writer, and closing it would end the writer.
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
