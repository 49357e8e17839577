import type { SettingValue } from "./setting-row.ts";
import type { Setting, SettingInForce } from "./settings.ts";
import { describeValue } from "./values.ts";

/** A setting as people may see it: its value in words, and where that comes from. */
export type ShownSetting = {
  readonly key: string;
  readonly value: string;
  readonly origin: string;
  readonly description: string;
};

/** Hides the value of a secret, and what may be one in a URL: user, password and query. */
export function shownValue({ secret }: Setting, value: SettingValue): SettingValue {
  if (secret && describeValue(value) !== "") return "(secret)";
  if (typeof value !== "string" || !/^[a-z]+:\/\//i.test(value)) return value;
  return value.replace(/\/\/[^/?#]*@/, "//(secret)@").replace(/\?.*$/s, "?(secret)");
}

/** Every setting as it is. */
export function shownSettings(settings: readonly SettingInForce[]): readonly ShownSetting[] {
  return settings.map(({ setting, value, origin }) => ({
    key: setting.key,
    value: describeValue(shownValue(setting, value)),
    origin,
    description: setting.description,
  }));
}
