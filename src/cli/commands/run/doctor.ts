import type { Command } from "commander";
import { EXIT } from "../../../config/codes.ts";
import type { Config } from "../../../config/config.ts";
import type { Check } from "../../../doctor/check.ts";
import { print, printJson, printTable, styled } from "../../terminal/output.ts";
import { withCommands } from "../../terminal/printed-command.ts";
import { usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";

/** `sigma doctor`: prints every check, and a fix for each problem; exit 10 when a check fails. */
export async function doctor(
  command: Command,
  { resize, json }: { readonly resize?: string; readonly json: boolean },
): Promise<void> {
  const config = await configFor(command);
  const checks = resize === undefined ? await examineAll(config) : await examineOne(config, resize);
  if (checks.some(({ result }) => result === "fail")) process.exitCode = EXIT.findings;
  if (json) return checks.forEach((check) => printJson({ kind: "check", ...check }));
  printTable(checks.map(({ name, result, message }) => [STYLED[result](), name, message]));
  for (const { name, fix } of checks) if (fix !== null) print(`fix ${name}: ${withCommands(fix)}`);
}

async function examineAll(config: Config): Promise<readonly Check[]> {
  const { examine } = await import("../../../doctor/doctor.ts");
  return examine(config);
}

async function examineOne(config: Config, text: string): Promise<readonly Check[]> {
  const { examineResize, parseResize } = await import("../../../doctor/resize.ts");
  const resize = parseResize(text);
  if (resize === null)
    throw usage("SIG-S-042", `Cannot read --resize "${text}"`, "write topic=number, as in orders=12");
  return examineResize(config, resize);
}

const STYLED: Readonly<Record<Check["result"], () => string>> = {
  ok: () => styled("green", "ok  "),
  warn: () => styled("yellow", "warn"),
  fail: () => styled("red", "fail"),
};
