import { type Db, type Document, type Filter } from "mongodb";
import { failureCode, type FailureReason } from "../../core/failure.ts";
import { exactInteger, type ExactInteger } from "../../json/exact-integer.ts";
import { parseContractText } from "../contract-text.ts";
import type { FailureOrder, FailurePageQuery, FailureReads, FailureRecord } from "../failures.ts";
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
  textOf,
  uuidOf,
  type StoredDocument,
} from "./stored-document.ts";
import type { Streams } from "./streams.ts";
import { guarded } from "./unavailable.ts";

type WithTextId = { _id: string };

/** The reads of failures. */
export function failureReadsOf(db: Db, streams: Pick<Streams, "byNumber">): FailureReads {
  const read = async (name: string, query: Filter<WithTextId>, limit: number, withPayload: boolean) => {
    const projection = withPayload ? { raw: 0 } : { raw: 0, payload: 0 };
    const sort = { "source.at": -1, _id: -1 } as const;
    const found: FailureRecord[] = [];
    const cursor = db.collection<WithTextId>(`failed_${name}`).find(query, { ...RAW, projection, sort, limit });
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
      guarded(async () => read(collection, filterOf(query), query.limit, query.withPayload)),
    failureRecord: async (collection, stream, offset) =>
      guarded(async () => (await read(collection, { _id: placeId(stream, offset) }, 1, true))[0] ?? null),
  };
}

/**
 * The two branches behind a place follow one index each, and the server merges them: test/store/mongodb/failure-pages.test.ts asks it
 * for its plan.
 */
export function filterOf({ along, fromMs, toMs, after }: FailurePageQuery): Filter<WithTextId> {
  const at: Document = {};
  if (fromMs !== null) at["$gte"] = dateFor(fromMs);
  if (toMs !== null) at["$lt"] = dateFor(toMs);
  const within = Object.keys(at).length === 0 ? [] : [{ "source.at": at }];
  const base = [...equalOf(along), ...within];
  if (after === null) return base.length === 0 ? {} : { $and: base };
  const then = dateFor(after.atMs);
  const earlier = { "source.at": { ...at, $lt: then } };
  const same = { "source.at": then, _id: { $lt: placeId(after.stream, after.offset) } };
  const equal = equalOf(along);
  return { $or: [{ $and: [...equal, earlier] }, { $and: [...equal, same] }] };
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

/** Limits of JavaScript's dates. Failures beyond them are read as they are, and bounds of a query are cut to them. */
const DATE_MAX = 8_640_000_000_000_000n;

function dateFor(ms: ExactInteger): Date {
  const big = BigInt(ms);
  return new Date(Number(big > DATE_MAX ? DATE_MAX : big < -DATE_MAX ? -DATE_MAX : big));
}

function readRecord(
  collection: string,
  stream: StreamNote,
  offset: bigint,
  stored: StoredDocument,
  withPayload: boolean,
): FailureRecord {
  const at = dateOf(stored, "source", "at");
  return {
    collection,
    stream,
    offset,
    atMs: at === null ? 0 : exactInteger(at),
    code: textOf(stored, "code") ?? "",
    reason: reasonOf(stored),
    fingerprint: textOf(stored, "fingerprint") ?? "",
    contract: parseContractText(textOf(stored, "contract") ?? ""),
    declaredBy: textOf(stored, "declared"),
    producer: textOf(stored, "producer"),
    identity: uuidOf(stored, "identity"),
    payloadText: withPayload ? payloadIn(stored) : null,
  };
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
