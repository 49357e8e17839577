import type { Definition, Distribution, Exemplar, Family } from "./family.ts";
import { createSeries } from "./series.ts";

/** Eight native buckets for each doubling: a value is known to within 9 %. */
const SCHEMA = 3;
/** Most native buckets of a series. Beyond, neighbours are merged two by two, as clients of Prometheus do. */
const BUCKETS_MAX = 160;

/** Counts values in classic and in native buckets. */
export type Histogram = {
  /** @param weight how many values this one stands for. */
  readonly observe: (labels: readonly string[], value: number, weight?: number) => void;
  /** Gives the exemplar to the bucket of its value, which was observed before. */
  readonly mark: (labels: readonly string[], exemplar: Exemplar) => void;
  readonly family: () => Family;
};

export type HistogramDefinition = Definition & { readonly type: "histogram"; readonly bounds: readonly number[] };

type Counting = { -readonly [Field in keyof Omit<Distribution, "native">]: Distribution[Field] } & {
  readonly counts: number[];
  readonly exemplars: (Exemplar | null)[];
  zeros: number;
  schema: number;
  buckets: Map<number, number>;
};

export function createHistogram(of: HistogramDefinition): Histogram {
  const { bounds } = of;
  const series = createSeries<Counting>(of, (labels) => ({
    labels,
    count: 0,
    sum: 0,
    counts: Array.from({ length: bounds.length + 1 }, () => 0),
    exemplars: Array.from({ length: bounds.length + 1 }, () => null),
    zeros: 0,
    schema: SCHEMA,
    buckets: new Map(),
  }));
  return {
    observe: (labels, value, weight = 1) => {
      const one = series.of(labels);
      one.count += weight;
      one.sum += value * weight;
      const place = placeOf(bounds, value);
      one.counts[place] = (one.counts[place] ?? 0) + weight;
      countNatively(one, value, weight);
    },
    mark: (labels, exemplar) => void (series.of(labels).exemplars[placeOf(bounds, exemplar.value)] = exemplar),
    family: () => ({ of, samples: series.all().map(distributionOf) }),
  };
}

/** The classic bucket of a value. */
function placeOf(bounds: readonly number[], value: number): number {
  let place = 0;
  while (place < bounds.length && value > (bounds[place] ?? 0)) place += 1;
  return place;
}

function countNatively(one: Counting, value: number, weight: number): void {
  if (value <= 0) {
    one.zeros += weight;
    return;
  }
  const bucket = Math.ceil(Math.log2(value) * 2 ** one.schema);
  one.buckets.set(bucket, (one.buckets.get(bucket) ?? 0) + weight);
  while (one.buckets.size > BUCKETS_MAX) {
    one.schema -= 1;
    const merged = new Map<number, number>();
    for (const [index, count] of one.buckets) {
      const into = Math.ceil(index / 2);
      merged.set(into, (merged.get(into) ?? 0) + count);
    }
    one.buckets = merged;
  }
}

function distributionOf({ zeros, schema, buckets, ...rest }: Counting): Distribution {
  return { ...rest, native: { schema, zeros, buckets: [...buckets].toSorted(([a], [b]) => a - b) } };
}
