import { createRequire } from "node:module";
import { writtenBytes, type BsonWriter } from "./bson-writer.ts";

/**
 * A document sequence: BSON documents, one behind the other, sent as they are in a section of their own (MongoDB wire protocol,
 * OP_MSG, section kind 1): the kind, the length of all that follows it, the field they are the value of, and they themselves.
 *
 * It is the driver's own, and not of its public interface, which can send nothing but objects that it serializes itself. The
 * driver is pinned to the digit, and every law of the store is tested through it on a real server.
 */
type DocumentSequence = { toBin: () => Uint8Array };

type Commands = { readonly DocumentSequence: new (field: string) => DocumentSequence };

const { DocumentSequence: Sequence } = createRequire(import.meta.url)("mongodb/lib/cmap/commands.js") as Commands;

const DOCUMENTS = 1;
const FIELD = "documents";
const HEAD = 1 + 4 + FIELD.length + 1;

/** Begins anew in the writer's buffer; the documents are written behind this. */
export function beginSequence(writer: BsonWriter): void {
  writer.size = HEAD;
}

/** How many bytes of documents there are so far. */
export function sequenceBytes({ size }: BsonWriter): number {
  return size - HEAD;
}

/** The value of the `documents` field of a command: what was written since the beginning. The driver copies it when it sends the command. */
export function endSequence(writer: BsonWriter): DocumentSequence {
  const { bytes, size } = writer;
  bytes[0] = DOCUMENTS;
  bytes.writeInt32LE(size - 1, 1);
  bytes.write(`${FIELD}\0`, 5, "latin1");
  const section = writtenBytes(writer);
  // Its own would copy the documents behind a head of its own first.
  return Object.assign(new Sequence(FIELD), { toBin: () => section });
}
