import { describeFailure, failureCode, type FailureReason } from "../../core/failure.ts";
import type { ContractRef } from "../../core/compiled.ts";
import type { Decision } from "../../core/decide.ts";
import { hashBytes, wasErased } from "../../gateway/decided.ts";
import type { SettledRow } from "../../store/store.ts";
import { exactInteger } from "../../json/exact-integer.ts";

/** How a failure is told over HTTP: its code, one line, and each violation. */
export function failureView(reason: FailureReason): Readonly<Record<string, unknown>> {
  const common = { code: failureCode(reason), detail: describeFailure(reason) };
  switch (reason.kind) {
    case "malformed":
      return { ...common, byteOffset: reason.byteOffset, pointer: reason.pointer };
    case "schema":
      return {
        ...common,
        errors: reason.violations.map(({ message, ...where }) => ({
          ...where,
          code: `schema-${where.keyword}`,
          detail: message,
        })),
      };
    case "rule":
      return {
        ...common,
        errors: reason.violations.map(({ id, message }) => ({ rule: id, code: "rule", detail: message })),
      };
    case "conflict": {
      const { storedId, storedAt, storedDigest, digest } = reason;
      return { ...common, storedId, storedAt, storedDigest, digest };
    }
    case "contract":
    case "store-rejected":
    case "unexplained":
    case "erased":
      return common;
  }
}

/** A decision that was made and stored nowhere. */
export function decisionView(decision: Decision): Readonly<Record<string, unknown>> {
  const { contract, declaredBy } = decision;
  if (decision.status === "PASSED") return { status: "PASSED", id: decision.id, contract, declaredBy };
  return { status: "FAILED", contract, declaredBy, fingerprint: decision.fingerprint, ...failureView(decision.reason) };
}

/** A stored decision: never its payload. */
export function rowView(row: SettledRow): Readonly<Record<string, unknown>> {
  const { stream, topic, partition, offset } = row.position;
  const position = { stream, topic, partition, offset: exactInteger(offset) };
  const common = {
    ...position,
    contract: row.contract satisfies ContractRef | null,
    declaredBy: row.declaredBy,
    ...(wasErased(row) ? { erased: true } : { rawHash: hashBytes(row.raw) }),
  };
  switch (row.kind) {
    case "validated":
    case "erased":
      return { ...common, status: "PASSED", id: row.id };
    case "receipt":
      return { ...common, status: "PASSED", id: row.duplicateOf, duplicate: true, storedAt: row.storedAt };
    case "failed":
      return { ...common, status: "FAILED", id: row.id, fingerprint: row.fingerprint, ...failureView(row.reason) };
  }
}
