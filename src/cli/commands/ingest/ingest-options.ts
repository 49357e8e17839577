import type { GivenFields } from "./new-records.ts";

export type IngestOptions = GivenFields & {
  readonly topic?: string;
  readonly to?: string;
  readonly fromLine: string;
  readonly ndjson: boolean;
  /** Most failures that are printed. */
  readonly showFailures: number;
  /** Whether to exit with 10 when a record FAILED. */
  readonly strict: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
};
