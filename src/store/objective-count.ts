/** How long the counts of a row go on, in seconds: a minute, or an hour, which is made of minutes. */
export type CountStep = 60 | 3600;

/**
 * What was counted of one indicator (slo/objective.ts: `indicatorOf`) in one minute or hour. The counts are of what people promise and
 * no part of any decision: they say when a worker saw something by its own clock, as no other document does.
 */
export type ObjectiveCount = {
  readonly indicator: string;
  readonly stepS: CountStep;
  /** Unix time in seconds, a multiple of the step. */
  readonly startS: number;
  /** The run of the gateway that counted, so that each writes rows of its own; "" for an hour, which is of all of them. */
  readonly writer: string;
  /** Records, or milliseconds of streams. Whole numbers. */
  readonly good: number;
  readonly bad: number;
};

/** Writes of counts. Each is durable when it resolves. */
export type ObjectiveWrites = {
  /** Puts counts in the place of those of the same indicator, step, start and writer: again, it changes nothing. */
  readonly putObjectiveCounts: (counts: readonly ObjectiveCount[]) => Promise<void>;
  /** Deletes the counts of a step that start before a time. */
  readonly dropObjectiveCounts: (stepS: CountStep, beforeS: number) => Promise<void>;
};

/** Reads of counts. A store that has none yet, or was made by an earlier build, has none. */
export type ObjectiveReads = {
  /** The counts of an indicator from a time on, by start and writer. */
  readonly objectiveCounts: (indicator: string, stepS: CountStep, fromS: number) => Promise<readonly ObjectiveCount[]>;
  /** When the oldest minute or hour of an indicator starts, in seconds; null when there is none. */
  readonly objectiveBegan: (indicator: string) => Promise<number | null>;
};
