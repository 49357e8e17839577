import { useRef } from "preact/hooks";

type Settled = { readonly topic: string; readonly partition: number; readonly settledTo: number | null };
type Reading = { readonly atMs: number; readonly settled: ReadonlyMap<string, number> };

/** Readings over which the rate is taken. */
const READINGS = 5;

/** How fast streams settle, from the last readings of them. Null until there are two. */
export function useRates(streams: readonly Settled[]): {
  readonly perSecond: number | null;
  readonly of: (topic: string, partition: number) => number | null;
} {
  const readings = useRef<Reading[]>([]);
  const last = useRef<readonly Settled[]>([]);
  if (streams !== last.current && streams.length > 0) {
    last.current = streams;
    const settled = new Map(
      streams.map(({ topic, partition, settledTo }) => [`${topic}/${partition}`, settledTo ?? 0]),
    );
    readings.current = [...readings.current, { atMs: performance.now(), settled }].slice(-READINGS);
  }
  const [first] = readings.current;
  const now = readings.current.at(-1);
  const rateOf = (key: string): number | null => {
    if (first === undefined || now === undefined || first === now) return null;
    const before = first.settled.get(key);
    return before === undefined
      ? null
      : (((now.settled.get(key) ?? before) - before) * 1_000) / (now.atMs - first.atMs);
  };
  const rates = [...(now?.settled.keys() ?? [])].map(rateOf).filter((rate) => rate !== null);
  return {
    perSecond: rates.length === 0 ? null : rates.reduce((sum, rate) => sum + rate, 0),
    of: (topic, partition) => rateOf(`${topic}/${partition}`),
  };
}
