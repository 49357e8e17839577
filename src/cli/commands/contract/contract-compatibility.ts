import { Argument, Option, type Command } from "commander";
import type { CheckedDirection, Compared, Mode } from "../../../contract/compatibility-check.ts";
import type { Comparison, Verdict } from "../../../inclusion/inclusion.ts";
import type { Fault } from "../../../contract/fault.ts";
import { EXIT } from "../../../config/codes.ts";
import { counted, note, print, printJson, printJsonValues, printTable } from "../../terminal/output.ts";
import { toRun, withCommands } from "../../terminal/printed-command.ts";
import {
  findingsOf,
  githubLines,
  junitText,
  type Format,
  type Report,
  type ReportFinding,
} from "../../terminal/report-formats.ts";

/** Options of `sigma contract diff` and of `sigma contract check` with `--against` or `--mode`. */
export type CompatibilityOptions = { readonly contracts: string; readonly json: boolean; readonly format: Format };

/** Options that turn `sigma contract check` into a compatibility check. */
export type CompatibilityCheckOptions = CompatibilityOptions & {
  readonly against?: string;
  readonly mode?: Mode;
  readonly allowUnknown: boolean;
};

/** Adds `sigma contract diff A B`. */
export function addDiff(command: Command, withOptions: (command: Command) => Command): void {
  withOptions(command.command("diff"))
    .description("Show what changed between two versions or schema files, and what it breaks")
    .addArgument(new Argument("<before>", "shipment@1, or the path of a schema file"))
    .addArgument(new Argument("<after>", "shipment@2, or the path of a schema file"))
    .action(async (before: string, after: string, options: CompatibilityOptions) => diff(before, after, options));
}

/** Adds the options of a compatibility check to `sigma contract check`. */
export function withCompatibility(command: Command): Command {
  const modes: readonly Mode[] = [
    "backward",
    "forward",
    "full",
    "backward-transitive",
    "forward-transitive",
    "full-transitive",
  ];
  return command
    .option("--against <version>", "check compatibility with this version or schema file instead of the fixtures")
    .addOption(new Option("--mode <mode>", "check compatibility: who must still understand whom").choices(modes))
    .option("--allow-unknown", "do not fail when compatibility is neither proved nor refuted", false);
}

async function diff(before: string, after: string, options: CompatibilityOptions): Promise<void> {
  const { diffContracts, openingAdvice } = await import("../../../contract/compatibility-check.ts");
  const answer = diffContracts(options.contracts, before, after);
  if (!answer.ok) return refuse(answer.faults);
  const { comparison } = answer.value;
  const directions = ["backward", "forward"] as const;
  switch (options.json ? "json" : options.format) {
    case "json":
      for (const change of comparison.changes) printJsonValues({ kind: "fact", ...change });
      for (const direction of directions)
        printJsonValues({ kind: "verdict", before, after, direction, verdict: comparison[direction] });
      return;
    case "github":
      for (const line of githubLines(await reportDiff(answer.value))) print(line);
      return;
    case "junit":
      return print(junitText(await reportDiff(answer.value)));
    case "text":
      await printChanges(comparison.changes);
      for (const direction of directions) {
        await printVerdict(direction, comparison[direction]);
        const advice = openingAdvice(answer.value, direction, comparison[direction]);
        if (advice !== null) print(`  advice   ${advice}`);
      }
  }
}

async function printChanges(changes: Comparison["changes"]): Promise<void> {
  if (changes.length === 0) return print("No changes");
  const { describeChange } = await import("../../../contract/describe-comparison.ts");
  printTable(
    changes.map((change) => [
      change.effect,
      change.rule,
      change.pointer === "" ? "/" : change.pointer,
      describeChange(change),
    ]),
  );
}

async function printVerdict(name: string, verdict: Verdict): Promise<void> {
  const { describeRefusal, describeWitness } = await import("../../../contract/describe-comparison.ts");
  switch (verdict.kind) {
    case "compatible":
      return print(`${name}  compatible (proved)`);
    case "incompatible":
      print(`${name}  incompatible`);
      print(`  witness  ${describeWitness(verdict)}`);
      for (const line of describeRefusal(verdict)) print(`  refused  ${line}`);
      return;
    case "unknown":
      print(`${name}  unknown: neither proved nor refuted`);
      for (const { pointer, reason } of verdict.undecided)
        print(`  open  ${pointer === "" ? "/" : pointer}  ${reason}`);
  }
}

/** The report of a diff. A diff never fails: incompatibilities are warnings. */
async function reportDiff(compared: Compared): Promise<Report> {
  const { describeChange } = await import("../../../contract/describe-comparison.ts");
  const { before, after, comparison } = compared;
  const changes = comparison.changes.map((change): ReportFinding => {
    const place = ("after" in change ? after : before).placeOf(change.pointer);
    const message = `${change.effect} ${change.pointer === "" ? "/" : change.pointer} ${describeChange(change)}`;
    return { level: "notice", ...place, code: change.rule, message, remedy: null };
  });
  const { findingOf } = await import("../../../contract/compatibility-check.ts");
  const verdicts = (["backward", "forward"] as const).map((direction) => {
    const finding = findingOf(compared, direction, comparison[direction]);
    return { name: direction, findings: finding === null ? [] : findingsOf([finding], "warning") };
  });
  const name = `sigma contract diff ${before.name} ${after.name}`;
  return { name, cases: [{ name: "changes", findings: changes }, ...verdicts] };
}

/** `sigma contract check NAME --against OTHER --mode MODE`. */
export async function checkCompatible(name: string | undefined, options: CompatibilityCheckOptions): Promise<void> {
  const { checkCompatibility } = await import("../../../contract/compatibility-check.ts");
  if (name === undefined) {
    note(
      `error SIG-C-064 Cannot check compatibility: no version is named\n  fix: Name one: ${toRun("contract check", ["shipment@2"])}`,
    );
    process.exitCode = EXIT.usage;
    return;
  }
  const mode = options.mode ?? "backward";
  const answer = checkCompatibility(options.contracts, name, options.against ?? null, mode);
  if (!answer.ok) return refuse(answer.faults);
  const { checked, findings } = answer.value;
  const isAllowed = ({ code }: Fault): boolean => options.allowUnknown && code === "SIG-C-061";
  process.exitCode = findings.some((finding) => !isAllowed(finding)) ? EXIT.findings : EXIT.ok;
  const reported = findings.flatMap((finding) => findingsOf([finding], isAllowed(finding) ? "warning" : "error"));
  switch (options.json ? "json" : options.format) {
    case "json":
      for (const one of checked) printJsonValues({ kind: "verdict", ...one });
      for (const finding of findings) printJson({ kind: "finding", ...finding });
      return;
    case "github":
      for (const line of githubLines({ name, cases: [{ name, findings: reported }] })) print(line);
      return;
    case "junit":
      return print(junitText(reportCheck(name, mode, checked, reported)));
    case "text":
      if (checked.length === 0) print(`${name} has no earlier version; there is nothing to compare with`);
      for (const { before, direction, verdict } of checked) await printVerdict(`${direction} with ${before}`, verdict);
      for (const { file, line, column, level, code, message, remedy } of reported)
        note(`${file}:${line}:${column}: ${level} ${code} ${message}\n  fix: ${withCommands(remedy ?? "")}`);
      print(`${counted(checked.length, "comparison")}, ${counted(findings.length, "finding")}`);
  }
}

/** Assigns the findings to the comparisons. A finding has no reference to its comparison, only words that name both versions. */
function reportCheck(
  name: string,
  mode: Mode,
  checked: readonly CheckedDirection[],
  findings: readonly ReportFinding[],
): Report {
  const titleOf = ({ before, after, direction }: CheckedDirection): string =>
    `${after} is ${direction} compatible with ${before}`;
  const left = [...findings];
  const cases = checked.map((one) => {
    // Findings are in the order of the comparisons.
    const index = one.verdict.kind === "compatible" ? -1 : left.findIndex(({ code }) => code !== "SIG-C-062");
    return { name: titleOf(one), findings: index === -1 ? [] : left.splice(index, 1) };
  });
  const identity = left.map((finding) => ({ name: finding.message, findings: [finding] }));
  return { name: `sigma contract check ${name} ${mode}`, cases: [...cases, ...identity] };
}

function refuse(faults: readonly Fault[]): void {
  process.exitCode = EXIT.usage;
  for (const { file, line, column, code, message, remedy } of faults)
    note(`${file}:${line}:${column}: error ${code} ${message}\n  fix: ${withCommands(remedy)}`);
}
