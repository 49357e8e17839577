import type { Db } from "mongodb";
import type { Difference, Holder } from "../store.ts";
import type { Field } from "./bson-reader.ts";
import { idOf, textIn, uuidIn } from "./document-id.ts";
import { findByIds } from "./find-by-ids.ts";
import { holderOf } from "./holders.ts";
import type { StagedDocuments } from "./staged-documents.ts";
import { openStored, sourceOf, type StoredDocument } from "./stored-document.ts";
import type { Streams } from "./streams.ts";

/** Compares stored facts byte for byte with staged ones. @returns the differences, by place. */
export async function compareFacts<Row>(
  db: Db,
  streams: Pick<Streams, "byNumber">,
  collection: string,
  staged: StagedDocuments<Row>,
): Promise<ReadonlyMap<number, Difference>> {
  const read = (ids: readonly Uint8Array[]): AsyncGenerator<readonly Buffer[]> =>
    findByIds(db, `validated_${collection}`, ids.map(uuidIn));
  return differences(staged, read, async (stored, wanted) => {
    const [there, ours] = [sourceOf(stored), sourceOf(wanted)];
    if (there === null || (there.stream === ours?.stream && there.offset === ours.offset)) return null;
    return holderOf(stored.bytes, streams);
  });
}

/** Compares failures with staged ones. Their id is their position, so no other record can hold it. */
export async function compareFailed<Row>(
  db: Db,
  collection: string,
  staged: StagedDocuments<Row>,
): Promise<ReadonlyMap<number, Difference>> {
  const read = (ids: readonly Buffer[]): AsyncGenerator<readonly Buffer[]> =>
    findByIds(db, `failed_${collection}`, ids.map(textIn));
  return differences(staged, read, async () => null);
}

async function differences<Row>(
  { size, bytesAt }: StagedDocuments<Row>,
  read: (ids: readonly Buffer[]) => AsyncGenerator<readonly Buffer[]>,
  holderIn: (stored: StoredDocument, wanted: StoredDocument) => Promise<Holder | null>,
): Promise<ReadonlyMap<number, Difference>> {
  const places = Array.from({ length: size() }, (_, place) => place);
  const placeOf = new Map(places.map((place) => [keyOf(bytesAt(place)), place]));
  const found = new Map<number, Difference>();
  const missing = new Set(places);
  const compare = async (bytes: Buffer): Promise<void> => {
    const place = placeOf.get(keyOf(bytes));
    if (place === undefined) return;
    missing.delete(place);
    if (bytesAt(place).equals(bytes)) return;
    const [stored, wanted] = [openStored(bytes), openStored(bytesAt(place))];
    const holder = await holderIn(stored, wanted);
    if (holder === null) found.set(place, { kind: "differs", message: differenceOf(stored, wanted) });
    else found.set(place, { kind: "held", holder });
  };
  for await (const page of read(places.map((place) => idOf(bytesAt(place)))))
    for (const bytes of page) await compare(bytes);
  for (const place of missing) found.set(place, { kind: "missing" });
  return new Map([...found].toSorted(([a], [b]) => a - b));
}

function keyOf(bytes: Buffer): string {
  return idOf(bytes).toString("latin1");
}

/** Limits of the field names in a message, in number and length: a changed document may have any names. */
const NAMES_MAX = 5;
const NAME_MAX = 40;

/** Names the fields by which a stored document differs, as a sentence. */
function differenceOf(stored: StoredDocument, wanted: StoredDocument): string {
  const wantedNames = new Set(wanted.fields.map(({ name }) => name));
  const others = wanted.fields.filter((field) => !isSameField(stored, wanted, field)).map(({ name }) => name);
  const more = stored.fields.map(({ name }) => name).filter((name) => !wantedNames.has(name));
  if (others.length > 0) return `its ${listOf(others)} ${others.length === 1 ? "is another" : "are others"}`;
  if (more.length > 0) return `it has ${more.length === 1 ? "a field" : "fields"} more, ${listOf(more)}`;
  return "its fields are in another order";
}

/** Whether the stored document has the field exactly once, with the same type and bytes. */
function isSameField(stored: StoredDocument, wanted: StoredDocument, field: Field): boolean {
  const [there, ...again] = stored.fields.filter(({ name }) => name === field.name);
  if (there === undefined || again.length > 0 || there.type !== field.type) return false;
  return stored.bytes.subarray(there.from, there.to).equals(wanted.bytes.subarray(field.from, field.to));
}

function listOf(names: readonly string[]): string {
  const listed = names
    .slice(0, NAMES_MAX)
    .map((name) => (name.length > NAME_MAX ? `${name.slice(0, NAME_MAX)}...` : name));
  const last = names.length > NAMES_MAX ? `${names.length - NAMES_MAX} more` : listed.pop();
  return listed.length === 0 ? (last ?? "") : `${listed.join(", ")} and ${last}`;
}
