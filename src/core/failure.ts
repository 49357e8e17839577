import type { PolicyCode } from "../json/json-scan.ts";
import type { Violation } from "../schema/violation.ts";

/** What the bytes themselves did wrong, before any contract was asked. */
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
  /** Where in the raw bytes, when one place is to blame. */
  readonly byteOffset: number | null;
  /** RFC 6901 pointer, when the fault has one. */
  readonly pointer: string | null;
};

export type ContractFailureCode = "undeclared" | "ambiguous" | "unknown" | "not-accepted" | "not-active" | "retired";

/** No version could be found to judge the record by. */
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

/** The same fact arrived before with other content. Never carries the earlier payload. */
export type Conflict = {
  readonly kind: "conflict";
  /** Machine id both records claim. */
  readonly storedId: string;
  /** Position id of the record that holds the id. */
  readonly storedAt: string;
  /** SHA-256 of the RFC 8785 form of the stored payload, hex. */
  readonly storedDigest: string;
  /** The same of this payload. */
  readonly digest: string;
};

/** The record passed its contract, and the store's engine could never keep it: decided before the ledger, never an outage. */
type StoreRejected = { readonly kind: "store-rejected"; readonly message: string };

/** The ledger says FAILED; today's build, which is not the one that decided, cannot say why. */
type Unexplained = {
  readonly kind: "unexplained";
  readonly engine: string;
  readonly message: string;
};

/** The record was erased since: of why it failed the code is left, and nothing of the record. */
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

/** Stable machine code of a reason: `<kind>` or `<kind>-<code>`, a bounded set fit for a metric label. */
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

/** The one malformed payload that another contract may let pass: its number may be declared to have 64 bits. */
export const LOSSY_NUMBER = "malformed-lossy-number";

/** Whether a payload is malformed whatever the contract. @param code of its failure; null when it passed. */
export function isMalformedForAll(code: string | null): boolean {
  return code !== null && code !== LOSSY_NUMBER && code.startsWith("malformed-");
}

/** One line for people. */
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
