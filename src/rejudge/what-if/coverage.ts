import type { Coverage } from "../report.ts";
import type { Window, WindowEvidence } from "./windows.ts";

/** Why a record of the range is missing in the matrix. */
export type LeftOut = "otherVersions" | "bytesNotKept" | "unreadable";

/** Counts the records that a report covers, and those that it leaves out. */
export type CoverageCounter = {
  readonly window: (origin: { readonly topic: string; readonly partition: number }, window: Window) => void;
  readonly evidence: (window: Window, evidence: WindowEvidence) => void;
  readonly redecided: () => void;
  readonly leftOut: (why: LeftOut, records: number) => void;
  /** Records examined so far. */
  readonly records: () => number;
  readonly coverage: () => Coverage;
};

export function countCoverage(): CoverageCounter {
  const left: Record<LeftOut, number> = { otherVersions: 0, bytesNotKept: 0, unreadable: 0 };
  const bySet = new Map<string, number>();
  const streams = new Map<string, Coverage["streams"][number]>();
  let decided = 0;
  let redecided = 0;
  let notInLog = 0;
  let notStored = 0;
  return {
    window: ({ topic, partition }, { stream, from, to, records, contractSet }) => {
      decided += records;
      bySet.set(contractSet, (bySet.get(contractSet) ?? 0) + records);
      const before = streams.get(stream) ?? { stream, topic, partition, from: String(from), to: "", records: 0 };
      streams.set(stream, { ...before, to: String(to), records: before.records + records });
    },
    evidence: ({ records }, evidence) => {
      notInLog += evidence.notInLog;
      left.bytesNotKept += evidence.withoutEvidence;
      const told = evidence.rows.length + evidence.notInLog + evidence.withoutEvidence;
      notStored += Math.max(0, records - told);
    },
    redecided: () => {
      redecided += 1;
    },
    leftOut: (why, records) => {
      left[why] += records;
    },
    records: () => decided,
    coverage: () => ({
      decided,
      redecided,
      otherVersions: left.otherVersions,
      notRedecided: { bytesNotKept: left.bytesNotKept, unreadable: left.unreadable, notInLog, notStored },
      contractSets: [...bySet]
        .map(([digest, records]) => ({ digest, records }))
        .toSorted((a, b) => (a.digest < b.digest ? -1 : 1)),
      streams: [...streams.values()],
    }),
  };
}
