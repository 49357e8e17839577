import type { Command } from "commander";
import { EXIT } from "../../../config/codes.ts";
import type { Check } from "../../../doctor/check.ts";
import { print, printJson, printTable, styled } from "../../terminal/output.ts";
import { withCommands } from "../../terminal/printed-command.ts";
import { configFor } from "../../terminal/settings.ts";

/** `sigma doctor`: prints every check, and a fix for each problem; exit 10 when a check fails. */
export async function doctor(command: Command, { json }: { readonly json: boolean }): Promise<void> {
  const { examine } = await import("../../../doctor/doctor.ts");
  const checks = await examine(await configFor(command));
  if (checks.some(({ result }) => result === "fail")) process.exitCode = EXIT.findings;
  if (json) return checks.forEach((check) => printJson({ kind: "check", ...check }));
  printTable(checks.map(({ name, result, message }) => [STYLED[result](), name, message]));
  for (const { name, fix } of checks) if (fix !== null) print(`fix ${name}: ${withCommands(fix)}`);
}

const STYLED: Readonly<Record<Check["result"], () => string>> = {
  ok: () => styled("green", "ok  "),
  warn: () => styled("yellow", "warn"),
  fail: () => styled("red", "fail"),
};
