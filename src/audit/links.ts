import { entryHash, GENESIS, type LedgerEntry } from "../ledger/entry.ts";
import type { Resolved } from "../gateway/resolution.ts";
import type { Finding, FindingCode } from "./finding.ts";

/**
 * Checks that an entry records correctly how the entry before was applied.
 * @param resolved the expected record; null when it is unknown.
 */
export function checkApplied(
  { stream, seq, applied, holders }: LedgerEntry,
  resolved: Resolved | null,
): readonly Finding[] {
  if (resolved === null || (resolved.applied === applied && resolved.holders === holders)) return [];
  const differing = resolved.applied === applied ? "who holds the facts" : `${applied}, and it is ${resolved.applied}`;
  const message = `what became of the records of entry ${seq - 1} is not what entry ${seq} says: ${differing.slice(0, 500)}`;
  return [{ code: "APPLIED", stream, seq: seq - 1, offset: null, message }];
}

/** Checks that an entry matches its hash, has its contract set, and follows the entry before. */
export function checkLink(
  stream: string,
  previous: LedgerEntry | null,
  entry: LedgerEntry,
  hasSet: (digest: string) => boolean,
): readonly Finding[] {
  const { seq } = entry;
  const findings: Finding[] = [];
  const found = (code: FindingCode, message: string): void =>
    void findings.push({ code, stream, seq, offset: null, message });
  if (entryHash(entry) !== entry.hash) found("LEDGER_HASH", `entry ${seq} does not have the hash it carries`);
  if (!hasSet(entry.contractSet)) found("CONTRACT_SET", `contract set ${entry.contractSet} cannot be read`);
  const expected = previous === null ? 0 : previous.seq + 1;
  if (seq !== expected) {
    const missing = seq - expected === 1 ? `entry ${expected} is` : `entries ${expected} to ${seq - 1} are`;
    found("LEDGER_GAP", `${missing} missing`);
    return findings;
  }
  if (previous !== null && Number(entry.engine) < Number(previous.engine))
    found("ENGINE_ORDER", `entry ${seq} was decided by engine ${entry.engine}, the one before by ${previous.engine}`);
  if (previous === null && entry.kind !== "INIT") found("LEDGER_GAP", "the chain does not begin with INIT");
  if (entry.prevHash !== (previous?.hash ?? GENESIS))
    found("LEDGER_LINK", `entry ${seq} does not follow entry ${seq - 1}`);
  if (entry.to < entry.from || (previous !== null && entry.from !== previous.to)) {
    found(
      "LEDGER_RANGE",
      `entry ${seq} covers [${entry.from}, ${entry.to}), the one before ends at ${previous?.to ?? "-"}`,
    );
  }
  return findings;
}
