import { CHANGE_RULES } from "../inclusion/change-rules.ts";
import { compareVersions, type Verdict } from "../inclusion/inclusion.ts";
import { toJsonText } from "../json/json-text.ts";
import type { Diff, DiffVerdict, Questions } from "./question.ts";

/** Changes and reasons beyond these are counted and not listed. */
const CHANGES_MAX = 1_000;
const REASONS_MAX = 50;
/** Characters of a witness and of the value of a change. A witness can be as large as the schemas. */
const WITNESS_MAX = 65_536;
const VALUE_MAX = 2_000;

const SEED = 1;

/** Compares two versions of a contract as `sigma contract diff` does, without fixtures to begin the search with. */
export function diffContents({ before, after }: Questions["diff"]): Diff {
  try {
    const { changes, backward, forward } = compareVersions(before, after, { seed: SEED });
    return {
      kind: "diffed",
      changes: changes.slice(0, CHANGES_MAX).map(({ rule, effect, pointer, keyword, ...values }) => ({
        rule,
        effect,
        meaning: CHANGE_RULES[rule].meaning,
        pointer,
        keyword,
        before: valueText(values.before),
        after: valueText(values.after),
      })),
      omitted: Math.max(0, changes.length - CHANGES_MAX),
      backward: verdictOf(backward),
      forward: verdictOf(forward),
    };
  } catch (error) {
    // RangeError: the stack overflowed, or a string, a list or a map reached its maximum size.
    if (error instanceof RangeError) return { kind: "too-deep" };
    throw error;
  }
}

function verdictOf(verdict: Verdict): DiffVerdict {
  const none = { kind: verdict.kind, witness: null, violations: [], undecided: [] } as const;
  switch (verdict.kind) {
    case "compatible":
      return none;
    case "incompatible": {
      const witness = toJsonText(verdict.witness);
      const violations = verdict.violations.slice(0, REASONS_MAX).map((one) => ({
        pointer: "pointer" in one ? one.pointer : null,
        detail: one.message,
        keyword: "keyword" in one ? one.keyword : null,
        rule: "keyword" in one ? null : one.id,
      }));
      return { ...none, witness: witness.length > WITNESS_MAX ? null : witness, violations };
    }
    case "unknown": {
      const undecided = verdict.undecided
        .slice(0, REASONS_MAX)
        .map(({ pointer, reason }) => ({ pointer, reason: shortened(reason) }));
      return { ...none, undecided };
    }
  }
}

function valueText(value: unknown): string | null {
  return value === undefined ? null : shortened(toJsonText(value));
}

function shortened(text: string): string {
  return text.length <= VALUE_MAX ? text : `${text.slice(0, VALUE_MAX).toWellFormed()}…`;
}
