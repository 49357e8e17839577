import { exactInteger } from "../../json/exact-integer.ts";
import type { LedgerEntry } from "../../ledger/entry.ts";
import type { Document } from "./bson-reader.ts";

/** @param packed the evidence, or how many pieces hold it; nothing for an entry without records. */
export function entryDocument(
  entry: LedgerEntry,
  packed: { readonly packed?: Uint8Array; readonly pieces?: number },
): Document {
  const { seq, count, newestMs, ...rest } = entry;
  const whole = { seq: BigInt(seq), count: BigInt(count), newestMs: BigInt(newestMs) };
  return { _id: `${entry.stream}|${seq}`, ...rest, ...whole, ...packed };
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
    evidence: value("evidence"),
    newestMs: exactInteger(bigintOf(document["newestMs"])),
    applied: value("applied"),
    holders: value("holders"),
    root: value("root"),
    contractSet: value("contractSet"),
    engine: value("engine"),
    note: value("note"),
    hash: value("hash"),
  };
}

/** A whole number as it was read, of whatever type; 0 when it is none. */
export function bigintOf(value: unknown): bigint {
  return typeof value === "bigint" ? value : BigInt(Math.trunc(Number(value)) || 0);
}
