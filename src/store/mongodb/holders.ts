import { Binary, type Db } from "mongodb";
import { uuidBytes } from "../../core/uuid.ts";
import { Unavailable } from "../../core/unavailable.ts";
import type { Holder, StreamNote } from "../store.ts";
import { createFactReader, type ReadFact } from "./fact-reader.ts";
import { findByIds } from "./find-by-ids.ts";
import { factIdOf, openStored, payloadTextOf } from "./stored-document.ts";
import type { Streams } from "./streams.ts";

/** A machine id as facts have it. */
export function binaryId(id: string): Binary {
  return new Binary(uuidBytes(id), Binary.SUBTYPE_UUID);
}

/** The holders of ids. @throws `Unavailable` with code STORE_CORRUPT when a fact says nothing; of its payload, when it is asked for. */
export async function readHolders(
  db: Db,
  streams: Pick<Streams, "byNumber">,
  collection: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Holder>> {
  const found = new Map<string, Holder>();
  const read = createFactReader();
  let note: StreamNote | null = null;
  for await (const page of findByIds(db, `validated_${collection}`, ids.map(binaryId))) {
    for (const bytes of page) {
      const fact = read(bytes);
      // Most are of the stream of the one before.
      if (fact !== null && note?.number !== fact.stream) note = await streams.byNumber(fact.stream);
      if (fact === null || note === null) throw unreadable(factIdOf(openStored(bytes)));
      found.set(fact.id, holderFrom(bytes, fact, note));
    }
  }
  return found;
}

/** What a fact says of whoever claims its id as well; null when it does not say whose it is. */
export async function holderOf(bytes: Buffer, streams: Pick<Streams, "byNumber">): Promise<Holder | null> {
  const fact = createFactReader()(bytes);
  const note = fact === null ? null : await streams.byNumber(fact.stream);
  return fact === null || note === null ? null : holderFrom(bytes, fact, note);
}

function holderFrom(
  bytes: Buffer,
  { id, offset, payload, erased }: ReadFact,
  { stream, topic, partition }: StreamNote,
): Holder {
  const position = { stream, topic, partition, offset };
  const holder = { id, position, payloadText: () => readable(id, bytes) };
  if (erased !== null) return { ...holder, payloadBytes: NO_BYTES, erased };
  return { ...holder, payloadBytes: bytes.subarray(...payload) };
}

const NO_BYTES = new Uint8Array(0);

function readable(id: string, bytes: Buffer): string {
  try {
    return payloadTextOf(openStored(bytes));
  } catch {
    throw unreadable(id);
  }
}

/** Whether a record is a duplicate of a document that says nothing cannot be told: no decision until a person has looked. */
function unreadable(id: string | null): Unavailable {
  const message = `Cannot read "${id ?? "a fact"}": the document was changed`;
  return new Unavailable("STORE_CORRUPT", message, "run `sigma audit`, then restore the document from a backup");
}
