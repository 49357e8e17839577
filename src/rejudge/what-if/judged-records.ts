import { decide, ENGINE, versionOfPassed } from "../../core/decide.ts";
import { failureCode, isMalformedForAll } from "../../core/failure.ts";
import type { Header, SourceRecord } from "../../core/record.ts";
import { payloadBytes } from "../../core/wire-format.ts";
import type { LedgerEntry, Outcome } from "../../ledger/entry.ts";
import type { PastSets } from "./sets.ts";

/** A recorded decision with the parts of the record that are needed to judge it again. */
export type JudgedRecord = {
  /** The record's offset, relative to the beginning of its window. */
  readonly at: number;
  readonly kind: "validated" | "failed" | "receipt";
  /** Version of the contract that judged or refused the record; null when it resolved to none, or this is unknown. */
  readonly version: number | null;
  /** Code and fingerprint of a failure; null for other records. */
  readonly code: string | null;
  readonly fingerprint: string | null;
  readonly headers: readonly Header[];
  /**
   * The payload's bytes without a wire-format prefix; null when the payload was malformed for another reason than a
   * number that no double represents.
   */
  readonly payload: Uint8Array | null;
};

/**
 * Rebuilds the recorded decision of a record. Its outcome is in the ledger. The version of a passed record follows from
 * what the record declares. The code and fingerprint of a failure come from deciding the record again with its own
 * contract set. Where that gives another outcome (another engine, a limit of the store), the ledger's outcome stands,
 * without an explanation.
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
    return {
      at,
      kind: "validated",
      version,
      code: null,
      fingerprint: null,
      headers,
      payload: payloadIn(value, headers),
    };
  }
  const decision = set === null ? null : decide(record, set);
  const version = decision?.contract?.version ?? null;
  if (decision?.status !== "FAILED") {
    // Either the record passed its contract and the store could not hold it, or the reason is unknown.
    const code = decision === null ? "unexplained" : "store-rejected";
    return { at, kind: "failed", version, code, fingerprint: null, headers, payload: payloadIn(value, headers) };
  }
  const { fingerprint } = decision;
  const code = failureCode(decision.reason);
  const payload = isMalformedForAll(code) ? null : payloadIn(value, headers);
  return { at, kind: "failed", version, code, fingerprint, headers, payload };
}

function payloadIn(value: Uint8Array | null, headers: readonly Header[]): Uint8Array | null {
  return value === null ? null : payloadBytes(value, headers);
}
