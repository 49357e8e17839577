import { uuidText } from "../../core/uuid.ts";
import { endOfField } from "./bson-reader.ts";
import { dateOf, ERASED, factIdOf, onlyField, openStored, sourceOf, textOf } from "./stored-document.ts";

/** The id and position in a stored fact, and the bounds of its payload. */
export type ReadFact = {
  readonly id: string;
  /** Number of the stream. */
  readonly stream: number;
  readonly offset: bigint;
  /** Time of the record in milliseconds; null when the fact has none. */
  readonly at: bigint | null;
  /** Bounds of the payload field, its type and name included; [0, 0] when the fact has none or several. */
  readonly payload: readonly [from: number, to: number];
  /** For an erased fact, the digest in its field {@link ERASED}; otherwise null. */
  readonly erased: string | null;
};

/** The bytes after the payload of a fact. Facts of one stream and version differ in them only by offset and time. */
type Tail = { readonly bytes: Buffer; readonly stream: number };

/**
 * Byte positions in a fact as we write it: the document's length; `_id` with type, name, length, subtype and 16 bytes from `idAt`
 * on; then the payload field from `payloadAt` on, whose type and name take `payloadHead` bytes.
 */
export const FACT: { readonly idAt: 14; readonly payloadAt: 30; readonly payloadHead: 9 } = {
  idAt: 14,
  payloadAt: 30,
  payloadHead: 9,
};
/** Sizes of the parts at the end of a fact: the offset, type and name of `at`, the time, the ends of `source` and of the document. */
const OFFSET = 8;
const TIME_NAME = 4;
const TIME = 8;
const ENDS = 2;
export const OFFSET_FROM_END: number = OFFSET + TIME_NAME + TIME + ENDS;
export const TIME_FROM_END: number = TIME + ENDS;

/**
 * Creates a reader of facts, which returns null for a fact without a readable id or position. A fact that ends like the one before,
 * apart from offset and time, has the same stream and version, and is read at fixed byte positions without parsing its fields.
 */
export function createFactReader(): (bytes: Buffer) => ReadFact | null {
  let known: Tail | null = null;
  return (bytes) => {
    const quick = known === null ? null : readQuick(bytes, known);
    if (quick !== null) return quick;
    const read = readFact(bytes);
    if (read !== null) known = tailOf(bytes, read);
    return read;
  };
}

function readQuick(bytes: Buffer, { bytes: tail, stream }: Tail): ReadFact | null {
  if (!beginsAsFact(bytes)) return null;
  const to = endOfField(bytes, FACT.payloadAt);
  const end = bytes.length;
  if (end - to !== tail.length) return null;
  const offsetAt = end - OFFSET_FROM_END;
  const timeAt = end - ENDS - TIME;
  const same =
    bytes.readUInt32LE(timeAt - TIME_NAME) === tail.readUInt32LE(timeAt - TIME_NAME - to) &&
    bytes.readUInt16LE(end - ENDS) === tail.readUInt16LE(tail.length - ENDS) &&
    bytes.compare(tail, 0, offsetAt - to, to, offsetAt) === 0;
  if (!same) return null;
  const id = uuidText(bytes, FACT.idAt);
  const [offset, at] = [bytes.readBigInt64LE(offsetAt), bytes.readBigInt64LE(timeAt)];
  return { id, stream, offset, at, payload: [FACT.payloadAt, to], erased: null };
}

/** Whether a document begins as we write facts: `_id` with 16 bytes of subtype 4, then a field called `payload`. */
export function beginsAsFact(bytes: Buffer): boolean {
  return (
    bytes.length > FACT.payloadAt + FACT.payloadHead + OFFSET_FROM_END &&
    bytes.readUInt32LE(4) === ID_HEAD.readUInt32LE(0) &&
    bytes.readUInt32LE(8) === ID_HEAD.readUInt32LE(4) &&
    bytes.readUInt16LE(12) === ID_HEAD.readUInt16LE(8) &&
    bytes.readUInt32LE(FACT.payloadAt + 1) === PAYLOAD_NAME.readUInt32LE(0) &&
    bytes.readUInt32LE(FACT.payloadAt + 5) === PAYLOAD_NAME.readUInt32LE(4)
  );
}

const ID_HEAD = Buffer.from("\x05_id\0\x10\0\0\0\x04", "latin1");
const PAYLOAD_NAME = Buffer.from("payload\0", "latin1");

function readFact(bytes: Buffer): ReadFact | null {
  const stored = openStored(bytes);
  const [id, source] = [factIdOf(stored), sourceOf(stored)];
  if (id === null || source === null) return null;
  const field = onlyField(stored.fields, "payload");
  const erased = textOf(stored, ERASED);
  const at = dateOf(stored, "source", "at");
  return { id, ...source, at, payload: field === null ? [0, 0] : [field.from - FACT.payloadHead, field.to], erased };
}

/** The end of a fact, by which {@link readQuick} can read similar ones; null when the fact does not have the form that we write. */
function tailOf(bytes: Buffer, { stream, offset, payload: [from, to], erased }: ReadFact): Tail | null {
  if (erased !== null) return null;
  const isAsWritten = from === FACT.payloadAt && beginsAsFact(bytes) && endsWithSource(bytes);
  if (!isAsWritten || bytes.readBigInt64LE(bytes.length - OFFSET_FROM_END) !== offset) return null;
  return { bytes: bytes.subarray(to), stream };
}

function endsWithSource(bytes: Buffer): boolean {
  const fields = openStored(bytes).fields;
  const source = fields.at(-1);
  return source?.name === "source" && source.to === bytes.length - 1;
}
