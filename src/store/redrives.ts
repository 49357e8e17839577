/** Some of the frozen offsets of a redrive plan. The pages of one source stream join: each begins where the one before ends. */
export type RedrivePage = {
  readonly plan: string;
  /** Id of the source stream. */
  readonly stream: string;
  readonly from: bigint;
  readonly to: bigint;
  /** Number of the plan's offsets in `[from, to)`. */
  readonly count: number;
  /** The offsets in run lengths that begin at `from`: `R` is of the plan, `-` is not. Example: `"R3-2R1"`. */
  readonly runs: string;
};

/** Which failures of a collection are asked for; null: any. */
export type FailureScan = {
  readonly fingerprint: string | null;
  readonly code: string | null;
  /** Numbers of streams. */
  readonly streams: readonly number[] | null;
  /** Offsets `[from, to)`. */
  readonly from: bigint | null;
  readonly to: bigint | null;
  /** Record times `[fromMs, toMs)` in milliseconds since the epoch. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
};

/** The position of a stored failure. */
export type FailurePlace = { readonly stream: number; readonly offset: bigint };

/** The key under which the stores keep when the runner of a plan was last at work, beside the plan. No plan has such an id. */
export function seenKey(plan: string): string {
  return `${plan}/seen`;
}

/** What a store keeps of redrives, besides the operator log: their plans. A plan is never changed. */
export type RedriveWrites = {
  /** Stores pages of a plan. The same page again changes nothing. */
  readonly putRedrivePages: (pages: readonly RedrivePage[]) => Promise<void>;
  /** Stores the header of a plan as text, under the plan's id. The same id again changes nothing. */
  readonly putRedrive: (plan: string, text: string) => Promise<void>;
  /** Stores when the runner of a plan was last at work, as text in the place of the one before. */
  readonly noteRedriveSeen: (plan: string, at: string) => Promise<void>;
};

export type RedriveReads = {
  /** The header of a plan; null when there is none. */
  readonly redrive: (plan: string) => Promise<string | null>;
  /** When the runner of a plan was last at work, as it was noted; null when it never was. */
  readonly redriveSeen: (plan: string) => Promise<string | null>;
  /** The page of a plan whose range covers the offset of a source stream; null when there is none. */
  readonly redrivePage: (plan: string, stream: string, offset: bigint) => Promise<RedrivePage | null>;
  /** Finds failures, in pages and in no order that matters. Failures that are stored meanwhile may be among them. */
  readonly failurePlaces: (collection: string, scan: FailureScan) => AsyncIterable<readonly FailurePlace[]>;
};
