import type { Command } from "commander";
import { shownValue } from "../../../config/shown-setting.ts";
import { describeValue } from "../../../config/values.ts";
import { printJson, printTable } from "../../terminal/output.ts";
import { settingsFor } from "../../terminal/settings.ts";

/** `sigma config show`: prints every setting with its value. */
export async function showConfig(
  command: Command,
  options: { readonly origin: boolean; readonly json: boolean },
): Promise<void> {
  const { settings } = await settingsFor(command);
  if (options.json) {
    for (const { setting, value, origin } of settings)
      printJson({ key: setting.key, value: shownValue(setting, value), ...(options.origin ? { origin } : {}) });
    return;
  }
  printTable(
    settings.map((one) => [
      one.setting.key,
      describeValue(shownValue(one.setting, one.value)),
      ...(options.origin ? [one.origin] : []),
    ]),
  );
}
