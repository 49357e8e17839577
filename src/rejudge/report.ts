import { hash } from "node:crypto";
import { canonicalText } from "../json/canonical.ts";

/**
 * The cells of the flip matrix: the recorded decision, then the candidate's. Two failures have the same cause when
 * their fingerprints differ only by the version.
 */
export const CELLS = ["passToPass", "passToFail", "failToPass", "failToFailSame", "failToFailChanged"] as const;

export type Cell = (typeof CELLS)[number];

/** Number of records in each cell. */
export type Counts = Readonly<Record<Cell, number>>;

/** Positions of the first records of each kind of flip, as `topic/partition@offset`; never a part of a payload. */
export type Examples = Readonly<Partial<Record<Cell, readonly string[]>>>;

/** The records of one producer, or the failures of one cause. */
export type Group = {
  /** The producer, or the fingerprint. */
  readonly name: string;
  /** The cause in words for a fingerprint; null for a producer. */
  readonly cause: string | null;
  readonly counts: Counts;
  readonly examples: Examples;
};

/** The flip matrix, whole and in groups. */
export type Flips = {
  /** Records that did not declare the candidate's version. The groups below count these. */
  readonly counts: Counts;
  readonly examples: Examples;
  /** Records that already declared the candidate's version: judged by it, or refused because it was not active. */
  readonly declared: Counts;
  /** Records that pass before and after, but whose machine id changes, so that they become other facts. */
  readonly identityChanged: number;
  /** Groups of records, those with the most newly failing records first. */
  readonly producers: readonly Group[];
  readonly fingerprints: readonly Group[];
  /** Whether there were too many to count separately; the rest is summed under "(other)". */
  readonly otherProducers: boolean;
  readonly otherFingerprints: boolean;
};

/** How much of the history the matrix covers. */
export type Coverage = {
  /** Decided records in the range. */
  readonly decided: number;
  /** Records in the matrix. */
  readonly redecided: number;
  /** Records left out because a version other than the requested one had judged them. */
  readonly otherVersions: number;
  readonly notRedecided: {
    /** Records whose bytes are not kept. */
    readonly bytesNotKept: number;
    /** Records whose document, bytes or contract set cannot be read; `sigma audit` tells more. */
    readonly unreadable: number;
    /** Records below the start of the log, or of a topic that it has lost. */
    readonly notInLog: number;
    /** Decided records without a readable document, for example because a gateway is still writing it. */
    readonly notStored: number;
  };
  /** The contract sets that decided the records, by digest. */
  readonly contractSets: readonly { readonly digest: string; readonly records: number }[];
  /** The ranges read: offsets `[from, to)` as text, since they may exceed 2^53. */
  readonly streams: readonly {
    readonly stream: string;
    readonly topic: string;
    readonly partition: number;
    readonly from: string;
    readonly to: string;
    readonly records: number;
  }[];
};

/** What a candidate would have changed. All of it follows from the history and the candidate. */
export type WhatIfBody = {
  readonly subject: string;
  readonly candidate: { readonly version: number; readonly digest: string };
  /** Only records that this version had judged; null for all versions. */
  readonly of: number | null;
  readonly source: "store" | "log";
  /** Engine version that judged for this report. */
  readonly engine: string;
  readonly flips: Flips;
  /** Duplicates, and conflicts; null when the records were read from a log. */
  readonly duplicates: number | null;
  readonly conflicts: number | null;
  readonly coverage: Coverage;
};

export type WhatIfReport = WhatIfBody & { readonly digest: string };

/** Passed records that would fail with the candidate. */
export function newlyFailing({ flips }: WhatIfBody): number {
  return flips.counts.passToFail + flips.declared.passToFail;
}

/** Completes a report with its digest. */
export function sealReport(body: WhatIfBody): WhatIfReport {
  return { ...body, digest: reportDigest(body) };
}

/**
 * "sha256:" and the SHA-256 of the report's RFC 8785 form without the examples, whose number says nothing about the
 * candidate. The same history and candidate give the same digest, however they are read.
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
