import { exactInteger } from "../../json/exact-integer.ts";
import type { LedgerEntry } from "../../ledger/entry.ts";
import type { Document } from "./bson-reader.ts";

/** Makes the document of an entry. @param packed its evidence fields (packed-evidence.ts); empty for an entry without records. */
export function entryDocument(
  entry: LedgerEntry,
  packed: { readonly packed?: Uint8Array; readonly pieces?: number },
): Document {
  const { seq, count, newestMs, ...rest } = entry;
  const whole = { seq: BigInt(seq), count: BigInt(count), newestMs: BigInt(newestMs) };
  return { _id: `${entry.stream}|${seq}`, ...rest, ...whole, ...packed };
}

/** Reads an entry without validating its fields: a changed entry must reach the audit, which finds the change by its hashes. */
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

/** Converts a decoded number of any type to a bigint; 0 when it is no number. */
export function bigintOf(value: unknown): bigint {
  return typeof value === "bigint" ? value : BigInt(Math.trunc(Number(value)) || 0);
}
