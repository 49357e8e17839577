import type { Argument, Command, Option } from "commander";
import { createProgram } from "../src/cli/program.ts";
import { EXIT } from "../src/config/codes.ts";
import { markdownTable } from "./markdown-table.ts";

/** The page of every command, as `--help` knows it. @param generated the line that says who wrote the page. */
export async function cliPage(generated: string): Promise<string> {
  const program = await createProgram([]);
  const codes = Object.entries(EXIT).map(([name, code]) => [String(code), EXITS[name as keyof typeof EXIT]]);
  return `# Command line

${generated}

\`sigma <command> --help\` prints the same. An option that a setting has too wins over the configuration
([configuration](config.md)).

## Options of every command

${optionTable(program)}

## Exit codes

${markdownTable(["Code", "Meaning"], codes)}

${leavesOf(program, "").map(sectionOf).join("\n\n")}
`;
}

const EXITS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: "Done",
  error: "Something unexpected happened, or the work could not be done",
  usage: "The command line, the configuration or the contracts are wrong",
  findings: "FAILED records, lint findings, or a check that failed",
  breach: "An objective is missed",
  audit: "The audit found something",
  unreachable: "What is needed is not reachable or is locked now: trying again may help",
  refused: "A gateway asks for a key, or the key may not do this",
  interrupted: "Interrupted (SIGINT)",
  terminated: "Terminated (SIGTERM)",
};

type Leaf = { readonly path: string; readonly command: Command };

/** Commands that do something, in the order of `--help`; those that only hold others are in their names. */
function leavesOf(command: Command, before: string): readonly Leaf[] {
  const path = `${before} ${command.name()}`.trim();
  if (command.commands.length === 0) return [{ path, command }];
  return command.commands.flatMap((child) => leavesOf(child, path));
}

function sectionOf({ path, command }: Leaf): string {
  const usage = [path, ...command.registeredArguments.map(describeArgument)].join(" ");
  const parts = [`## ${path}`, `${command.description()}: \`${usage}\``];
  const rows = [
    ...command.registeredArguments.map((one) => [`\`${describeArgument(one)}\``, meaningOf(one)]),
    ...command.options.map(optionRow),
  ];
  if (rows.length > 0) parts.push(markdownTable(["Argument or option", "Meaning"], rows));
  return parts.join("\n\n");
}

function optionTable({ options }: Command): string {
  return markdownTable(["Option", "Meaning"], options.map(optionRow));
}

function optionRow(option: Option): readonly string[] {
  return [`\`${option.flags}\``, option.mandatory ? `${meaningOf(option)} (required)` : meaningOf(option)];
}

function describeArgument(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function meaningOf({ description, argChoices, defaultValue }: Argument | Option): string {
  const choices = argChoices === undefined ? "" : `: ${argChoices.map((one) => `\`${one}\``).join(", ")}`;
  const isSaid = typeof defaultValue === "string" || typeof defaultValue === "number";
  return `${description}${choices}${isSaid ? `; \`${defaultValue}\` by default` : ""}`;
}
