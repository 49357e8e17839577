import type { Definition, Exemplar, Family } from "./family.ts";

/** Most series of one metric. What comes beyond is counted in a series whose labels all are {@link OTHER}. */
const SERIES_MAX = 20_000;
/** The value of every label of the series that counts what has no series of its own. */
export const OTHER = "other";

/** The series of one metric, made where they are first used. */
export function createSeries<Series>(
  { labels }: Definition,
  make: (values: readonly string[]) => Series,
  seriesMax: number = SERIES_MAX,
): { readonly of: (values: readonly string[]) => Series; readonly all: () => readonly Series[] } {
  const series = new Map<string, Series>();
  const of = (values: readonly string[]): Series => {
    const key = values.length === 1 ? (values[0] ?? "") : values.join("\n");
    const found = series.get(key);
    if (found !== undefined) return found;
    const others = labels.map(() => OTHER);
    if (series.size >= seriesMax && key !== others.join("\n")) return of(others);
    const made = make(values);
    series.set(key, made);
    return made;
  };
  return { of, all: () => [...series.values()] };
}

/** A number that only grows, by the values of its labels. */
export type Counter = {
  readonly add: (labels: readonly string[], count: number, exemplar?: Exemplar | null) => void;
  readonly family: () => Family;
};

export function createCounter(of: Definition & { readonly type: "counter" }, seriesMax?: number): Counter {
  type Counted = { readonly labels: readonly string[]; value: number; exemplar: Exemplar | null };
  const series = createSeries<Counted>(of, (labels) => ({ labels, value: 0, exemplar: null }), seriesMax);
  // A counter without labels is there from the start: its first step from 0 is a step that `increase` can see.
  if (of.labels.length === 0) series.of([]);
  return {
    add: (labels, count, exemplar = null) => {
      const one = series.of(labels);
      one.value += count;
      if (exemplar !== null) one.exemplar = exemplar;
    },
    family: () => ({ of, samples: series.all() }),
  };
}
