import { hash } from "node:crypto";
import { canonicalText } from "../../json/canonical.ts";
import type { JsonValue } from "../../json/json.ts";
import { PLAN_ID } from "../../ledger/redrive-stream.ts";
import { createLineHash, digestLines, putNumber, putText } from "../../ledger/line-hash.ts";
import { createRuns } from "../../ledger/proof.ts";
import type { OffsetList } from "./offset-set.ts";
import type { RedrivePage, RedriveReads } from "../../store/redrives.ts";

/** Which records a plan takes; null: any. Times are resolved, so that the same plan means the same later. */
export type Selection = {
  /** `failures`: records that are FAILED; `range`: every record. */
  readonly kind: "failures" | "range";
  readonly fingerprint: string | null;
  readonly code: string | null;
  readonly topic: string | null;
  readonly partition: number | null;
  /** Offsets `[from, to)` as decimal text. */
  readonly from: string | null;
  readonly to: string | null;
  /** Record times `[fromMs, toMs)`, milliseconds since the epoch. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
};

/** The frozen offsets of one source stream, as the header of a plan has them. */
export type PlannedStream = {
  /** Number of the source stream in the store. */
  readonly number: number;
  readonly stream: string;
  readonly topic: string;
  readonly partition: number;
  /** First offset, and the one behind the last, as decimal text. */
  readonly from: string;
  readonly to: string;
  readonly count: number;
};

/** Why records of a selection cannot be redriven. */
export type UnavailableReason =
  /** An operator erased the record. */
  | "erased"
  /** The evidence was not kept (`evidence: drop`). */
  | "evidence-dropped"
  /** Retention took the evidence. */
  | "evidence-outdated"
  /** The evidence is missing or damaged; the audit names it. */
  | "evidence-damaged"
  /** The live contract set binds no contract to the topic. */
  | "topic-unbound";

/** Records that would fail, by the group that they would be in. */
export type FailingGroup = {
  readonly fingerprint: string;
  readonly code: string;
  /** Such as `shipment@2`; null when no version judged. */
  readonly contract: string | null;
  /** RFC 6901 pointer of the first violation; null where there is none. */
  readonly pointer: string | null;
  readonly count: number;
};

/** What the live contracts said about the records when the plan was made. Nothing was stored. */
export type DryRun = {
  readonly passed: number;
  readonly failed: number;
  /** The largest groups of those that would fail. */
  readonly groups: readonly FailingGroup[];
  readonly groupsTotal: number;
  /** Records whose identity a stored fact with other content has. */
  readonly conflicts: number;
  /** Records that a stored fact has already. */
  readonly duplicates: number;
  /** Records whose identity an earlier record of the plan has: duplicates, or conflicts where the content differs. */
  readonly repeats: number;
  readonly unavailable: readonly { readonly reason: UnavailableReason; readonly count: number }[];
};

/** The header of a plan. The frozen offsets are in pages ({@link RedrivePage}). */
export type RedrivePlan = {
  readonly id: string;
  /** ISO 8601, by the clock of the one who planned. */
  readonly at: string;
  readonly actor: string;
  readonly reason: string;
  readonly selection: Selection;
  /** The version that is to judge; null: the one that each record declares. */
  readonly toVersion: number | null;
  /** The contracts of the records, in text order. */
  readonly subjects: readonly string[];
  /** {@link setDigest} of the live contract set. */
  readonly contractSet: string;
  readonly streams: readonly PlannedStream[];
  /** Number of frozen offsets, over all streams. */
  readonly count: number;
  /** {@link digestOf} of the frozen offsets. */
  readonly digest: string;
  readonly dryRun: DryRun;
};

/** The text that the store keeps of a plan, and its SHA-256 in hex, which the operator log has. */
export function sealPlan(plan: RedrivePlan): { readonly text: string; readonly digest: string } {
  const text = canonicalText(plan satisfies JsonValue);
  return { text, digest: hash("sha256", text) };
}

/** Reads a plan; null when there is none, or when its text is not what the operator log says. */
export async function readPlan(
  reads: Pick<RedriveReads, "redrive">,
  id: string,
  digest: string,
): Promise<RedrivePlan | null> {
  const text = PLAN_ID.test(id) ? await reads.redrive(id) : null;
  return text === null || hash("sha256", text) !== digest ? null : (JSON.parse(text) as RedrivePlan);
}

/** Offsets of one source stream. */
export type FrozenOffsets = { readonly stream: string; readonly offsets: OffsetList };

const SPACE = 0x20;
const NEWLINE = 0x0a;

/** SHA-256 in hex over a line `stream offset` for each offset, in the order of the plan's streams. */
export function createOffsetsDigest(): {
  readonly add: (stream: string, offset: bigint) => void;
  readonly end: () => string;
} {
  const lines = createLineHash();
  return {
    add: (stream, offset) => {
      putText(lines, stream, SPACE);
      putNumber(lines, offset, NEWLINE);
    },
    end: () => digestLines(lines),
  };
}

/** The digest of frozen offsets. */
export function digestOf(frozen: readonly FrozenOffsets[]): string {
  const digest = createOffsetsDigest();
  for (const { stream, offsets } of frozen)
    for (const slice of offsets.slices(PAGE_OFFSETS)) for (const offset of slice) digest.add(stream, offset);
  return digest.end();
}

/** Offsets in a page. */
const PAGE_OFFSETS = 10_000;

/** Divides frozen offsets into pages. */
export function* pagesOf(plan: string, { stream, offsets }: FrozenOffsets): Generator<RedrivePage> {
  let own: BigUint64Array | null = null;
  for (const next of offsets.slices(PAGE_OFFSETS)) {
    if (own !== null) yield pageOf(plan, stream, own, next[0] ?? 0n);
    own = next;
  }
  if (own !== null) yield pageOf(plan, stream, own, offsets.last + 1n);
}

/** @param to where the next page begins. */
function pageOf(plan: string, stream: string, own: BigUint64Array, to: bigint): RedrivePage {
  const from = own[0] ?? 0n;
  const runs = createRuns(from);
  for (const offset of own) runs.add(offset, "R");
  return { plan, stream, from, to, count: own.length, runs: runs.end(to) };
}
