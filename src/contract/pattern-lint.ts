import { createRequire } from "node:module";
import { isMatchedByAutomaton } from "../schema/linear-pattern.ts";
import { faultAt, type Fault } from "./fault.ts";
import type { PatternSite } from "./files.ts";

type Diagnosis = {
  readonly status: "safe" | "vulnerable" | "unknown";
  readonly complexity?: { readonly type: string };
  readonly error?: { readonly kind: string };
};

type Recheck = {
  readonly checkSync: (
    source: string,
    flags: string,
    parameters: { readonly timeout: number; readonly randomSeed: number },
  ) => Diagnosis;
};

/**
 * CPU time for one pattern. Ordinary patterns take 1 to 200 ms, one with a back-reference 1.1 s, a date and time with fourteen
 * optional parts 3.7 s. A pattern that takes longer is refused as not shown to be linear.
 */
const TIMEOUT_MS = 10_000;
/** Patterns that are too large for the checker's automaton are searched at random; the fixed seed makes the result repeatable. */
const RANDOM_SEED = 1;

/** The words of a fault about a pattern. */
type Problem = { readonly words: string; readonly remedy: string };

/**
 * Finds every pattern that is not shown to match in linear time. Loading the checker takes 93 ms of CPU.
 *
 * The browser build of recheck 4.5.0 is pure JavaScript; its main build reads environment variables to choose a binary and
 * starts it.
 */
export function lintPatterns(sites: readonly PatternSite[]): readonly Fault[] {
  const require = createRequire(import.meta.url);
  const { checkSync } = require("recheck/lib/browser.js") as Recheck;
  const known = new Map<string, Problem | null>();
  const problemOf = (pattern: string, flags: string): Problem | null => {
    const key = `${flags}/${pattern}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    // The schema engine matches these patterns with an automaton, which is linear for every pattern. Rules use the regular
    // expressions of the runtime.
    const problem =
      flags === "u" && isMatchedByAutomaton(pattern) ? null : describe(diagnose(checkSync, pattern, flags));
    known.set(key, problem);
    return problem;
  };
  const faults: Fault[] = [];
  for (const { pattern, flags, place } of sites) {
    const problem = problemOf(pattern, flags);
    if (problem === null) continue;
    faults.push(faultAt(place, "SIG-C-018", `The pattern ${problem.words}`, problem.remedy));
  }
  return faults;
}

/**
 * Runs the checker. Its timeout is wall-clock time, by which a busy machine would refuse a pattern that an idle one accepts; so
 * it is run again with twice the timeout until it has had its CPU time.
 */
function diagnose(checkSync: Recheck["checkSync"], pattern: string, flags: string): Diagnosis {
  for (let timeout = TIMEOUT_MS; ; timeout *= 2) {
    const before = process.cpuUsage();
    const diagnosis = checkSync(pattern, flags, { timeout, randomSeed: RANDOM_SEED });
    if (diagnosis.error?.kind !== "timeout") return diagnosis;
    const { user, system } = process.cpuUsage(before);
    if (user + system >= TIMEOUT_MS * 1_000) return diagnosis;
  }
}

function describe({ status, complexity, error }: Diagnosis): Problem | null {
  const remedy = "Write it without nested or overlapping repetition and without back-references";
  switch (status) {
    case "safe":
      return null;
    case "vulnerable":
      return { words: `can take ${complexity?.type ?? "super-linear"} time in the length of the text`, remedy };
    case "unknown":
      if (error?.kind !== "invalid") return { words: "cannot be shown to take linear time", remedy };
      return { words: "is not a regular expression", remedy: "Correct its syntax" };
  }
}
