import type { Command } from "commander";
import { describeValue } from "../config/values.ts";
import { printJson, printTable } from "./output.ts";
import { settingsFor } from "./settings.ts";

/** `sigma config show`: every setting in force. */
export async function showConfig(
  command: Command,
  options: { readonly origin: boolean; readonly json: boolean },
): Promise<void> {
  const { settings } = await settingsFor(command);
  if (options.json) {
    for (const { setting, value, origin } of settings)
      printJson({ key: setting.key, value, ...(options.origin ? { origin } : {}) });
    return;
  }
  printTable(
    settings.map((one) => [one.setting.key, describeValue(one.value), ...(options.origin ? [one.origin] : [])]),
  );
}
