import { createBsonWriter, type BsonWriter } from "./bson-writer.ts";
import { beginSequence, sequenceBytes } from "./document-sequence.ts";

/** A command takes no more documents once they exceed this; with one last document it stays below a message's 48,000,000 bytes. */
const COMMAND_BYTES = 14_000_000;
/** The most documents in one command (maxWriteBatchSize of the server). */
const COMMAND_DOCUMENTS = 100_000;
const BUFFER_BYTES = 262_144;
/** How many buffers are kept for the next inserts, and how large a kept buffer may be. */
const BUFFERS_KEPT = 8;
const BUFFER_BYTES_KEPT = 4_194_304;

/** A pool of buffers for one kind of document. The buffers grow to the usual size of its batches and are reused. */
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

/** The documents of one insert command: a document sequence, and the byte at which each document begins. */
export type Command = { readonly writer: BsonWriter; readonly starts: number[] };

/** Encoded documents that wait to be inserted. */
export type StagedDocuments<Row> = {
  readonly add: (row: Row) => void;
  readonly size: () => number;
  /** The bytes of the document at a place (index in the order of adding), as a view. */
  readonly bytesAt: (place: number) => Buffer;
  readonly commands: readonly Command[];
  /**
   * Returns the buffers to the pool. Trap: do not call it after a failed insert. The driver may still be sending the bytes, so
   * those buffers are left to the garbage collector.
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
