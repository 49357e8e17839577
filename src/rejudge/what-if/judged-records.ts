import { decide, ENGINE, versionOfPassed } from "../../core/decide.ts";
import { failureCode, isMalformedForAll } from "../../core/failure.ts";
import type { Header, SourceRecord } from "../../core/record.ts";
import { payloadBytes } from "../../core/wire-format.ts";
import type { LedgerEntry, Outcome } from "../../ledger/entry.ts";
import type { PastSets } from "./sets.ts";

/** A decision and what it was made from, as little of it as judging again needs. */
export type JudgedRecord = {
  /** Its offset, counted from the beginning of its window. */
  readonly at: number;
  readonly kind: "validated" | "failed" | "receipt";
  /** Of the contract that judged or refused it; null when it resolved to none, or nobody knows any more. */
  readonly version: number | null;
  /** Code and fingerprint of a failure; null for the others. */
  readonly code: string | null;
  readonly fingerprint: string | null;
  readonly headers: readonly Header[];
  /**
   * The payload's own text, without a wire format's prefix; null when it was malformed (other than by a number that no double
   * keeps).
   */
  readonly text: string | null;
};

/**
 * The ledger says which way a record was decided; the version of one that passed follows from what it declares, and the code and
 * the fingerprint of one that failed from deciding it with the contract set it was decided with. Where that gives another outcome than the ledger has (another engine, a limit of the store),
 * the ledger's stands, unexplained.
 * @param from first offset of the window.
 */
export function judgedRecord(
  { position, headers, value }: SourceRecord,
  outcome: Outcome,
  from: bigint,
  { engine, contractSet }: Pick<LedgerEntry, "engine" | "contractSet">,
  sets: PastSets,
): JudgedRecord {
  const at = Number(position.offset - from);
  const set = engine === ENGINE ? sets.compiled(contractSet) : null;
  const record = { topic: position.topic, headers, value };
  if (outcome === "P") {
    const version = set === null ? null : (versionOfPassed(record, set)?.version ?? null);
    return { at, kind: "validated", version, code: null, fingerprint: null, headers, text: textOf(value, headers) };
  }
  const decision = set === null ? null : decide(record, set);
  const version = decision?.contract?.version ?? null;
  if (decision?.status !== "FAILED") {
    // It passed its contract, and the store could not keep it; or nobody can say.
    const code = decision === null ? "unexplained" : "store-rejected";
    return { at, kind: "failed", version, code, fingerprint: null, headers, text: textOf(value, headers) };
  }
  const { fingerprint } = decision;
  const code = failureCode(decision.reason);
  const text = isMalformedForAll(code) ? null : textOf(value, headers);
  return { at, kind: "failed", version, code, fingerprint, headers, text };
}

function textOf(value: Uint8Array | null, headers: readonly Header[]): string | null {
  if (value === null) return null;
  const bytes = payloadBytes(value, headers);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
}
