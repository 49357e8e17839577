import { createRequire } from "node:module";
import { writtenBytes, type BsonWriter } from "./bson-writer.ts";

/**
 * A document sequence: encoded BSON documents that a message carries in a section of their own (MongoDB wire protocol, OP_MSG,
 * section kind 1). The section consists of its kind, the length of the rest, the name of the field, and the documents.
 *
 * Trap: this is an internal class of the driver, whose public interface only sends objects that it serializes itself. The driver
 * is therefore pinned to an exact version, and every store law is tested through this class on a real server.
 */
type DocumentSequence = { toBin: () => Uint8Array };

type Commands = { readonly DocumentSequence: new (field: string) => DocumentSequence };

const { DocumentSequence: Sequence } = createRequire(import.meta.url)("mongodb/lib/cmap/commands.js") as Commands;

const DOCUMENTS = 1;
const FIELD = "documents";
const HEAD = 1 + 4 + FIELD.length + 1;

/** Starts a sequence at the beginning of the writer's buffer, leaving room for its header. The documents are written after it. */
export function beginSequence(writer: BsonWriter): void {
  writer.size = HEAD;
}

/** Size of the documents written so far, in bytes. */
export function sequenceBytes({ size }: BsonWriter): number {
  return size - HEAD;
}

/** Completes the sequence, which is the value of a command's `documents` field. The driver copies the bytes when it sends them. */
export function endSequence(writer: BsonWriter): DocumentSequence {
  const { bytes, size } = writer;
  bytes[0] = DOCUMENTS;
  bytes.writeInt32LE(size - 1, 1);
  bytes.write(`${FIELD}\0`, 5, "latin1");
  const section = writtenBytes(writer);
  // The class's own `toBin` would first copy the documents after a header of its own.
  return Object.assign(new Sequence(FIELD), { toBin: () => section });
}
