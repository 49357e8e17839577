import { isObject } from "../json/json.ts";
import { CELLS, newlyFailing, reportDigest, type WhatIfReport } from "./report.ts";

/** Whether a report allows the activation of a version. */
export type GateVerdict =
  | { readonly ok: true; readonly report: WhatIfReport }
  | {
      readonly ok: false;
      readonly code: "SIG-W-004" | "SIG-W-005" | "SIG-W-006";
      readonly message: string;
      readonly remedy: string;
    };

const RUN_AGAIN = "run `sigma contract what-if` with --save again";

/**
 * Checks that a saved report allows the activation of a version: it is a report, matches its digest, is about this
 * exact content of the version, and the number of passed records that would fail is exactly the accepted one.
 * @param text of the file that `sigma contract what-if --save` wrote.
 * @param candidateDigest digest of the version to activate.
 * @param acceptFlips accepted number of passed records that would fail, 0 or more.
 */
export function verifyWhatIfReport(text: string, candidateDigest: string, acceptFlips = 0): GateVerdict {
  const report = readReport(text);
  if (report === null) {
    return refused("SIG-W-004", "Cannot use the what-if report: it is none that this program saved", RUN_AGAIN);
  }
  const digest = reportDigest(report);
  if (digest !== report.digest) {
    const message = `Cannot use the what-if report: its content has digest ${digest}, it carries ${report.digest}`;
    return refused("SIG-W-004", message, RUN_AGAIN);
  }
  const { subject, candidate } = report;
  const name = `${subject}@${candidate.version}`;
  if (candidate.digest !== candidateDigest) {
    const message = `Cannot use the what-if report: it judged ${name} as ${candidate.digest}, the version is ${candidateDigest}`;
    return refused("SIG-W-005", message, `${RUN_AGAIN}, with the version as it is now`);
  }
  const flips = newlyFailing(report);
  if (flips !== acceptFlips) {
    const message = `Cannot activate "${name}": ${flips} records that passed would fail, ${acceptFlips} are accepted`;
    return refused(
      "SIG-W-006",
      message,
      `look at the report; then accept exactly that many with --accept-flips ${flips}`,
    );
  }
  return { ok: true, report };
}

function refused(
  code: Extract<GateVerdict, { readonly ok: false }>["code"],
  message: string,
  remedy: string,
): GateVerdict {
  return { ok: false, code, message, remedy };
}

/** Checks only the fields that are used; any other change shows in the digest. */
function readReport(text: string): WhatIfReport | null {
  const value = parse(text);
  if (!isObject(value) || value["kind"] !== "what-if" || value["v"] !== 1) return null;
  const { subject, candidate, digest, flips, coverage } = value;
  if (typeof subject !== "string" || typeof digest !== "string") return null;
  if (!isObject(candidate) || typeof candidate["digest"] !== "string" || typeof candidate["version"] !== "number") {
    return null;
  }
  if (!isObject(flips) || !isObject(coverage) || !areCounts(flips["counts"]) || !areCounts(flips["declared"]))
    return null;
  const groups = [flips["producers"], flips["fingerprints"]];
  const sound = groups.every((list) => Array.isArray(list) && list.every((one: unknown) => isObject(one)));
  return sound ? (value as unknown as WhatIfReport) : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function areCounts(value: unknown): boolean {
  return isObject(value) && CELLS.every((cell) => Number.isSafeInteger(value[cell]) && Number(value[cell]) >= 0);
}
