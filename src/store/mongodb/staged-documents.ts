import { beginSequence, sequenceBytes } from "./document-sequence.ts";
import { createBsonWriter, type BsonWriter, writeFields, writtenBytes } from "./bson-writer.ts";
import { UUID_BYTES, uuidText } from "../../core/uuid.ts";
import { exactInteger } from "../../json/exact-integer.ts";
import type { Claim, FailedRow, Holder, PassedRow, Places, Staged, StagedFacts, StagedFailures } from "../store.ts";
import type { StreamNote } from "../stream-note.ts";
import { endOfField } from "./bson-reader.ts";
import { beginsAsFact, FACT, OFFSET_FROM_END, TIME_FROM_END } from "./fact-reader.ts";
import type { WriteRow } from "./fact-document.ts";
import { writePayload } from "./payload.ts";
import { ERASED, openStored, payloadTextOf, textOf } from "./stored-document.ts";

/** A command takes no more documents once they exceed this; with one last document it stays below a message's 48,000,000 bytes. */
const COMMAND_BYTES = 14_000_000;
/** The most documents in one command (maxWriteBatchSize of the server). */
const COMMAND_DOCUMENTS = 100_000;
const BUFFER_BYTES = 262_144;
/** How many buffers are kept for the next inserts, and how many bytes they may have together. */
const BUFFERS_KEPT = 8;
const BYTES_KEPT = 67_108_864;

/** A pool of buffers for one kind of document. The buffers grow to the usual size of its batches and are reused. */
export type Buffers = {
  /** @param room how many bytes will be written, where that is known: a buffer that grows copies what it holds. */
  readonly take: (room?: number) => BsonWriter;
  readonly give: (writer: BsonWriter) => void;
};

export function createBuffers(): Buffers {
  const kept: BsonWriter[] = [];
  let bytesKept = 0;
  return {
    take: (room = BUFFER_BYTES) => {
      const writer = kept.pop();
      if (writer === undefined) return createBsonWriter(room);
      bytesKept -= writer.bytes.length;
      return writer;
    },
    give: (writer) => {
      if (kept.length >= BUFFERS_KEPT || bytesKept + writer.bytes.length > BYTES_KEPT) return;
      bytesKept += writer.bytes.length;
      kept.push(writer);
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

/** @param room how many bytes the documents of a command have, where that is known. */
export function stageDocuments<Row>(
  buffers: Buffers,
  write: (writer: BsonWriter, row: Row) => void,
  room?: number,
): StagedDocuments<Row> {
  const commands: Command[] = [];
  let size = 0;
  let last: Command | undefined;
  const begin = (): Command => {
    const command: Command = { writer: buffers.take(room), starts: [] };
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

/** Some of staged documents: their commands, none of them empty, and where each document was staged. */
export type Left = { readonly commands: readonly Command[]; readonly places: readonly number[] };

/** The places of staged facts, of all or of some, in the order of the first bytes of their ids. */
export function placesById<Row>(
  { commands, size }: Pick<StagedDocuments<Row>, "commands" | "size">,
  some: readonly number[] | null = null,
): readonly number[] {
  // The first bytes of an id, which are random, and a place fit into the 53 bits of a number together.
  const keys = new Float64Array(size());
  let place = 0;
  for (const { writer, starts } of commands)
    for (const start of starts) {
      keys[place] = writer.bytes.readUInt32BE(start + FACT.idAt) * PLACES_MAX + place;
      place += 1;
    }
  const wanted = some === null ? keys : Float64Array.from(some, (one) => keys[one] as number);
  return Array.from(wanted.toSorted(), (key) => key % PLACES_MAX);
}

const PLACES_MAX = 2 ** 21;

/** The ids of the staged facts at these places, 16 bytes each, one behind the other. */
export function idsAt<Row>({ bytesAt }: Pick<StagedDocuments<Row>, "bytesAt">, places: readonly number[]): Buffer {
  const ids = Buffer.allocUnsafe(places.length * UUID_BYTES);
  let to = 0;
  for (const place of places) {
    const bytes = bytesAt(place);
    for (let from = FACT.idAt; from < FACT.idAt + UUID_BYTES; from += 1, to += 1) ids[to] = bytes[from] as number;
  }
  return ids;
}

/** Copies staged facts in the order of their ids, without those at some places. Release it behind the insert, as staged documents. */
export function inIdOrder<Row>(
  facts: StagedDocuments<Row>,
  except: Places,
  buffers: Buffers,
): Left & Pick<StagedDocuments<Row>, "release"> {
  const { commands, bytesAt } = facts;
  const places = placesById(facts).filter((one) => !except.has(one));
  const room = Math.max(0, ...commands.map(({ writer }) => writer.size));
  const ordered = stageDocuments<number>(buffers, (writer, one) => writeFields(writer, bytesAt(one)), room);
  places.forEach(ordered.add);
  return { commands: ordered.commands, places, release: ordered.release };
}

/** Copies the commands without the documents at some places, each into a buffer of its exact size. */
export function without<Row>({ commands }: StagedDocuments<Row>, except: Places): Left {
  const places: number[] = [];
  let first = 0;
  const left = commands.map(({ writer, starts }): Command => {
    const rest: Command = { writer: createBsonWriter(writer.size), starts: [] };
    beginSequence(rest.writer);
    // Documents from this byte on are not copied yet: those between two left out go as one piece.
    let from = starts[0] ?? writer.size;
    const copyUntil = (end: number): void => {
      rest.writer.size += writer.bytes.copy(rest.writer.bytes, rest.writer.size, from, end);
    };
    for (const [index, start] of starts.entries()) {
      if (except.has(first + index)) {
        copyUntil(start);
        from = starts[index + 1] ?? writer.size;
      } else {
        places.push(first + index);
        rest.starts.push(rest.writer.size + start - from);
      }
    }
    copyUntil(writer.size);
    first += starts.length;
    return rest;
  });
  return { commands: left.filter(({ starts }) => starts.length > 0), places };
}

type Own<Row> = Staged<Row> & { readonly documents: StagedDocuments<Row> };

export function stageFacts(buffers: Buffers, write: WriteRow<PassedRow>, stream: StreamNote): StagedFacts {
  const staged = stageRows(buffers, write, stream);
  const { documents } = staged;
  return {
    ...staged,
    at: (place) => holderAt(stream, documents.bytesAt(place)),
    claimAt: (place) => claimOf(stream, documents.bytesAt(place)),
    hasBytesOf: (place, row) => {
      if (row.kind === "erased") return false;
      scratch.size = 0;
      writePayload(scratch, "payload", row.payload, row.numbers);
      return Buffer.compare(writtenBytes(scratch), payloadIn(documents.bytesAt(place))) === 0;
    },
  };
}

/** Buffer for payloads that are encoded only to be compared. */
const scratch = createBsonWriter(1_024);

export function stageFailed(buffers: Buffers, write: WriteRow<FailedRow>, stream: StreamNote): StagedFailures {
  return stageRows(buffers, write, stream);
}

function stageRows<Row>(buffers: Buffers, write: WriteRow<Row>, stream: StreamNote): Own<Row> {
  const documents = stageDocuments<Row>(buffers, (writer, row) => write(writer, stream, row));
  return { add: documents.add, size: documents.size, release: documents.release, documents };
}

/** The documents of a stage that {@link stageFacts} or {@link stageFailed} made. */
export function stagedOf<Row>(staged: Staged<Row>): StagedDocuments<Row> {
  if (!("documents" in staged)) throw new Error("Cannot insert rows that another store staged");
  return (staged as Own<Row>).documents;
}

/** The holder that a staged document is. `payloadText` reads from a copy, because the buffer will be reused for other documents. */
function holderAt(note: StreamNote, bytes: Buffer): Holder {
  const payloadText = (): string => payloadTextOf(openStored(Buffer.from(bytes)));
  const holder = { id: uuidText(bytes, FACT.idAt), ...claimOf(note, bytes), payloadText };
  const erased = erasedIn(bytes);
  return erased === null ? holder : { ...holder, erased };
}

function claimOf({ stream, topic, partition }: StreamNote, bytes: Buffer): Claim {
  return {
    position: { stream, topic, partition, offset: bytes.readBigInt64LE(bytes.length - OFFSET_FROM_END) },
    timestampMs: exactInteger(bytes.readBigInt64LE(bytes.length - TIME_FROM_END)),
    payloadBytes: erasedIn(bytes) === null ? payloadIn(bytes) : NO_BYTES,
  };
}

function erasedIn(bytes: Buffer): string | null {
  return beginsAsFact(bytes) ? null : textOf(openStored(bytes), ERASED);
}

const NO_BYTES = new Uint8Array(0);

/** The bytes of the payload field: its type, name and value. */
function payloadIn(bytes: Buffer): Uint8Array {
  return bytes.subarray(FACT.payloadAt, endOfField(bytes, FACT.payloadAt));
}
