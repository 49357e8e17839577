import { readFileSync } from "node:fs";
import { EXIT } from "../../../config/codes.ts";
import type { LoadedContract, LoadedVersion } from "../../../contract/files.ts";
import { describeIoError } from "../../../contract/source-text.ts";
import { verifyWhatIfReport } from "../../../rejudge/gate.ts";
import { Refusal, usage } from "../../terminal/refusal.ts";

/** What `sigma contract activate` is told of a what-if. */
export type GateOptions = { readonly whatIf?: string; readonly acceptFlips?: number };

/**
 * Lets a version be activated by a saved what-if report, or without one where its contract asks for none.
 * @returns the digest of the report, for the operator log; null without one.
 */
export function passWhatIfGate(
  name: string,
  { requireWhatIf }: LoadedContract,
  { digest }: LoadedVersion,
  { whatIf, acceptFlips = 0 }: GateOptions,
): string | null {
  if (whatIf === undefined) {
    if (!requireWhatIf) return null;
    const remedy = `run sigma contract what-if ${name} --save report.json, read it, and add --what-if report.json`;
    throw usage("SIG-I-014", `Cannot activate ${name}: its contract asks for a what-if report (requireWhatIf)`, remedy);
  }
  const verdict = verifyWhatIfReport(readReport(whatIf), digest, acceptFlips);
  if (!verdict.ok) throw new Refusal(verdict.code, verdict.message, verdict.remedy, EXIT.findings);
  return verdict.report.digest;
}

function readReport(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const message = `Cannot read the what-if report "${file}": ${describeIoError(error)}`;
    throw usage("SIG-W-004", message, "name the file that --save wrote");
  }
}
