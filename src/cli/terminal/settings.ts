import { Option, type Command } from "commander";
import type { Config } from "../../config/config.ts";
import { SETTINGS, type SettingInForce, type SettingKey } from "../../config/settings.ts";
import { Refusals } from "./refusal.ts";

/** The setting of each option that {@link withSettings} made: a command may have one of its own under the same name. */
const settingOf = new WeakMap<Option, SettingKey>();

/** Adds the options of these settings to a command. */
export function withSettings(command: Command, keys: readonly SettingKey[]): Command {
  for (const { key, flag, description, value, env } of SETTINGS) {
    if (flag === null || !keys.includes(key)) continue;
    const option = new Option(
      `${flag} <${value.kind !== "path" ? "value" : key.endsWith("_file") ? "file" : "dir"}>`,
      `${lowerFirst(description)} (${env})`,
    );
    settingOf.set(option, key);
    command.addOption(option);
  }
  return command;
}

/** The configuration for a command with its options applied. */
export async function configFor(command: Command): Promise<Config> {
  return (await settingsFor(command)).config;
}

/** The configuration and its settings. @throws {@link Refusals} with every fault. */
export async function settingsFor(
  command: Command,
): Promise<{ readonly config: Config; readonly settings: readonly SettingInForce[] }> {
  const options: Readonly<Record<string, unknown>> = command.optsWithGlobals();
  const flags = new Map<SettingKey, string>();
  for (let of: Command | null = command; of !== null; of = of.parent) {
    for (const option of of.options) {
      const key = settingOf.get(option);
      const given: unknown = of.getOptionValue(option.attributeName());
      if (key !== undefined && typeof given === "string" && !flags.has(key)) flags.set(key, given);
    }
  }
  const file = options["config"];
  const { readConfig } = await import("../../config/config.ts");
  const result = await readConfig({ flags, env: process.env, file: typeof file === "string" ? file : null });
  if (!result.ok) throw new Refusals(result.faults);
  return result;
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
