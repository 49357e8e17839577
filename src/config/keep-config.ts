import type { ConfigFault } from "./fault.ts";
import type { SettingKey, SettingsByKey, SettingValues } from "./settings.ts";
import { listOf } from "./values.ts";

/** What people are not shown: JSON pointers, of one subject or of all (null), and classes of values. */
export type RedactConfig = {
  readonly pointers: readonly { readonly subject: string | null; readonly pointer: string }[];
  readonly classes: readonly string[];
};

/** How long the store keeps what, in milliseconds; null: for ever. */
export type RetentionConfig = {
  readonly failed: number | null;
  readonly validated: number | null;
  readonly receipts: number | null;
  readonly evidence: number | null;
};

const SUBJECT = "[A-Za-z0-9][A-Za-z0-9_.-]{0,248}";
const POINTER = new RegExp(`^(?:(${SUBJECT}):)?((?:/(?:[^~/]|~[012])*)*)$`);
const CLASS = /^[^\s,]{1,100}$/;
/** `90d`, `36h`, `30m`: days, hours, minutes. */
const DURATION = /^([1-9]\d{0,5})([dhm])$/;
const UNIT_MS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000 };

const KEEPS = ["failed", "validated", "receipts", "evidence"] as const;

/** @param values in which {@link keepFaults} finds no fault. */
export function redactConfig(values: SettingValues): RedactConfig {
  const pointers = listOf(values["redact.pointers"]).map((text) => {
    const [, subject, pointer = ""] = POINTER.exec(text) ?? [];
    return { subject: subject ?? null, pointer: pointer.replaceAll("~2", ",") };
  });
  return { pointers, classes: listOf(values["redact.classes"]) };
}

/** @param values in which {@link keepFaults} finds no fault. */
export function retentionConfig(values: SettingValues): RetentionConfig {
  return {
    failed: durationMs(values["retention.failed"]),
    validated: durationMs(values["retention.validated"]),
    receipts: durationMs(values["retention.receipts"]),
    evidence: durationMs(values["retention.evidence"]),
  };
}

function durationMs(text: string): number | null {
  const [, count, unit = ""] = DURATION.exec(text) ?? [];
  return count === undefined ? null : Number(count) * (UNIT_MS[unit] ?? 0);
}

/** Pointers and durations that are none, and evidence that would be gone before the facts that are found by it. */
export function keepFaults({ values, origins }: SettingsByKey): readonly ConfigFault[] {
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
  for (const kind of KEEPS) {
    const key = `retention.${kind}` as const;
    if (values[key] !== "" && !DURATION.test(values[key]))
      add(
        key,
        `is "${values[key].slice(0, 100)}", which is no duration`,
        "Write days, hours or minutes, as in 90d, 36h or 30m",
      );
  }
  const { validated, evidence } = retentionConfig(values);
  if (validated === null) return faults;
  if (evidence !== null && evidence < validated)
    add(
      "retention.evidence",
      "is shorter than retention.validated: without their evidence the facts of an entry are not found again",
      "Make it at least as long",
    );
  return faults;
}
