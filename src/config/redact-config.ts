import type { ConfigFault } from "./fault.ts";
import { listOf } from "./list-of.ts";
import type { SettingKey, SettingsByKey, SettingValues } from "./settings.ts";

/** What people are not shown: JSON pointers, of one subject or of all (null), and classes of values. */
export type RedactConfig = {
  readonly pointers: readonly { readonly subject: string | null; readonly pointer: string }[];
  readonly classes: readonly string[];
};

const SUBJECT = "[A-Za-z0-9][A-Za-z0-9_.-]{0,248}";
const POINTER = new RegExp(`^(?:(${SUBJECT}):)?((?:/(?:[^~/]|~[012])*)*)$`);
const CLASS = /^[^\s,]{1,100}$/;

/** @param values in which {@link redactFaults} finds no fault. */
export function redactConfig(values: SettingValues): RedactConfig {
  const pointers = listOf(values["redact.pointers"]).map((text) => {
    const [, subject, pointer = ""] = POINTER.exec(text) ?? [];
    return { subject: subject ?? null, pointer: pointer.replaceAll("~2", ",") };
  });
  return { pointers, classes: listOf(values["redact.classes"]) };
}

/** Pointers and classes that are none. */
export function redactFaults({ values, origins }: SettingsByKey): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  const add = (key: SettingKey, state: string, remedy: string): void =>
    void faults.push({ place: origins[key], code: "SIG-S-004", message: `Setting ${key} ${state}`, remedy });
  const wrong = listOf(values["redact.pointers"]).find((text) => !POINTER.test(text));
  if (wrong !== undefined)
    add(
      "redact.pointers",
      `has "${wrong.slice(0, 100)}", which is no JSON pointer`,
      "Write /customer/email, or shipment:/driver/name for the records of one contract",
    );
  const strange = listOf(values["redact.classes"]).find((text) => !CLASS.test(text));
  if (strange !== undefined)
    add(
      "redact.classes",
      `has "${strange.slice(0, 100)}", which is no name of a class`,
      "Write it as in personal,secret",
    );
  return faults;
}
