import type { Db } from "mongodb";
import { isMalformedForAll } from "../../core/failure.ts";
import type { Header } from "../../core/record.ts";
import { payloadBytes } from "../../core/wire-format.ts";
import type { StoredEvidence, StoreReads } from "../store.ts";
import type { Document } from "./bson-reader.ts";
import { bigintOf, headersOf, PAYLOAD_WITHOUT_BYTES } from "./documents.ts";
import { withLongBytes } from "./long-bytes.ts";
import { jsonTextOf } from "./payload.ts";
import { documentsOf, firstOf, RAW } from "./read-raw.ts";
import type { ObjectCollection } from "./reads.ts";
import { guarded } from "./unavailable.ts";

/** Neither the payload as a document nor the reason, which are the larger part of one. */
const FIELDS = {
  stream: 1,
  offset: 1,
  "contract.version": 1,
  code: 1,
  fingerprint: 1,
  headers: 1,
  raw: 1,
  rawChunks: 1,
  envelopeChunks: 1,
  payload: PAYLOAD_WITHOUT_BYTES,
} as const;

/** The reads that judging history again needs. */
export function createEvidence(
  db: Db,
  collections: () => Promise<readonly ObjectCollection[]>,
): Pick<StoreReads, "evidence" | "origin" | "firstSince"> {
  return {
    evidence: async (stream, from, to) =>
      guarded(async () => {
        const filter = { stream: { $eq: stream }, offset: { $gte: from, $lte: to - 1n } };
        const pages = await Promise.all(
          (await collections()).map(async ({ name, kind }) => {
            const found = await documentsOf(db.collection(name).find(filter, { ...RAW, projection: FIELDS }));
            return (await withLongBytes(db, found)).map((document) => readEvidence(kind, document, from));
          }),
        );
        return pages
          .flat()
          .filter((one) => one !== null)
          .toSorted((a, b) => a.at - b.at);
      }),
    origin: async (stream) =>
      guarded(async () => {
        for (const { name } of await collections()) {
          const options = { ...RAW, projection: { topic: 1, partition: 1 } } as const;
          const found = await firstOf(db.collection(name).find({ stream: { $eq: stream } }, options));
          if (found !== null) return { topic: String(found["topic"]), partition: Number(found["partition"]) };
        }
        return null;
      }),
    firstSince: async (stream, timestampMs) =>
      guarded(async () => {
        const filter = { stream: { $eq: stream }, timestampMs: { $gte: BigInt(timestampMs) } };
        const options = { ...RAW, projection: { offset: 1 }, sort: { offset: 1 } } as const;
        const found = await Promise.all(
          (await collections()).map(async ({ name }) => firstOf(db.collection(name).find(filter, options))),
        );
        const offsets = found.filter((one) => one !== null).map((one) => bigintOf(one["offset"]));
        return offsets.length === 0 ? null : offsets.reduce((least, one) => (one < least ? one : least));
      }),
  };
}

function readEvidence(kind: StoredEvidence["kind"], document: Document, from: bigint): StoredEvidence | null {
  try {
    const { code, fingerprint, contract, raw, headers, payload } = document;
    const malformed = isMalformedForAll(textOrNull(code));
    const version = (contract as { readonly version?: unknown } | null | undefined)?.version;
    return {
      at: Number(bigintOf(document["offset"]) - from),
      kind,
      version: version === undefined ? null : Number(version),
      code: textOrNull(code),
      fingerprint: textOrNull(fingerprint),
      headers: headersOf(headers),
      text: malformed
        ? null
        : raw === null && payload !== undefined
          ? jsonTextOf(payload)
          : textOf(raw, headersOf(headers)),
    };
  } catch {
    return null;
  }
}

function textOf(bytes: unknown, headers: readonly Header[]): string | null {
  if (!(bytes instanceof Uint8Array)) return null;
  const payload = payloadBytes(bytes, headers);
  return Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString("utf8");
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
