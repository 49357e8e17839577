import { hash } from "node:crypto";
import { canonicalText } from "../json/canonical.ts";

/**
 * What became of a record when the candidate judged it: its recorded verdict, then the candidate's. Two failures have the
 * same cause when their fingerprints differ in nothing but the version that judged.
 */
export const CELLS = ["passToPass", "passToFail", "failToPass", "failToFailSame", "failToFailChanged"] as const;

export type Cell = (typeof CELLS)[number];

/** How many records became what. */
export type Counts = Readonly<Record<Cell, number>>;

/** Positions of the first records of each kind of flip, as `topic/partition@offset`; never anything of a payload. */
export type Examples = Readonly<Partial<Record<Cell, readonly string[]>>>;

/** The records of one producer, or those that fail for one cause. */
export type Group = {
  /** The producer, or the fingerprint. */
  readonly name: string;
  /** What breaks, in words, for a fingerprint; null for a producer. */
  readonly cause: string | null;
  readonly counts: Counts;
  readonly examples: Examples;
};

/** The flip matrix, whole and in groups. */
export type Flips = {
  /** Records that did not name the candidate themselves. The groups below are of these. */
  readonly counts: Counts;
  readonly examples: Examples;
  /** Records that had named the candidate already: judged by it, or refused because it was not in force. */
  readonly declared: Counts;
  /** Of all that pass before and after: those that would be another fact, as their machine id changes. */
  readonly identityChanged: number;
  /** Worst first. */
  readonly producers: readonly Group[];
  readonly fingerprints: readonly Group[];
  /** More than are told apart: the rest is summed under "(other)". */
  readonly otherProducers: boolean;
  readonly otherFingerprints: boolean;
};

/** How much of the history the matrix speaks of. */
export type Coverage = {
  /** Records that were decided in the range. */
  readonly decided: number;
  /** Those that are in the matrix. */
  readonly redecided: number;
  /** Left out because another version than the one asked for had judged them. */
  readonly otherVersions: number;
  readonly notRedecided: {
    /** Their bytes are not kept. */
    readonly bytesNotKept: number;
    /** Their row, bytes or contract set can no longer be read; `sigma audit` says more. */
    readonly unreadable: number;
    /** They lie below the start of the log, or their topic is no longer in it. */
    readonly notInLog: number;
    /** They are decided, and no row of theirs is there that can be read: yet, while a gateway runs. */
    readonly notStored: number;
  };
  /** What had decided them, by digest. */
  readonly contractSets: readonly { readonly digest: string; readonly records: number }[];
  /** What was read: offsets `[from, to)` as text, as they may exceed 2^53. */
  readonly streams: readonly {
    readonly stream: string;
    readonly topic: string;
    readonly partition: number;
    readonly from: string;
    readonly to: string;
    readonly records: number;
  }[];
};

/** What a candidate would have changed. Everything in it follows from the history and the candidate. */
export type WhatIfBody = {
  readonly subject: string;
  readonly candidate: { readonly version: number; readonly digest: string };
  /** Only records that this version had judged; null: whichever had. */
  readonly of: number | null;
  readonly source: "store" | "log";
  /** Version of the decision semantics that judged for this report. */
  readonly engine: string;
  readonly flips: Flips;
  /** Records that were the same fact once more, and the same fact with other content; null where only the log was read. */
  readonly duplicates: number | null;
  readonly conflicts: number | null;
  readonly coverage: Coverage;
};

export type WhatIfReport = WhatIfBody & { readonly digest: string };

/** Records that passed and would fail: what a producer would notice. */
export function newlyFailing({ flips }: WhatIfBody): number {
  return flips.counts.passToFail + flips.declared.passToFail;
}

/** Completes a report with its digest. */
export function sealReport(body: WhatIfBody): WhatIfReport {
  return { ...body, digest: reportDigest(body) };
}

/**
 * "sha256:" and the SHA-256 of the report's RFC 8785 form, without the examples: how many of those are wanted says nothing
 * of the candidate. The same history and the same candidate give the same digest, however they are read.
 */
export function reportDigest(body: WhatIfBody): string {
  const { subject, candidate, of, source, engine, flips, duplicates, conflicts, coverage } = body;
  const { examples: _, producers, fingerprints, ...counted } = flips;
  const form = {
    subject,
    candidate,
    of,
    source,
    engine,
    flips: { ...counted, producers: producers.map(counts), fingerprints: fingerprints.map(counts) },
    duplicates,
    conflicts,
    coverage,
  };
  return `sha256:${hash("sha256", canonicalText(form))}`;
}

function counts({ name, cause, counts: numbers }: Group): Omit<Group, "examples"> {
  return { name, cause, counts: numbers };
}
