import type { FailureReason } from "../core/failure.ts";
import type { Redaction } from "./redact.ts";
import type { FailureRecord } from "../store/failures.ts";

/** What the newest failures of a group have in common. */
export type GroupSample = {
  /** How many failures were looked at: all, up to 1,000. */
  readonly looked: number;
  /** Most frequent first, up to 20 each. */
  readonly producers: readonly Counted[];
  /** What was found in the place of what the contract asks: kinds of values, and the values where the contract shows them. */
  readonly values: readonly Counted[];
  readonly declaredBy: readonly Counted[];
};

export type Counted = { readonly value: string; readonly count: number };

/** How many failures of a group are looked at. */
export const SAMPLE_MAX = 1_000;

const VALUES_MAX = 20;

/** @param newest the newest failures of the group, at most {@link SAMPLE_MAX}. */
export function sampleOf(newest: readonly FailureRecord[], redaction: Redaction): GroupSample {
  return {
    looked: newest.length,
    producers: frequent(newest.map(({ producer }) => producer ?? "")),
    values: frequent(
      newest.flatMap(
        ({ reason, contract }) => gotOf(reason === null ? null : redaction.reason(contract, reason)) ?? [],
      ),
    ),
    declaredBy: frequent(newest.map(({ declaredBy }) => declaredBy ?? "")),
  };
}

/** The value of the first violation in words: `got` names its kind, and the value only where the contract shows it (x-show-value). */
function gotOf(reason: FailureReason | null): string | null {
  return reason?.kind === "schema" ? reason.violations[0].got : null;
}

function frequent(values: readonly string[]): readonly Counted[] {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== "") counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, VALUES_MAX);
}
