/** One trace to look at among the values that a series counted. */
export type Exemplar = {
  /** W3C trace id, 32 hexadecimal digits. */
  readonly traceId: string;
  readonly value: number;
  /** Unix time in milliseconds. */
  readonly atMs: number;
};

/** What a metric is: one row of the reference page, and the head of a family on the metrics page. */
export type Definition = {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of the classic buckets, ascending, in the metric's unit; only for a histogram. */
  readonly bounds?: readonly number[];
};

/** A number under the values of the family's labels. */
export type Sample = {
  readonly labels: readonly string[];
  readonly value: number;
  readonly exemplar?: Exemplar | null;
};

/** The values that a histogram counted, in both forms. */
export type Distribution = {
  readonly labels: readonly string[];
  readonly count: number;
  readonly sum: number;
  /** How many values each classic bucket has, one element more than there are bounds: the last is for values above all bounds. */
  readonly counts: readonly number[];
  /** The latest exemplar of each classic bucket. */
  readonly exemplars: readonly (Exemplar | null)[];
  readonly native: Native;
};

/** A native histogram: the bucket `i` holds the values v with base^(i-1) < v <= base^i, where base is 2^(2^-schema). */
export type Native = {
  readonly schema: number;
  /** Number of values of 0. */
  readonly zeros: number;
  /** Pairs of bucket and number of values, by bucket. */
  readonly buckets: readonly (readonly [bucket: number, count: number])[];
};

/** All series of one metric. */
export type Family =
  | { readonly of: Definition & { readonly type: "counter" | "gauge" }; readonly samples: readonly Sample[] }
  | { readonly of: Definition & { readonly type: "histogram" }; readonly samples: readonly Distribution[] };
