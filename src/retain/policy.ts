import type { RetainedKind } from "../operator/floors.ts";

/** How long something is kept. */
export type Term = {
  /** In milliseconds, by the times of the records in their log. */
  readonly ms: number;
  /** The setting that says so, and its value, as in `retention.failed 90d`. */
  readonly says: string;
};

/** What is kept how long. @returns null for what is kept for ever. */
export type Policy = (kind: RetainedKind, collection: string) => Term | null;
