import { Binary, type Db, type FindCursor } from "mongodb";
import { uuidBytes } from "../../core/uuid.ts";
import { Unavailable } from "../../core/unavailable.ts";
import type { Holder } from "../store.ts";
import { eachOf, RAW } from "./read-raw.ts";
import { factIdOf, openStored, payloadTextOf, sourceOf, type StoredDocument } from "./stored-document.ts";
import type { Streams } from "./streams.ts";

/** Ids in one query. */
const IDS_MAX = 1_000;

/** A machine id as facts have it. */
export function binaryId(id: string): Binary {
  return new Binary(uuidBytes(id), Binary.SUBTYPE_UUID);
}

/** The facts under these machine ids, in any order. */
export function readFacts(db: Db, collection: string, ids: readonly Binary[]): AsyncGenerator<Buffer> {
  const facts = db.collection<{ _id: Binary }>(`validated_${collection}`);
  return inPages(ids, (page) => facts.find({ _id: { $in: [...page] } }, RAW));
}

/** Documents by their ids, as many ids at once as one query takes. */
export async function* inPages<Id>(
  ids: readonly Id[],
  cursorOf: (page: readonly Id[]) => FindCursor,
): AsyncGenerator<Buffer> {
  for (let from = 0; from < ids.length; from += IDS_MAX) yield* eachOf(cursorOf(ids.slice(from, from + IDS_MAX)));
}

/** The holders of ids. @throws `Unavailable` with code STORE_CORRUPT when a fact says nothing. */
export async function readHolders(
  db: Db,
  streams: Pick<Streams, "byNumber">,
  collection: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Holder>> {
  const found = new Map<string, Holder>();
  for await (const bytes of readFacts(db, collection, ids.map(binaryId))) {
    const stored = openStored(bytes);
    const holder = await holderOf(stored, streams);
    const text = holder === null ? null : textOrNull(holder);
    if (holder === null || text === null) throw unreadable(factIdOf(stored));
    found.set(holder.id, { ...holder, payloadText: () => text });
  }
  return found;
}

/** What a fact says of whoever claims its id as well; null when it does not say whose it is. */
export async function holderOf(stored: StoredDocument, streams: Pick<Streams, "byNumber">): Promise<Holder | null> {
  const [id, source] = [factIdOf(stored), sourceOf(stored)];
  const note = source === null ? null : await streams.byNumber(source.stream);
  if (id === null || source === null || note === null) return null;
  const { stream, topic, partition } = note;
  const position = { stream, topic, partition, offset: source.offset };
  return { id, position, payloadText: () => payloadTextOf(stored) };
}

function textOrNull({ payloadText }: Holder): string | null {
  try {
    return payloadText();
  } catch {
    return null;
  }
}

/** Whether a record is a duplicate of a document that says nothing cannot be told: no decision until a person has looked. */
function unreadable(id: string | null): Unavailable {
  const message = `Cannot read "${id ?? "a fact"}": the document was changed`;
  return new Unavailable("STORE_CORRUPT", message, "run `sigma audit`, then restore the document from a backup");
}
