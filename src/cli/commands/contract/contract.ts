import { Command, Option } from "commander";
import type { FixtureResult } from "../../../contract/check.ts";
import type { ContractDetails, ContractSummary } from "../../../contract/commands.ts";
import { parseContractName, type ContractName } from "../../../contract/contract-name.ts";
import { addDrafts } from "./draft-commands.ts";
import { addLifecycle } from "./lifecycle-commands.ts";
import { parseName, parseVersionName } from "../../terminal/contract-arguments.ts";
import type { Fault } from "../../../contract/fault.ts";
import {
  addDiff,
  checkCompatible,
  withCompatibility,
  type CompatibilityCheckOptions,
} from "./contract-compatibility.ts";
import {
  casesByFile,
  findingsOf,
  FORMATS,
  githubLines,
  junitText,
  type Format,
  type Report,
  type ReportFinding,
} from "../../terminal/report-formats.ts";
import { withCommands } from "../../terminal/printed-command.ts";
import { addWhatIf } from "./what-if-command.ts";
import { toJsonText } from "../../../json/json-text.ts";

/** Exit codes of these commands. */
const USAGE = 2;
const FINDINGS = 10;

type Options = { readonly contracts: string; readonly json: boolean };
type FormatOptions = Options & { readonly format: Format };
type CheckOptions = FormatOptions & { readonly strict: boolean };

/**
 * `sigma contract list|show|lint|check|diff|freeze|activate|deprecate|retire|traffic|what-if`. A command's code is imported
 * only when it runs.
 */
export function contractCommand(): Command {
  const command = new Command("contract").description("Read, prove and freeze the contracts");
  withOptions(command.command("list"))
    .description("List every version with its status")
    .action(async (options: Options) => list(options));
  withOptions(command.command("show"))
    .description("Show a contract, or one version of it")
    .argument("<name>", "shipment or shipment@1", parseName)
    .action(async (name: ContractName, options: Options) => show(name, options));
  withFormat(command.command("lint"))
    .description("Report everything wrong with the contract files and their lock")
    .action(async (options: FormatOptions) => lint(options));
  withCompatibility(withFormat(command.command("check")))
    .description("Judge the fixtures; with --against or --mode, check compatibility instead")
    .argument("[name]", "shipment or shipment@1; without it every version")
    .option("--strict", "fail for every constraint that no fixture needs, and name each", false)
    .action(async (name: string | undefined, options: CompatibilityCheckOptions & CheckOptions) => {
      if (options.against !== undefined || options.mode !== undefined) return checkCompatible(name, options);
      return check(name === undefined ? null : namedOn(command, name), options);
    });
  addDiff(command, withFormat);
  withOptions(command.command("freeze"))
    .description("Lock the content of one version for good")
    .argument("<name>", "shipment@1", parseVersionName)
    .action(async (name: ContractName & { readonly version: number }, options: Options) => freeze(name, options));
  addDrafts(command);
  addLifecycle(command);
  addWhatIf(command);
  return command;
}

function withOptions(command: Command): Command {
  return command
    .option("--contracts <dir>", "directory of the contracts", "contracts")
    .option("--json", "print JSON: one object a line", false);
}

function withFormat(command: Command): Command {
  const format = new Option("--format <format>", "how to print; --json is the same as json");
  return withOptions(command).addOption(format.choices(FORMATS).default("text"));
}

async function list(options: Options): Promise<void> {
  const { listContracts } = await import("../../../contract/commands.ts");
  const answer = listContracts(options.contracts);
  if (!answer.ok) return refuse(answer.faults, USAGE);
  if (options.json) return answer.value.forEach(printJson);
  printTable([["CONTRACT", "STATUS", "FROZEN", "DIGEST", "OWNER"], ...answer.value.map(listRow)]);
}

function listRow(row: ContractSummary): readonly string[] {
  const status = row.sunset === null ? row.status : `${row.status} until ${row.sunset}`;
  // 12 hex digits are enough for people to distinguish versions; --json prints all 64.
  const digest = row.digest.slice(0, "sha256:".length + 12);
  return [`${row.subject}@${row.version}`, status, row.frozen ? "yes" : "no", digest, row.owner];
}

async function show(name: ContractName, options: Options): Promise<void> {
  const { showContract } = await import("../../../contract/commands.ts");
  const answer = showContract(options.contracts, name);
  if (!answer.ok) return refuse(answer.faults, USAGE);
  if (options.json) return answer.value.forEach(printJson);
  for (const [index, version] of answer.value.entries()) {
    if (index > 0) print("");
    printDetails(version);
  }
}

function printDetails(version: ContractDetails): void {
  printTable([
    ["contract", `${version.subject}@${version.version}`],
    ["description", version.description],
    ["owner", version.owner],
    ["status", version.status],
    ["deprecated", version.deprecated ?? "no"],
    ["sunset", version.sunset ?? "none announced"],
    ["frozen", version.frozen ? "yes" : "no"],
    ["digest", version.digest],
    ["collection", version.collection],
    ["identity", version.identity.map((pointer) => (pointer === "" ? "the whole payload" : pointer)).join(", ")],
    ["version field", version.versionField ?? "none"],
    ["schema", version.schemaFile],
    ...version.rules.flatMap((rule) => [
      [`rule ${rule.id}`, rule.expression.trimEnd()],
      ["", `else: ${rule.message}`],
    ]),
  ]);
}

async function lint(options: FormatOptions): Promise<void> {
  const { lintContracts } = await import("../../../contract/commands.ts");
  const faults = await lintContracts(options.contracts);
  const missing = faults.some(({ code }) => code === "SIG-C-001");
  if (missing) return refuse(faults, USAGE);
  const errors = faults.filter(({ level }) => level !== "advice").length;
  process.exitCode = errors > 0 ? FINDINGS : 0;
  if (options.json || options.format === "json") return faults.forEach(printJson);
  const cases = casesByFile([options.contracts], reported(faults));
  if (printReport({ name: "sigma contract lint", cases }, options)) return;
  await reportFaults(faults);
  const advice = faults.length === errors ? "" : `, ${faults.length - errors} for advice`;
  print(`${errors === 0 ? "No findings" : count(errors, "finding")}${advice}`);
}

/** The faults as findings of a report. Advice is a notice, which fails nothing. */
function reported(faults: readonly Fault[]): readonly ReportFinding[] {
  return faults.flatMap((fault) => findingsOf([fault], fault.level === "advice" ? "notice" : "error"));
}

async function check(name: ContractName | null, options: CheckOptions): Promise<void> {
  const { checkContracts } = await import("../../../contract/commands.ts");
  const answer = await checkContracts(options.contracts, name);
  if (!answer.ok) return refuse(answer.faults, USAGE);
  const { fixtures, constraints, untested } = answer.value;
  const errors = [...answer.value.findings, ...(options.strict ? untested : [])];
  const advice = answer.value.advice.filter(({ code }) => !options.strict || code !== "SIG-C-045");
  const findings = [...errors, ...advice];
  process.exitCode = errors.length > 0 ? FINDINGS : 0;
  if (options.json || options.format === "json") {
    for (const fixture of fixtures) printJson({ ...fixture, kind: "fixture" });
    for (const finding of findings) printJson({ level: "error", ...finding, kind: "finding" });
    return;
  }
  const files = fixtures.map(({ file }) => file);
  if (printReport({ name: "sigma contract check", cases: casesByFile(files, reported(findings)) }, options)) return;
  printTable([["FIXTURE", "EXPECTED", "DECISION", "WHY"], ...fixtures.map(fixtureRow)]);
  await reportFaults(findings);
  const tested = `${constraints - untested.length} of ${count(constraints, "constraint")} tested`;
  print(`${count(fixtures.length, "fixture")}, ${tested}, ${count(errors.length, "finding")}`);
}

function fixtureRow({ file, expected, status, code, broken }: FixtureResult): readonly string[] {
  return [file, expected, status === expected ? status : `${status} (!)`, [code ?? "", ...broken].join(" ").trim()];
}

async function freeze(name: ContractName & { readonly version: number }, options: Options): Promise<void> {
  const { freezeContract } = await import("../../../contract/commands.ts");
  const answer = await freezeContract(options.contracts, name.subject, name.version);
  if (!answer.ok) return refuse(answer.faults, answer.notFound ? USAGE : FINDINGS);
  const { changed, digest, file } = answer;
  if (options.json) return printJson({ name: answer.name, digest, changed, file });
  await reportFaults(answer.advice);
  print(
    changed
      ? `Froze ${answer.name} as ${digest} in ${file}`
      : `${answer.name} was frozen before with this content (${digest})`,
  );
}

/** Prints a report in the formats of CI servers; false for the other formats. */
function printReport(report: Report, { format }: FormatOptions): boolean {
  if (format === "github") for (const line of githubLines(report)) print(line);
  if (format === "junit") print(junitText(report));
  return format === "github" || format === "junit";
}

/** Parses the name with the error message that commander itself prints for an invalid argument. */
function namedOn(command: Command, text: string): ContractName {
  const name = parseContractName(text);
  if (name === null)
    command.error(
      `error: command-argument value '${text}' is invalid for argument 'name'. Write shipment or shipment@1.`,
    );
  return name;
}

async function refuse(faults: readonly Fault[], exitCode: number): Promise<void> {
  process.exitCode = exitCode;
  await reportFaults(faults);
}

async function reportFaults(faults: readonly Fault[]): Promise<void> {
  if (faults.length === 0) return;
  const { describeFault } = await import("../../../contract/fault.ts");
  for (const fault of faults) process.stderr.write(`${describeFault(fault)}\n  fix: ${withCommands(fault.remedy)}\n`);
}

/** Columns aligned by their longest cell; no trailing blanks. */
function printTable(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  for (const row of rows)
    print(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
}

function printJson(value: object): void {
  print(toJsonText({ v: 1, ...value }));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
