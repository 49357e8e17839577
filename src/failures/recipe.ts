import { brokenConstraint } from "../core/fingerprint.ts";
import { describeFailure, failureCode, type FailureReason } from "../core/failure.ts";
import { contractText } from "../store/contract-text.ts";

/**
 * Says in words what the failures of a group have in common: what its fingerprint is made of (core/fingerprint.ts). It holds no value of
 * a payload.
 * @param reason of any failure of the group; null when none can be read.
 */
export function describeRecipe(
  code: string,
  contract: { readonly subject: string; readonly version: number } | null,
  reason: FailureReason | null,
): string {
  const whose = contract === null ? "No contract judged them" : `They are of ${contractText(contract)}`;
  return `${whose}, and ${causeOf(code, reason)}.`;
}

function causeOf(code: string, reason: FailureReason | null): string {
  if (reason === null) return `they have the code ${code}`;
  switch (reason.kind) {
    case "schema": {
      const { keyword, schemaPath, place } = brokenConstraint(reason.violations[0]);
      return (
        `their first violation is of the same constraint: \`${keyword}\` at ${schemaPath} of the schema, broken at ` +
        `${place === "" ? "the top" : place} of the payload. Positions in arrays do not tell groups apart, and neither do values`
      );
    }
    case "rule":
      return `the first rule that they break is ${reason.violations[0].id}`;
    case "malformed":
      return `their bytes have the same fault: ${reason.code}`;
    case "contract":
      return `their version was refused for the same reason: ${reason.code}`;
    case "conflict":
      return "a fact with their identity and other content was stored before";
    case "store-rejected":
      return "the engine of the store cannot hold them";
    case "unexplained":
    case "erased":
      return `they have the code ${code}`;
  }
}

/** The pointers at which a reason finds a fault; a fault of the whole record has none. */
export function pointersOf(reason: FailureReason | null): readonly string[] {
  if (reason?.kind === "schema") return reason.violations.map(({ pointer }) => pointer);
  return reason?.kind === "malformed" && reason.pointer !== null ? [reason.pointer] : [];
}

/** One line for people; the code alone where the stored reason cannot be read. */
export function summaryOf(code: string, reason: FailureReason | null): string {
  return reason === null || failureCode(reason) !== code ? code : describeFailure(reason);
}
