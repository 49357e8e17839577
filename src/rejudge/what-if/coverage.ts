import type { Coverage } from "../report.ts";
import type { WindowTally } from "./judge-window.ts";
import type { Window } from "./windows.ts";

/** Counts the records that a report covers, and those that it leaves out. */
export type CoverageCounter = {
  readonly add: (
    origin: { readonly topic: string; readonly partition: number },
    window: Window,
    tally: WindowTally,
  ) => void;
  /** Records examined so far. */
  readonly records: () => number;
  readonly coverage: () => Coverage;
};

export function countCoverage(): CoverageCounter {
  const bySet = new Map<string, number>();
  const streams = new Map<string, Coverage["streams"][number]>();
  const left = { bytesNotKept: 0, unreadable: 0, notInLog: 0, notStored: 0 };
  let [decided, redecided, otherVersions] = [0, 0, 0];
  return {
    add: ({ topic, partition }, { stream, from, to, records, contractSet }, tally) => {
      decided += records;
      bySet.set(contractSet, (bySet.get(contractSet) ?? 0) + records);
      const before = streams.get(stream) ?? { stream, topic, partition, from: String(from), to: "", records: 0 };
      streams.set(stream, { ...before, to: String(to), records: before.records + records });
      redecided += tally.redecided;
      otherVersions += tally.otherVersions;
      left.bytesNotKept += tally.bytesNotKept;
      left.unreadable += tally.unreadable;
      left.notInLog += tally.notInLog;
      left.notStored += tally.notStored;
    },
    records: () => decided,
    coverage: () => ({
      decided,
      redecided,
      otherVersions,
      notRedecided: { ...left },
      contractSets: [...bySet]
        .map(([digest, records]) => ({ digest, records }))
        .toSorted((a, b) => (a.digest < b.digest ? -1 : 1)),
      streams: [...streams.values()],
    }),
  };
}
