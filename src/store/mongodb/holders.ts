import { Binary, type Db } from "mongodb";
import { UUID_BYTES, uuidBytes } from "../../core/uuid.ts";
import { Unavailable } from "../../core/unavailable.ts";
import { exactInteger } from "../../json/exact-integer.ts";
import type { Holder, PassedRow } from "../store.ts";
import type { StreamNote } from "../stream-note.ts";
import { uuidAt } from "./document-id.ts";
import { createFactReader, FACT, type ReadFact } from "./fact-reader.ts";
import { findByIds } from "./find-by-ids.ts";
import { idsAt, placesById, type StagedDocuments } from "./staged-documents.ts";
import { factIdOf, openStored, payloadTextOf } from "./stored-document.ts";
import type { Streams } from "./streams.ts";

/** A machine id in the form in which facts store it. */
export function binaryId(id: string): Binary {
  return new Binary(uuidBytes(id), Binary.SUBTYPE_UUID);
}

/**
 * Reads the holders of machine ids, by id.
 * @throws `Unavailable` with code STORE_CORRUPT when the position of a fact cannot be read; `payloadText` of a holder throws it
 * when the payload cannot.
 */
export async function readHolders(
  db: Db,
  streams: Pick<Streams, "byNumber">,
  collection: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Holder>> {
  const found = new Map<string, Holder>();
  await eachHolder(db, streams, collection, ids.map(binaryId), (holder) => found.set(holder.id, holder));
  return found;
}

/**
 * Reads the holders of the ids of staged facts, by place; without `places` those of all facts. The ids go from document to query as
 * bytes: as texts, and with a holder made of each fact, this took three times as long.
 * @throws like {@link readHolders}.
 */
export async function readHoldersOf(
  db: Db,
  streams: Pick<Streams, "byNumber">,
  collection: string,
  facts: StagedDocuments<PassedRow>,
  places: readonly number[] | null = null,
): Promise<ReadonlyMap<number, Holder>> {
  const ordered = placesById(facts, places);
  const ids = idsAt(facts, ordered);
  const asked = ordered.map((_, index) => uuidAt(ids, index * UUID_BYTES));
  const find = finderIn(ids);
  const found = new Map<number, Holder>();
  await eachHolder(db, streams, collection, asked, (holder, bytes) => {
    const place = ordered[find(bytes)];
    if (place !== undefined) found.set(place, holder);
  });
  return found;
}

/**
 * Finds which of the ids, asked for in their order, a fact has; -1 when it has none of them. The server answers in the order of ids
 * too, so that each is looked for behind the one before.
 * @param asked the ids, 16 bytes each.
 */
function finderIn(asked: Buffer): (bytes: Buffer) => number {
  const count = asked.length / UUID_BYTES;
  const isAt = (bytes: Buffer, index: number): boolean => {
    for (let byte = 0; byte < UUID_BYTES; byte += 1)
      if (bytes[FACT.idAt + byte] !== asked[index * UUID_BYTES + byte]) return false;
    return true;
  };
  let next = 0;
  return (bytes) => {
    for (let seen = 0; seen < count; seen += 1) {
      const index = (next + seen) % count;
      if (!isAt(bytes, index)) continue;
      next = index + 1;
      return index;
    }
    return -1;
  };
}

async function eachHolder(
  db: Db,
  streams: Pick<Streams, "byNumber">,
  collection: string,
  ids: readonly Binary[],
  see: (holder: Holder, bytes: Buffer) => void,
): Promise<void> {
  const read = createFactReader();
  let note: StreamNote | null = null;
  for await (const page of findByIds(db, `validated_${collection}`, ids)) {
    for (const bytes of page) {
      const fact = read(bytes);
      // Most facts are of the same stream as the fact before.
      if (fact !== null && note?.number !== fact.stream) note = await streams.byNumber(fact.stream);
      if (fact === null || note === null) throw unreadable(factIdOf(openStored(bytes)));
      see(holderFrom(bytes, fact, note), bytes);
    }
  }
}

/** Reads a holder from a fact document; null when its position cannot be read. */
export async function holderOf(bytes: Buffer, streams: Pick<Streams, "byNumber">): Promise<Holder | null> {
  const fact = createFactReader()(bytes);
  const note = fact === null ? null : await streams.byNumber(fact.stream);
  return fact === null || note === null ? null : holderFrom(bytes, fact, note);
}

function holderFrom(
  bytes: Buffer,
  { id, offset, at, payload, erased }: ReadFact,
  { stream, topic, partition }: StreamNote,
): Holder {
  const position = { stream, topic, partition, offset };
  const timestampMs = at === null ? null : exactInteger(at);
  const holder = { id, position, timestampMs, payloadText: () => readable(id, bytes) };
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

/** A record cannot be compared with a damaged document, so it is not decided until a person has repaired the store. */
function unreadable(id: string | null): Unavailable {
  const message = `Cannot read "${id ?? "a fact"}": the document was changed`;
  return new Unavailable("STORE_CORRUPT", message, "run `sigma audit`, then restore the document from a backup");
}
