import type { Said } from "./new-records.ts";

export type IngestOptions = Said & {
  readonly topic?: string;
  readonly to?: string;
  readonly fromLine: string;
  readonly ndjson: boolean;
  /** How many failures are named. */
  readonly showFailures: number;
  /** Exit 10 when a record FAILED. */
  readonly strict: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
};
