import { canonicalText } from "../json/canonical.ts";
import type { CompiledVersion, ContractRef } from "../core/compiled.ts";
import { judge } from "../core/decide.ts";
import { failureCode, LOSSY_NUMBER, type FailureReason } from "../core/failure.ts";
import { fingerprint } from "../core/fingerprint.ts";
import { compilePointers } from "../core/identity.ts";
import type { JsonValue } from "../json/json.ts";
import type { Parsed } from "../core/long-integers.ts";
import type { Flip } from "./flips.ts";

/** The recorded decision of a record. */
export type Recorded = {
  readonly passed: boolean;
  /** The version that judged or refused the record; null when it resolved to none, or this is unknown. */
  readonly version: number | null;
  /** Code of its failure; null when it passed. */
  readonly code: string | null;
  readonly fingerprint: string | null;
};

/** A parsed payload, or why the bytes are not one. */
export type ParsedOrReason = Parsed | { readonly ok: false; readonly reason: FailureReason };

export type Rejudge = {
  /**
   * Whether the candidate judges the record. A record that no contract judged (malformed, no version found) and one
   * that the store could not hold keep their decision, except a record that declared the candidate's version and was
   * refused only because that version was not active.
   */
  readonly concerns: (recorded: Recorded) => boolean;
  /** The flip of a record that keeps its decision. */
  readonly keep: (recorded: Recorded) => Flip;
  /** The flip of a record as if the candidate had replaced the version that judged it. */
  readonly judge: (parsed: ParsedOrReason, recorded: Recorded) => Flip;
};

/**
 * Codes of failures that depend on the version; a number that no double represents passes where the version declares it
 * as `int64`.
 */
const JUDGED: ReadonlySet<string> = new Set(["schema", "rule", "unexplained", LOSSY_NUMBER]);

/** Codes for a valid payload whose version was found but may not judge. */
const NOT_ACTIVE: ReadonlySet<string> = new Set(["contract-not-active", "contract-retired", "contract-not-accepted"]);

const NO_CAUSE = (): string => "";

/**
 * Creates the rejudging of records.
 * @param candidate makes no machine ids ({@link compileCandidate}).
 * @param identities the pointers of the subject's versions, by number: a record's machine id changes when other fields,
 * or the same in another order, identify the fact. A version that is not listed is assumed to have the candidate's.
 */
export function createRejudge(
  candidate: CompiledVersion,
  pointers: readonly string[],
  identities: ReadonlyMap<number, readonly string[]>,
): Rejudge {
  const { subject, version: number } = candidate.ref;
  const refs = new Map<number, ContractRef>();
  const refOf = (version: number): ContractRef => {
    const known = refs.get(version);
    if (known !== undefined) return known;
    const made = { subject, version, digest: "" };
    refs.set(version, made);
    return made;
  };
  const otherIdentities = new Map(
    [...identities]
      .filter(([, own]) => own.join("\u0000") !== pointers.join("\u0000"))
      .map(([version, own]) => [version, compilePointers(own)]),
  );
  const identityChanged = (payload: JsonValue, version: number | null): boolean => {
    if (otherIdentities.size === 0 || version === null) return false;
    const before = otherIdentities.get(version)?.(payload);
    const after = candidate.identity(payload);
    if (before === undefined || "missing" in before || "missing" in after) return false;
    return canonicalText(before) !== canonicalText(after);
  };
  const sameCause = (reason: FailureReason, { version, fingerprint: before }: Recorded): boolean =>
    fingerprint(reason, version === null ? null : refOf(version)) === before;

  return {
    concerns: ({ code, version }) => {
      if (code === null || JUDGED.has(code)) return true;
      return version === number && NOT_ACTIVE.has(code);
    },
    keep: ({ passed, version, code, fingerprint: before }) => ({
      cell: passed ? "passToPass" : "failToFailSame",
      fingerprint: before,
      cause: () => code ?? "",
      declared: version === number,
      identityChanged: false,
    }),
    judge: (parsed, recorded) => {
      const { passed, version } = recorded;
      const declared = version === number;
      const decision = parsed.ok ? judge(parsed, candidate, "header") : failedBy(parsed.reason, candidate.ref);
      if (decision.status === "ACCEPTED") {
        const changed = passed && parsed.ok && identityChanged(parsed.payload, version);
        const cause = passed ? NO_CAUSE : (): string => recorded.code ?? "";
        const cell = passed ? "passToPass" : "failToPass";
        return { cell, fingerprint: passed ? null : recorded.fingerprint, cause, declared, identityChanged: changed };
      }
      const { reason } = decision;
      const cause = (): string => causeOf(reason);
      if (!passed && sameCause(reason, recorded)) {
        return { cell: "failToFailSame", fingerprint: decision.fingerprint, cause, declared, identityChanged: false };
      }
      const cell = passed ? "passToFail" : "failToFailChanged";
      return { cell, fingerprint: decision.fingerprint, cause, declared, identityChanged: false };
    },
  };
}

function failedBy(
  reason: FailureReason,
  ref: ContractRef,
): { readonly status: "FAILED"; readonly reason: FailureReason; readonly fingerprint: string } {
  return { status: "FAILED", reason, fingerprint: fingerprint(reason, ref) };
}

/** The cause in the contract's own words, without any part of a payload. */
function causeOf(reason: FailureReason): string {
  switch (reason.kind) {
    case "schema": {
      const { keyword, schemaPath } = reason.violations[0];
      return `schema ${keyword} at ${schemaPath === "" ? "/" : schemaPath}`;
    }
    case "rule":
      return `rule ${reason.violations[0].id}`;
    case "malformed":
    case "contract":
    case "conflict":
    case "store-rejected":
    case "unexplained":
    case "erased":
      return failureCode(reason);
  }
}
