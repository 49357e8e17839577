import { createBsonWriter, type BsonWriter } from "./bson-writer.ts";
import { beginSequence, sequenceBytes } from "./document-sequence.ts";

/** A command is sent when its documents are larger than this; with the last of them it stays under the 48,000,000 of a message. */
const COMMAND_BYTES = 14_000_000;
/** Of documents, in one command (maxWriteBatchSize). */
const COMMAND_DOCUMENTS = 100_000;
const BUFFER_BYTES = 262_144;
/** Buffers that wait for the next insert; a larger one is let go. */
const BUFFERS_KEPT = 8;
const BUFFER_BYTES_KEPT = 4_194_304;

/** Buffers of one kind of document, which grow to its size and are used again. */
export type Buffers = { readonly take: () => BsonWriter; readonly give: (writer: BsonWriter) => void };

export function createBuffers(): Buffers {
  const kept: BsonWriter[] = [];
  return {
    take: () => kept.pop() ?? createBsonWriter(BUFFER_BYTES),
    give: (writer) => {
      if (kept.length < BUFFERS_KEPT && writer.bytes.length <= BUFFER_BYTES_KEPT) kept.push(writer);
    },
  };
}

/** What one command inserts: a document sequence, and where in it each document begins. */
export type Command = { readonly writer: BsonWriter; readonly starts: number[] };

/** Rows as documents that wait to be inserted. */
export type StagedDocuments<Row> = {
  readonly add: (row: Row) => void;
  readonly size: () => number;
  /** The document of a row, by its place. A view. */
  readonly bytesAt: (place: number) => Buffer;
  readonly commands: readonly Command[];
  /**
   * The buffers may be used again. Not those of an insert that failed: nobody knows whether their bytes are still being
   * sent, and the garbage collector has them.
   */
  readonly release: () => void;
};

export function stageDocuments<Row>(
  buffers: Buffers,
  write: (writer: BsonWriter, row: Row) => void,
): StagedDocuments<Row> {
  const commands: Command[] = [];
  let size = 0;
  let last: Command | undefined;
  const begin = (): Command => {
    const command: Command = { writer: buffers.take(), starts: [] };
    beginSequence(command.writer);
    commands.push(command);
    return command;
  };
  return {
    add: (row) => {
      if (last === undefined || last.starts.length >= COMMAND_DOCUMENTS || sequenceBytes(last.writer) >= COMMAND_BYTES)
        last = begin();
      last.starts.push(last.writer.size);
      write(last.writer, row);
      size += 1;
    },
    size: () => size,
    bytesAt: (place) => {
      let index = place;
      for (const { writer, starts } of commands) {
        const start = starts[index];
        if (start !== undefined) return writer.bytes.subarray(start, starts[index + 1] ?? writer.size);
        index -= starts.length;
      }
      throw new Error(`Cannot read staged document ${place} of ${size}`);
    },
    commands,
    release: () => {
      for (const { writer } of commands) buffers.give(writer);
    },
  };
}
