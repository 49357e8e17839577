import type { FailureReason } from "../core/failure.ts";
import { brokenConstraint } from "../core/fingerprint.ts";
import type { StoreReads } from "../store/store.ts";
import type { Group } from "./groups.ts";
import type { Redaction } from "./redact.ts";
import { summaryOf } from "./recipe.ts";

type Reads = Pick<StoreReads, "failureCollections" | "failurePage">;

/** Fingerprints whose line is kept. A group is a constraint of a contract version that was broken: there are hundreds. */
const KEPT_MAX = 10_000;

/**
 * Says what is wrong in a group, in one line, from its newest failure; null where none is kept any more. What a fingerprint of a broken
 * constraint or rule is made of has no value of a payload and does not change, so that line is kept: a list of groups reads each failure
 * once. Lines of other failures tell of the record, which may be erased: they are read each time.
 */
export function openWhy(
  reads: Reads,
  redaction: Redaction,
): (group: Pick<Group, "fingerprint" | "code" | "contract">) => Promise<string | null> {
  const kept = new Map<string, string>();
  return async ({ fingerprint, code, contract }) => {
    const known = kept.get(fingerprint);
    if (known !== undefined) return known;
    const query = { fromMs: null, toMs: null, after: null, limit: 1, withPayload: false } as const;
    for (const collection of await reads.failureCollections()) {
      const [newest] = await reads.failurePage(collection, { ...query, along: { kind: "group", fingerprint } });
      if (newest === undefined) continue;
      const reason = newest.reason === null ? null : redaction.reason(contract, newest.reason);
      const shared = reason === null ? null : sharedLine(reason);
      if (shared !== null && kept.size < KEPT_MAX) kept.set(fingerprint, shared);
      return shared ?? lineOf(code, reason);
    }
    return null;
  };
}

/** What is wrong in the group of a failure, in one line. */
export function lineOf(code: string, reason: FailureReason | null): string {
  return (reason === null ? null : sharedLine(reason)) ?? summaryOf(code, reason);
}

/** What all failures of a group say, whatever their payloads; null where each speaks for itself. */
function sharedLine(reason: FailureReason): string | null {
  if (reason.kind === "rule") return reason.violations[0].message;
  if (reason.kind === "conflict") return "A fact with the same identity and other content was stored before";
  if (reason.kind !== "schema") return null;
  const [first] = reason.violations;
  const { place } = brokenConstraint(first);
  return `${place === "" ? "/" : place}: ${first.message}`;
}
