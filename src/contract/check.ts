import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { compileContractSet } from "../core/compile.ts";
import { type CompiledVersion } from "../core/compiled.ts";
import { DEFAULT_LIMITS } from "../core/contract-set.ts";
import { judge } from "../core/decide.ts";
import { describeFailure, failureCode, type FailureReason } from "../core/failure.ts";
import type { JsonValue } from "../json/json.ts";
import type { Parsed } from "../core/long-integers.ts";
import { parsePayload } from "../core/payload.ts";
import { countTexts } from "../json/text-scanner.ts";
import { faultAt, sortFaults, type Fault, type Place } from "./fault.ts";
import { toContractSet, type LoadedContract, type LoadedVersion } from "./files.ts";
import { reportUntested } from "./untested-constraints.ts";
import { describeIoError, payloadBytes, readBytes } from "./source-text.ts";

/** The result of judging one fixture. */
export type FixtureResult = {
  readonly file: string;
  readonly subject: string;
  readonly version: number;
  readonly expected: "PASSED" | "FAILED";
  readonly status: "PASSED" | "FAILED";
  /** The failure code, as in metrics: "schema" or "malformed-not-json"; null when the fixture passed. */
  readonly code: string | null;
  /** The broken constraints, as `/weight_kg exclusiveMinimum`, or the ids of the broken rules. */
  readonly broken: readonly string[];
};

export type CheckReport = {
  readonly fixtures: readonly FixtureResult[];
  /** Errors: a version with one of them cannot be frozen. */
  readonly findings: readonly Fault[];
  /**
   * The number of constraints in the versions, and those that no fixture needs. An untested constraint should get a fixture,
   * but does not prevent freezing.
   */
  readonly constraints: number;
  readonly untested: readonly Fault[];
  /** Advice, which does not prevent freezing: untested constraints by field, and others. */
  readonly advice: readonly Fault[];
};

type Expected = FixtureResult["expected"];

const KINDS: readonly { readonly folder: string; readonly expected: Expected }[] = [
  { folder: "pass", expected: "PASSED" },
  { folder: "fail", expected: "FAILED" },
];

/**
 * Judges the fixtures of every version, drafts included, as a record of the same bytes would be judged.
 * @param wanted selects versions by number; a file that belongs to no version is a finding in any case.
 */
export function runFixtures(
  contracts: readonly LoadedContract[],
  wanted: (version: number) => boolean = () => true,
): CheckReport {
  const compiled = compileContractSet(toContractSet(contracts, [], DEFAULT_LIMITS));
  const fixtures: FixtureResult[] = [];
  const findings: Fault[] = [];
  const untested: Fault[] = [];
  const advice: Fault[] = [];
  let constraints = 0;
  for (const contract of contracts) {
    findings.push(...strayFiles(contract));
    for (const version of contract.versions.filter((one) => wanted(one.version))) {
      const judged = compiled.bySubject.get(contract.subject)?.versions.get(version.version);
      if (judged === undefined) throw new Error(`Version ${contract.subject}@${version.version} was not compiled`);
      const payloads: JsonValue[] = [];
      for (const { folder, expected } of KINDS) {
        const run = { folder: join(version.fixturesDir, folder), expected, version: judged, place: version.place };
        runFolder(run, fixtures, payloads, findings);
      }
      const tested = reportUntested(version, contract.subject, payloads);
      constraints += tested.constraints;
      untested.push(...tested.findings);
      advice.push(...tested.summary);
    }
  }
  return {
    fixtures,
    findings: sortFaults(findings),
    constraints,
    untested: sortFaults(untested),
    advice: sortFaults(advice),
  };
}

type FolderRun = {
  readonly folder: string;
  readonly expected: Expected;
  readonly version: CompiledVersion;
  /** Place of the version, for the finding that it has no fixtures. */
  readonly place: Place;
};

function runFolder(run: FolderRun, fixtures: FixtureResult[], payloads: JsonValue[], findings: Fault[]): void {
  const { folder, expected, version } = run;
  const names = namesIn(folder, findings).filter((name) => name.endsWith(".json"));
  if (names.length === 0) {
    const kind = expected === "PASSED" ? "must-pass" : "must-fail";
    const message = `${version.ref.subject}@${version.ref.version} has no ${kind} fixture`;
    findings.push(faultAt(run.place, "SIG-C-042", message, `Put a payload into ${folder}/`));
  }
  for (const name of names) {
    const file = join(folder, name);
    const place = { file, line: 1, column: 1 };
    const raw = readBytes(file);
    const read = raw.ok ? payloadBytes(raw.bytes) : raw;
    if (!read.ok) {
      findings.push(
        faultAt(place, "SIG-C-043", `Cannot read fixture "${file}": ${read.problem}`, "Make it a readable file"),
      );
      continue;
    }
    const texts = countTexts(read.bytes);
    if (texts > 1) {
      const message = `The fixture holds ${texts} JSON texts; a fixture is one payload`;
      findings.push(faultAt(place, "SIG-C-043", message, "Give each of them a file of its own"));
      continue;
    }
    const parsed = parsePayload(read.bytes, DEFAULT_LIMITS);
    if (parsed.ok) payloads.push(parsed.payload);
    const reason = parsed.ok ? whyFailed(parsed, version) : parsed.reason;
    const { subject, version: number } = version.ref;
    const code = reason === null ? null : failureCode(reason);
    const status = reason === null ? "PASSED" : "FAILED";
    fixtures.push({
      file,
      subject,
      version: number,
      expected,
      status,
      code,
      broken: reason === null ? [] : brokenBy(reason),
    });
    if (status !== expected) findings.push(surprise(place, reason));
  }
}

function surprise(place: Place, reason: FailureReason | null): Fault {
  const remedy = "Correct the payload, or the draft; a frozen version is corrected by a new version";
  if (reason === null) return faultAt(place, "SIG-C-041", "The must-fail fixture passed", remedy);
  const message = `The must-pass fixture failed (${failureCode(reason)}): ${describeFailure(reason)}`;
  return faultAt(place, "SIG-C-040", message, remedy);
}

function whyFailed(parsed: Parsed, version: CompiledVersion): FailureReason | null {
  const decision = judge(parsed, version, "default");
  return decision.status === "FAILED" ? decision.reason : null;
}

function brokenBy(reason: FailureReason): readonly string[] {
  switch (reason.kind) {
    case "schema":
      return reason.violations.map(({ pointer, keyword }) => `${pointer === "" ? "/" : pointer} ${keyword}`);
    case "rule":
      return reason.violations.map(({ id }) => id);
    case "malformed":
    case "contract":
    case "conflict":
    case "store-rejected":
    case "unexplained":
    case "erased":
      return [];
  }
}

/**
 * Finds files under fixtures/ that are never run: they look like tests and prove nothing. Causes are a misspelt folder, a
 * version that does not exist, another suffix than .json.
 */
function strayFiles(contract: LoadedContract): readonly Fault[] {
  const findings: Fault[] = [];
  const root = join(dirname(contract.file), "fixtures");
  const folders = new Set(contract.versions.map(({ fixturesDir }) => basename(fixturesDir)));
  const stray = (file: string, remedy: string): void => {
    findings.push(faultAt({ file, line: 1, column: 1 }, "SIG-C-044", "No version runs this as a fixture", remedy));
  };
  for (const name of namesIn(root, findings)) {
    if (!folders.has(name)) stray(join(root, name), `Folders here are ${[...folders].join(", ")}`);
  }
  for (const { fixturesDir } of contract.versions) strayIn(fixturesDir, stray, findings);
  return findings;
}

function strayIn(
  fixturesDir: LoadedVersion["fixturesDir"],
  stray: (file: string, remedy: string) => void,
  findings: Fault[],
): void {
  const kinds = KINDS.map(({ folder }) => folder);
  for (const name of namesIn(fixturesDir, findings)) {
    if (!kinds.includes(name)) stray(join(fixturesDir, name), `Folders here are ${kinds.join(", ")}`);
  }
  for (const kind of kinds) {
    // runFolder reports a folder that cannot be listed; here the fault is dropped.
    for (const name of namesIn(join(fixturesDir, kind), [])) {
      if (!name.endsWith(".json")) stray(join(fixturesDir, kind, name), "Fixtures end in .json");
    }
  }
}

/** The names in a folder, sorted, without hidden ones; none when the folder does not exist. */
function namesIn(folder: string, findings: Fault[]): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith("."))
      .toSorted();
  } catch (error) {
    const problem = describeIoError(error);
    if (problem !== "it does not exist") {
      const place = { file: folder, line: 1, column: 1 };
      findings.push(
        faultAt(place, "SIG-C-043", `Cannot list fixtures "${folder}": ${problem}`, "Make it a readable folder"),
      );
    }
    return [];
  }
}
