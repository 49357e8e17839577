import { Command, InvalidArgumentError } from "commander";
import type { FixtureResult } from "../contract/check.ts";
import type { ContractDetails, ContractSummary } from "../contract/commands.ts";
import { parseContractName, type ContractName } from "../contract/contract-name.ts";
import type { Fault } from "../contract/fault.ts";
import { addWhatIf } from "./what-if-command.ts";

/** Exit codes of these commands. */
const USAGE = 2;
const FINDINGS = 10;

type Options = { readonly contracts: string; readonly json: boolean };

/** `sigma contract list|show|lint|check|freeze|what-if`. Loads nothing heavy before one of them runs. */
export function contractCommand(): Command {
  const command = new Command("contract").description("Read, prove and freeze the contracts");
  withOptions(command.command("list"))
    .description("List every version with its status")
    .action(async (options: Options) => list(options));
  withOptions(command.command("show"))
    .description("Show a contract, or one version of it")
    .argument("<name>", "shipment or shipment@1", parseName)
    .action(async (name: ContractName, options: Options) => show(name, options));
  withOptions(command.command("lint"))
    .description("Report everything wrong with the contract files and their lock")
    .action(async (options: Options) => lint(options));
  withOptions(command.command("check"))
    .description("Judge the must-pass and must-fail fixtures")
    .argument("[name]", "shipment or shipment@1; without it every version", parseName)
    .action(async (name: ContractName | undefined, options: Options) => check(name ?? null, options));
  withOptions(command.command("freeze"))
    .description("Lock the content of one version for good")
    .argument("<name>", "shipment@1", parseVersionName)
    .action(async (name: ContractName & { readonly version: number }, options: Options) => freeze(name, options));
  addWhatIf(command);
  return command;
}

function withOptions(command: Command): Command {
  return command
    .option("--contracts <dir>", "directory of the contracts", "contracts")
    .option("--json", "print JSON: one object a line", false);
}

async function list(options: Options): Promise<void> {
  const { listContracts } = await import("../contract/commands.ts");
  const answer = listContracts(options.contracts);
  if (!answer.ok) return refuse(answer.faults, USAGE);
  if (options.json) return answer.value.forEach(printJson);
  printTable([["CONTRACT", "STATUS", "FROZEN", "DIGEST", "OWNER"], ...answer.value.map(listRow)]);
}

function listRow(row: ContractSummary): readonly string[] {
  const status = row.sunset === null ? row.status : `${row.status} until ${row.sunset}`;
  // 12 hex digits tell versions apart for the eye; --json prints all 64.
  const digest = row.digest.slice(0, "sha256:".length + 12);
  return [`${row.subject}@${row.version}`, status, row.frozen ? "yes" : "no", digest, row.owner];
}

async function show(name: ContractName, options: Options): Promise<void> {
  const { showContract } = await import("../contract/commands.ts");
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

async function lint(options: Options): Promise<void> {
  const { lintContracts } = await import("../contract/commands.ts");
  const faults = await lintContracts(options.contracts);
  const missing = faults.some(({ code }) => code === "SIG-C-001");
  if (missing) return refuse(faults, USAGE);
  process.exitCode = faults.length > 0 ? FINDINGS : 0;
  if (options.json) return faults.forEach(printJson);
  await reportFaults(faults);
  print(faults.length === 0 ? "No findings" : count(faults.length, "finding"));
}

async function check(name: ContractName | null, options: Options): Promise<void> {
  const { checkContracts } = await import("../contract/commands.ts");
  const answer = checkContracts(options.contracts, name);
  if (!answer.ok) return refuse(answer.faults, USAGE);
  const { fixtures, findings } = answer.value;
  process.exitCode = findings.length > 0 ? FINDINGS : 0;
  if (options.json) {
    for (const fixture of fixtures) printJson({ ...fixture, kind: "fixture" });
    for (const finding of findings) printJson({ ...finding, kind: "finding" });
    return;
  }
  printTable([["FIXTURE", "EXPECTED", "DECISION", "WHY"], ...fixtures.map(fixtureRow)]);
  await reportFaults(findings);
  print(`${count(fixtures.length, "fixture")}, ${count(findings.length, "finding")}`);
}

function fixtureRow({ file, expected, status, code, broken }: FixtureResult): readonly string[] {
  return [file, expected, status === expected ? status : `${status} (!)`, [code ?? "", ...broken].join(" ").trim()];
}

async function freeze(name: ContractName & { readonly version: number }, options: Options): Promise<void> {
  const { freezeContract } = await import("../contract/commands.ts");
  const answer = await freezeContract(options.contracts, name.subject, name.version);
  if (!answer.ok) return refuse(answer.faults, answer.notFound ? USAGE : FINDINGS);
  const { changed, digest, file } = answer;
  if (options.json) return printJson({ name: answer.name, digest, changed, file });
  print(
    changed
      ? `Froze ${answer.name} as ${digest} in ${file}`
      : `${answer.name} was frozen before with this content (${digest})`,
  );
}

/** Commander prints the sentence after its own "error: ... is invalid" and ends with the usage exit code. */
function parseName(text: string): ContractName {
  const name = parseContractName(text);
  if (name === null) throw new InvalidArgumentError("Write shipment or shipment@1.");
  return name;
}

function parseVersionName(text: string): ContractName & { readonly version: number } {
  const { subject, version } = parseName(text);
  if (version === null) throw new InvalidArgumentError("Name the version too, as in shipment@1.");
  return { subject, version };
}

async function refuse(faults: readonly Fault[], exitCode: number): Promise<void> {
  process.exitCode = exitCode;
  await reportFaults(faults);
}

async function reportFaults(faults: readonly Fault[]): Promise<void> {
  if (faults.length === 0) return;
  const { describeFault } = await import("../contract/fault.ts");
  for (const fault of faults) process.stderr.write(`${describeFault(fault)}\n  fix: ${fault.remedy}\n`);
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
  print(JSON.stringify({ v: 1, ...value }));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
