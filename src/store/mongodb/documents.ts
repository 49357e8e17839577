import type { Document as BsonDocument } from "mongodb";
import type { ContractRef } from "../../core/compile.ts";
import { failureCode, type FailureReason } from "../../core/failure.ts";
import type { Header, Position } from "../../core/record.ts";
import { DECLARATIONS, type Declaration } from "../../core/resolve.ts";
import { payloadBytes } from "../../core/wire-format.ts";
import { exactInteger } from "../../json/exact-integer.ts";
import type { LedgerEntry } from "../ledger.ts";
import type { FailedRow, Occurrence, ReceiptRow, StoredRow, ValidatedRow } from "../store.ts";
import type { JsonValue } from "../../json/json.ts";
import { parseJson } from "../../json/parse-json.ts";
import type { Document } from "./bson-reader.ts";
import { isSamePayload, jsonTextOf } from "./payload.ts";

/** @param packed the evidence, or how many pieces hold it; nothing for an entry without records. */
export function entryDocument(
  entry: LedgerEntry,
  packed: { readonly packed?: Uint8Array; readonly pieces?: number },
): Document {
  const { seq, count, ...rest } = entry;
  return { _id: `${entry.stream}|${seq}`, ...rest, seq: BigInt(seq), count: BigInt(count), ...packed };
}

/** Whatever the fields hold: an entry that was changed must reach the audit, whose hashes find it out. */
export function readEntry(document: Document): LedgerEntry {
  const value = (name: string): string => String(document[name]);
  return {
    stream: value("stream"),
    seq: Number(document["seq"]),
    kind: value("kind") as LedgerEntry["kind"],
    prevHash: value("prevHash"),
    from: bigintOf(document["from"]),
    to: bigintOf(document["to"]),
    count: Number(document["count"]),
    outcomes: value("outcomes"),
    rawRoot: value("rawRoot"),
    evidence: value("evidence"),
    root: value("root"),
    contractSet: value("contractSet"),
    engine: value("engine"),
    note: value("note"),
    hash: value("hash"),
  };
}

/** A document that no longer says anything the gateway writes becomes `unreadable`: the audit has to name it, not die of it. */
export function readRow(kind: "validated" | "failed" | "receipt", document: Document): StoredRow {
  try {
    switch (kind) {
      case "validated":
        requireSamePayload(document);
        return readValidated(document);
      case "failed":
        return readFailed(document);
      case "receipt":
        return readReceipt(document);
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : "it cannot be read";
    const position = {
      stream: String(document["stream"]),
      topic: String(document["topic"]),
      partition: Number(document["partition"]),
      offset: bigintOf(document["offset"]),
    };
    return {
      kind: "unreadable",
      id: document._id,
      position,
      message: `a ${kind} object cannot be read: ${message}`,
    };
  }
}

export function readValidated(document: Document): ValidatedRow {
  const kept = document["raw"] !== null || document["rawHash"] === "-" || document["payload"] === undefined;
  return {
    kind: "validated",
    id: document._id,
    ...readOccurrence(document),
    contract: contractOf(document["contract"]),
    declaredBy: declaration(document),
    ...(kept ? {} : { payloadText: jsonTextOf(document["payload"]) }),
  };
}

/**
 * Leaves the payload out of what is read where the bytes say the same, as a stage of an aggregation: it is the larger part of a
 * document, and all there is of one whose bytes are not kept.
 */
export const PAYLOAD_WITHOUT_BYTES: BsonDocument = {
  $cond: [{ $eq: [{ $ifNull: ["$raw", "$rawChunks", null] }, null] }, "$payload", "$$REMOVE"],
};

/** The payload is the bytes once more, for those who query; when it was read and is not, somebody changed one of them. */
function requireSamePayload(document: Document): void {
  const raw = bytes(document["raw"]);
  if (!("payload" in document) || raw === null) return;
  if (!isSamePayload(document["payload"], parsed(raw, headersOf(document["headers"]))))
    throw new Error("its payload is not what its bytes say");
}

function parsed(raw: Uint8Array, headers: readonly Header[]): JsonValue | undefined {
  try {
    const payload = payloadBytes(raw, headers);
    return parseJson(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString("utf8"));
  } catch {
    // Bytes that are damaged are the audit's own finding: their hash is wrong.
    return undefined;
  }
}

export function readFailed(document: Document): FailedRow {
  const bound = document["contract"] !== null;
  const reason = document["reason"] as FailureReason;
  if (failureCode(reason) !== text(document, "code")) throw new Error("its code is not that of its reason");
  return {
    kind: "failed",
    id: document._id,
    ...readOccurrence(document),
    contract: bound ? contractOf(document["contract"]) : null,
    declaredBy: bound ? declaration(document) : null,
    reason,
    fingerprint: text(document, "fingerprint"),
    machineId: document["machineId"] === null ? null : text(document, "machineId"),
  };
}

function readReceipt(document: Document): ReceiptRow {
  return {
    kind: "receipt",
    id: document._id,
    ...readOccurrence(document),
    contract: contractOf(document["contract"]),
    declaredBy: declaration(document),
    collection: text(document, "collection"),
    duplicateOf: text(document, "duplicateOf"),
    storedAt: text(document, "storedAt"),
  };
}

function readOccurrence(document: Document): Occurrence {
  return {
    position: positionOf(document),
    timestampMs: exactInteger(bigintOf(document["timestampMs"])),
    key: bytes(document["key"]),
    headers: headersOf(document["headers"]),
    raw: bytes(document["raw"]),
    rawHash: text(document, "rawHash"),
  };
}

function positionOf(document: Document): Position {
  return {
    stream: text(document, "stream"),
    topic: text(document, "topic"),
    partition: Number(document["partition"]),
    offset: bigintOf(document["offset"]),
  };
}

/** @throws when the field holds no headers. */
export function headersOf(value: unknown): readonly Header[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new Error("its headers are no list");
  return (value as readonly { name?: unknown; value?: unknown }[]).map((header) => {
    if (typeof header.name !== "string") throw new Error("a header has no name");
    return [header.name, bytes(header.value) ?? new Uint8Array(0)];
  });
}

function contractOf(value: unknown): ContractRef {
  const { subject, version, digest } = (value ?? {}) as Record<string, unknown>;
  if (typeof subject !== "string" || typeof digest !== "string") throw new Error("its contract is not named");
  return { subject, version: Number(version), digest };
}

function declaration(document: Document): Declaration {
  const value = text(document, "declaredBy");
  const known = DECLARATIONS.find((one) => one === value);
  if (known === undefined) throw new Error("its way of declaration is none there is");
  return known;
}

export function bigintOf(value: unknown): bigint {
  return typeof value === "bigint" ? value : BigInt(Math.trunc(Number(value)) || 0);
}

function text(document: Document, field: string): string {
  const value = document[field];
  if (typeof value !== "string") throw new Error(`its ${field} is not text`);
  return value;
}

function bytes(value: unknown): Uint8Array | null {
  if (value === null || value === undefined) return null;
  if (!(value instanceof Uint8Array)) throw new Error("what should be bytes is not");
  return value;
}
