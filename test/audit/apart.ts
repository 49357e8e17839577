import { expect } from "vitest";
import { audit } from "../../src/audit/audit.ts";
import { compiledSetsOf, judgeApart, type Judges } from "../../src/audit/judges.ts";
import type { AuditOptions, AuditReport } from "../../src/audit/report.ts";
import type { StoreReads } from "../../src/store/store.ts";

/** Audits a store at rest twice: all by itself, and with entries judged apart, as threads do. The reports must be equal. */
export async function auditBothWays(reads: StoreReads, options: AuditOptions): Promise<AuditReport> {
  const report = await audit(reads, options);
  expect(await audit(reads, { ...options, judges: await judgesOver(reads) })).toEqual(report);
  return report;
}

/** Judges that read the same store as the audit, for every entry. */
export async function judgesOver(reads: StoreReads): Promise<Judges> {
  const sets = await compiledSetsOf(reads);
  return {
    judge: async (note, entry) => judgeApart(reads, sets, note, entry).catch(() => null),
    integrity: async () => reads.integrity(),
    entriesMin: 1,
    ahead: 4,
  };
}
