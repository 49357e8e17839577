import type { Command } from "commander";
import type { SettingValue } from "../../../config/setting-row.ts";
import type { Setting } from "../../../config/settings.ts";
import { describeValue } from "../../../config/values.ts";
import { printJson, printTable } from "../../terminal/output.ts";
import { settingsFor } from "../../terminal/settings.ts";

/** Hides the value of a secret, and what may be one in a URL: user, password and query. */
function shown({ secret }: Setting, value: SettingValue): SettingValue {
  if (secret && describeValue(value) !== "") return "(secret)";
  if (typeof value !== "string" || !/^[a-z]+:\/\//i.test(value)) return value;
  return value.replace(/\/\/[^/?#]*@/, "//(secret)@").replace(/\?.*$/s, "?(secret)");
}

/** `sigma config show`: prints every setting with its value. */
export async function showConfig(
  command: Command,
  options: { readonly origin: boolean; readonly json: boolean },
): Promise<void> {
  const { settings } = await settingsFor(command);
  if (options.json) {
    for (const { setting, value, origin } of settings)
      printJson({ key: setting.key, value: shown(setting, value), ...(options.origin ? { origin } : {}) });
    return;
  }
  printTable(
    settings.map((one) => [
      one.setting.key,
      describeValue(shown(one.setting, one.value)),
      ...(options.origin ? [one.origin] : []),
    ]),
  );
}
