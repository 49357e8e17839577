import { Long, type Db, type Document, type Filter, type FindOptions } from "mongodb";
import { failureCode, type FailureReason } from "../../core/failure.ts";
import { exactInteger, type ExactInteger } from "../../json/exact-integer.ts";
import { parseContractText } from "../contract-text.ts";
import {
  withReason,
  type FailureOrder,
  type FailurePageQuery,
  type FailureReads,
  type FailureRecord,
} from "../failures.ts";
import type { StreamNote } from "../stream-note.ts";
import { valueOf } from "./bson-reader.ts";
import { placeId } from "./failure-document.ts";
import { jsonOf } from "./payload.ts";
import { failedCollections } from "./places.ts";
import { pagesOf, RAW } from "./read-raw.ts";
import {
  dateOf,
  onlyField,
  openStored,
  payloadTextOf,
  sourceOf,
  textIn,
  textOf,
  uuidOf,
  type StoredDocument,
} from "./stored-document.ts";
import type { Streams } from "./streams.ts";
import { guarded } from "./unavailable.ts";

/** The most failures of one origin that are read: a record that a router moved is in one lane, and in as many redrives as there were. */
const FROM_MAX = 100;
/** The most ids in one query. */
const IDS_MAX = 3_000;

type WithTextId = { _id: string };

/** The order of the indexes. */
export const NEWEST_FIRST = { "source.at": -1, _id: -1 } as const;

/** The reads of failures. */
export function failureReadsOf(db: Db, streams: Pick<Streams, "byNumber">): FailureReads {
  const read = async (name: string, query: Filter<WithTextId>, withPayload: boolean, options: FindOptions) => {
    const projection = withPayload ? { raw: 0 } : { raw: 0, payload: 0 };
    const found: FailureRecord[] = [];
    const cursor = db.collection<WithTextId>(`failed_${name}`).find(query, { ...RAW, projection, ...options });
    for await (const page of pagesOf(cursor)) {
      for (const bytes of page) {
        const stored = openStored(bytes);
        const source = sourceOf(stored);
        const stream = source === null ? null : await streams.byNumber(source.stream);
        if (source !== null && stream !== null)
          found.push(readRecord(name, stream, source.offset, stored, withPayload));
      }
    }
    return found;
  };
  return {
    failureCollections: async () =>
      guarded(async () => (await failedCollections(db)).map(({ name }) => name.slice("failed_".length))),
    failurePage: async (collection, query) =>
      guarded(async () =>
        read(collection, filterOf(query), query.withPayload, { sort: NEWEST_FIRST, limit: query.limit }),
      ),
    failuresAt: async (collection, stream, offsets) =>
      guarded(async () => {
        const found: FailureRecord[] = [];
        for (let from = 0; from < offsets.length; from += IDS_MAX) {
          const ids = offsets.slice(from, from + IDS_MAX).map((offset) => placeId(stream, offset));
          found.push(...(await read(collection, { _id: { $in: ids } }, false, {})));
        }
        return found.toSorted((a, b) => (a.offset < b.offset ? -1 : 1));
      }),
    failuresFrom: async (collection, origin) =>
      guarded(async () => read(collection, { "source.origin": { $eq: origin } }, false, { limit: FROM_MAX })),
    failureRecord: async (collection, stream, offset) =>
      guarded(async () => (await read(collection, { _id: placeId(stream, offset) }, true, {}))[0] ?? null),
  };
}

/**
 * The two branches behind a place follow one index each, and the server merges them: test/store/mongodb/failure-pages.test.ts asks it
 * for its plan.
 */
export function filterOf({ along, fromMs, toMs, after }: FailurePageQuery): Filter<WithTextId> {
  const equal = equalOf(along);
  const from = fromMs === null ? [] : [timeIs("$gte", fromMs)];
  const to = toMs === null ? [] : [timeIs("$lt", toMs)];
  if (after === null) {
    const all = [...equal, ...from, ...to];
    return all.length === 0 ? {} : { $and: all };
  }
  const earlier = [...equal, ...from, timeIs("$lt", after.atMs)];
  const same = [...equal, timeIs("$eq", after.atMs), { _id: { $lt: placeId(after.stream, after.offset) } }];
  return { $or: [{ $and: earlier }, { $and: same }] };
}

function equalOf(along: FailureOrder): readonly Document[] {
  switch (along.kind) {
    case "time":
      return [];
    case "group":
      return [{ fingerprint: { $eq: along.fingerprint } }];
    case "code":
      return [{ code: { $eq: along.code } }];
  }
}

/** The last time of JavaScript's dates, in milliseconds. */
const DATE_MAX = 8_640_000_000_000_000n;

/**
 * A condition on the timestamp. Producers may claim any 64-bit time, and the driver writes those of JavaScript's dates only: the server
 * makes the others itself, and uses the index for these too.
 */
function timeIs(operator: "$gte" | "$lt" | "$eq", ms: ExactInteger): Document {
  const big = BigInt(ms);
  if (big <= DATE_MAX && big >= -DATE_MAX) return { "source.at": { [operator]: new Date(Number(big)) } };
  return { $expr: { [operator]: ["$source.at", { $toDate: Long.fromBigInt(big) }] } };
}

function readRecord(
  collection: string,
  stream: StreamNote,
  offset: bigint,
  stored: StoredDocument,
  withPayload: boolean,
): FailureRecord {
  const at = dateOf(stored, "source", "at");
  const rest = {
    collection,
    stream,
    offset,
    atMs: at === null ? 0 : exactInteger(at),
    code: textOf(stored, "code") ?? "",
    fingerprint: textOf(stored, "fingerprint") ?? "",
    contract: parseContractText(textOf(stored, "contract") ?? ""),
    declaredBy: textOf(stored, "declared"),
    producer: textOf(stored, "producer"),
    origin: textIn(stored, "source", "origin"),
    identity: uuidOf(stored, "identity"),
    payloadText: withPayload ? payloadIn(stored) : null,
  };
  return withReason(rest, () => reasonOf(stored));
}

function reasonOf(stored: StoredDocument): FailureReason | null {
  try {
    const field = onlyField(stored.fields, "reason");
    if (field === null) return null;
    const reason = jsonOf(valueOf(stored.bytes, field)) as unknown as FailureReason;
    return failureCode(reason) === textOf(stored, "code") ? reason : null;
  } catch {
    return null;
  }
}

function payloadIn(stored: StoredDocument): string | null {
  try {
    return payloadTextOf(stored);
  } catch {
    return null;
  }
}
