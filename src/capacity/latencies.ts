/** Records that were settled together; they arrived evenly between the first and the last. Times are in microseconds. */
export type Settled = { readonly records: number; readonly firstMicros: number; readonly lastMicros: number };

/** Waiting times, each with the number of records that it stands for. */
export type Latencies = {
  readonly add: (batch: Settled, nowMicros: number) => void;
  /** The time within which a part of the records was settled, in milliseconds. @param part 0 to 1. */
  readonly percentile: (part: number) => number;
};

/** So many records of a batch stand for all of it. */
const POINTS = 5;

export function createLatencies(): Latencies {
  const all: { readonly ms: number; readonly weight: number }[] = [];
  return {
    add: ({ records, firstMicros, lastMicros }, nowMicros) => {
      const points = Math.min(records, POINTS);
      for (let at = 0; at < points; at += 1) {
        const arrival = points === 1 ? lastMicros : firstMicros + ((lastMicros - firstMicros) * at) / (points - 1);
        all.push({ ms: (nowMicros - arrival) / 1_000, weight: records / points });
      }
    },
    percentile: (part) => {
      const sorted = all.toSorted((a, b) => a.ms - b.ms);
      const wanted = part * sorted.reduce((sum, { weight }) => sum + weight, 0);
      let sum = 0;
      const found = sorted.find(({ weight }) => {
        sum += weight;
        return sum >= wanted;
      });
      return found?.ms ?? 0;
    },
  };
}
