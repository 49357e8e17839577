import { createRequire } from "node:module";

/**
 * A document sequence: BSON documents, one behind the other, sent as they are in a section of their own (MongoDB wire protocol,
 * OP_MSG, section kind 1). `push` takes any number of documents at once: the section has no count.
 *
 * It is the driver's own, and not of its public interface, which can send nothing but objects that it serializes itself. The
 * driver is pinned to the digit, and every law of the store is tested through it on a real server.
 */
export type DocumentSequence = {
  readonly push: (shownToMonitors: object, documents: Uint8Array) => number;
};

type Commands = { readonly DocumentSequence: new (field: string) => DocumentSequence };

const { DocumentSequence: Sequence } = createRequire(import.meta.url)("mongodb/lib/cmap/commands.js") as Commands;

/** The value of a command's field that is these documents. The driver copies the bytes when it sends the command. */
export function documentSequence(field: string, documents: Uint8Array): DocumentSequence {
  const sequence = new Sequence(field);
  // Monitors of commands, of which there are none here, are shown the first argument.
  sequence.push({}, documents);
  return sequence;
}
