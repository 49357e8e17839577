/**
 * What a language model said of a group of failures, or that it could not be asked. The store keeps it as it is: as a text that
 * nobody has verified. It is no part of the ledger, and no decision reads it.
 */
export type AdviceNote = {
  /** The group. */
  readonly fingerprint: string;
  /** When the model was asked, in milliseconds since the epoch. */
  readonly atMs: number;
  /** JSON (diagnosis/diagnosis.ts). */
  readonly text: string;
};

export type AdviceWrites = {
  /** Stores the advice on a group in place of any that it had. */
  readonly putAdvice: (note: AdviceNote) => Promise<void>;
};

export type AdviceReads = {
  /** The advice on a group; null when there is none. */
  readonly advice: (fingerprint: string) => Promise<AdviceNote | null>;
  /** On how many groups there is advice that was asked for at this time or later. */
  readonly adviceSince: (fromMs: number) => Promise<number>;
};
