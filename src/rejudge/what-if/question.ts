import type { Candidate } from "../candidate.ts";
import type { HistoryRange } from "./range.ts";

/** Which candidate is to judge which records. */
export type Question = {
  readonly candidate: Candidate;
  /** Only records that this version judged or refused; null for all records of the subject's topics. */
  readonly of: number | null;
  readonly range: HistoryRange;
  /** Example positions kept for each kind of flip, 0 .. 20. */
  readonly examplesMax: number;
};
