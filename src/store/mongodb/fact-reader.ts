import { uuidText } from "../../core/uuid.ts";
import { endOfField } from "./bson-reader.ts";
import { ERASED, factIdOf, onlyField, openStored, sourceOf, textOf } from "./stored-document.ts";

/** What a stored fact says of whose it is. */
export type ReadFact = {
  readonly id: string;
  /** Number of the stream. */
  readonly stream: number;
  readonly offset: bigint;
  /** Where type, name and value of its payload stand: nowhere when it has none, or two. */
  readonly payload: readonly [from: number, to: number];
  /** Of one that was erased: what is left of its payload ({@link ERASED}). */
  readonly erased: string | null;
};

/** Everything behind the payload of a fact, but for its offset and its time. */
type Tail = { readonly bytes: Buffer; readonly stream: number };

/** A fact begins with its length, and its id with type, name, length and subtype; then comes the payload with type and name. */
export const FACT: { readonly idAt: 14; readonly payloadAt: 30; readonly payloadHead: 9 } = {
  idAt: 14,
  payloadAt: 30,
  payloadHead: 9,
};
/** It ends with the offset, type and name of the time, the time, the end of its source and its own. */
const OFFSET = 8;
const TIME_NAME = 4;
const TIME = 8;
const ENDS = 2;
export const OFFSET_FROM_END: number = OFFSET + TIME_NAME + TIME + ENDS;

/**
 * Reads facts one after the other; null for one that does not say whose it is. Facts of one stream and version end alike: one that
 * ends as the one before is not taken apart again.
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
  const id = uuidText(bytes.subarray(FACT.idAt, FACT.idAt + 16));
  return { id, stream, offset: bytes.readBigInt64LE(offsetAt), payload: [FACT.payloadAt, to], erased: null };
}

/** `_id` with 16 bytes of subtype 4, then a field called `payload`. */
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
  return { id, ...source, payload: field === null ? [0, 0] : [field.from - FACT.payloadHead, field.to], erased };
}

/** What another fact has to end with to be read by it; null when this one is not written as facts are. */
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
