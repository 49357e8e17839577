import { createReadStream, openSync, closeSync, fstatSync } from "node:fs";
import type { Readable } from "node:stream";
import { describeIoError } from "../contract/source-text.ts";
import { usage, type Refusal } from "./refusal.ts";

export type Chunks = AsyncIterable<Buffer> & Pick<Readable, "destroy">;

/** Bytes to read, from a file or, as "-", from standard input. */
export type Input = {
  readonly name: string;
  /** Null for what has no size: a pipe, a terminal. */
  readonly sizeBytes: number | null;
  readonly chunks: () => Chunks;
};

/** Larger reads are not faster, and each is held until its lines are decided. */
const CHUNK_BYTES = 262_144;

/**
 * Opens what the command line names; nothing named is standard input.
 * @throws a refusal, before anything is read, when one of them cannot be read or a terminal would be waited for.
 */
export function openInputs(names: readonly string[], command: string): readonly Input[] {
  const given = names.length === 0 ? ["-"] : names;
  return given.map((name) => (name === "-" ? standardInput(command) : fileInput(name)));
}

function standardInput(command: string): Input {
  if (process.stdin.isTTY) {
    throw usage(
      "SIG-I-008",
      `Cannot read records: no file is named and standard input is a terminal`,
      `name a file, or pipe one in: sigma ${command} - < FILE (see sigma ${command} --help)`,
    );
  }
  return { name: "-", sizeBytes: null, chunks: () => process.stdin as Chunks };
}

function fileInput(name: string): Input {
  let sizeBytes: number | null = null;
  try {
    const descriptor = openSync(name, "r");
    try {
      const stat = fstatSync(descriptor);
      if (stat.isDirectory()) throw unreadable(name, "it is a directory");
      if (stat.isFile()) sizeBytes = stat.size;
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw error instanceof Error && error.name === "Refusal" ? error : unreadable(name, describeIoError(error));
  }
  return {
    name,
    sizeBytes,
    chunks: () => createReadStream(name, { highWaterMark: CHUNK_BYTES }) as Chunks,
  };
}

/** @param state continues the sentence "Cannot read "x":". */
function unreadable(name: string, state: string): Refusal {
  return usage("SIG-I-001", `Cannot read "${name}": ${state}`, "name a file that can be read, or - for standard input");
}
