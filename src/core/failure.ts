import type { PolicyCode } from "../json/json-scan.ts";
import type { Violation } from "../schema/violation.ts";

/** Faults of the bytes themselves, found before any contract is consulted. */
export type MalformedCode =
  | "empty"
  | "not-utf8"
  | "not-json"
  | "not-cloudevent"
  | PolicyCode
  | "too-large"
  | "too-deep"
  | "forbidden-key";

export type Malformed = {
  readonly kind: "malformed";
  readonly code: MalformedCode;
  /** For people; never quotes the payload. */
  readonly message: string;
  /** Offset of the fault in the record's value, when the fault has one. */
  readonly byteOffset: number | null;
  /** RFC 6901 pointer to the fault, when it has one. */
  readonly pointer: string | null;
};

export type ContractFailureCode = "undeclared" | "ambiguous" | "unknown" | "not-accepted" | "not-active" | "retired";

/** No version could judge the record. */
export type ContractFailure = {
  readonly kind: "contract";
  readonly code: ContractFailureCode;
  readonly message: string;
};

export type SchemaFailure = {
  readonly kind: "schema";
  readonly violations: readonly [Violation, ...Violation[]];
};

/** One broken business rule of the contract. */
export type RuleViolation = { readonly id: string; readonly message: string };

export type RuleFailure = {
  readonly kind: "rule";
  readonly violations: readonly [RuleViolation, ...RuleViolation[]];
};

/** A fact with the same identity was stored before with other content. The failure never holds the earlier payload. */
export type Conflict = {
  readonly kind: "conflict";
  /** Machine id of both records. */
  readonly storedId: string;
  /** Position id of the record that was stored. */
  readonly storedAt: string;
  /** SHA-256 of the RFC 8785 form of the stored payload, hex. */
  readonly storedDigest: string;
  /** SHA-256 of the RFC 8785 form of this payload, hex. */
  readonly digest: string;
};

/**
 * The record passed its contract, but the store's engine cannot hold it. This is decided before the ledger entry and is
 * no outage.
 */
type StoreRejected = { readonly kind: "store-rejected"; readonly message: string };

/** The ledger says FAILED, but another engine decided that and this build cannot reproduce the reason. */
type Unexplained = {
  readonly kind: "unexplained";
  readonly engine: string;
  readonly message: string;
};

/** The record was erased later. Only the code of its failure is kept. */
type Erased = { readonly kind: "erased"; readonly code: string };

/** Why a record is FAILED: a closed union, never a string. */
export type FailureReason =
  | Malformed
  | ContractFailure
  | SchemaFailure
  | RuleFailure
  | Conflict
  | StoreRejected
  | Unexplained
  | Erased;

/**
 * Stable machine-readable code of a reason: `<kind>` or `<kind>-<code>`. The set is bounded, so it can be a metric
 * label.
 */
export function failureCode(reason: FailureReason): string {
  switch (reason.kind) {
    case "malformed":
    case "contract":
      return `${reason.kind}-${reason.code}`;
    case "schema":
    case "rule":
    case "conflict":
    case "store-rejected":
    case "unexplained":
      return reason.kind;
    case "erased":
      return reason.code;
  }
}

/** The one malformed code that depends on the contract: another version may declare the number as `int64`. */
export const LOSSY_NUMBER = "malformed-lossy-number";

/** Whether a payload is malformed under every contract. @param code of its failure; null when it passed. */
export function isMalformedForAll(code: string | null): boolean {
  return code !== null && code !== LOSSY_NUMBER && code.startsWith("malformed-");
}

/** Describes a reason in one line, for people. */
export function describeFailure(reason: FailureReason): string {
  switch (reason.kind) {
    case "malformed":
    case "contract":
    case "store-rejected":
    case "unexplained":
      return reason.message;
    case "schema":
      return reason.violations.map((v) => `${v.pointer === "" ? "/" : v.pointer}: ${v.message}`).join("; ");
    case "rule":
      return reason.violations.map((v) => v.message).join("; ");
    case "erased":
      return `It failed (${reason.code}), and was erased since`;
    case "conflict":
      return `Identity ${reason.storedId} is already stored from ${reason.storedAt} with other content`;
  }
}
