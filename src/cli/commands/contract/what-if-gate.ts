import { readFileSync } from "node:fs";
import { EXIT } from "../../../config/codes.ts";
import type { LoadedContract, LoadedVersion } from "../../../contract/files.ts";
import { describeIoError } from "../../../contract/source-text.ts";
import { verifyWhatIfReport } from "../../../rejudge/gate.ts";
import { Refusal, usage } from "../../terminal/refusal.ts";

/** Options of `sigma contract activate` for the what-if report. */
export type GateOptions = { readonly whatIf?: string; readonly acceptFlips?: number };

/**
 * Checks the saved what-if report of an activation; without a report, checks that the contract does not require one.
 * @returns the digest of the report, for the operator log; null without a report.
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
