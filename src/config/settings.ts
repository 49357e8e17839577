import { ANCHOR_SETTINGS } from "./anchor-settings.ts";
import { DIAGNOSIS_SETTINGS } from "./diagnosis-settings.ts";
import { ENGINE_SETTINGS } from "./engine-settings.ts";
import { GATEWAY_SETTINGS } from "./gateway-settings.ts";
import { HTTP_SETTINGS } from "./http-settings.ts";
import { HTTP_TLS_SETTINGS } from "./http-tls-settings.ts";
import { LIMIT_SETTINGS } from "./limit-settings.ts";
import { LANE_SETTINGS } from "./lane-settings.ts";
import { NOTIFY_SETTINGS } from "./notify-settings.ts";
import { OBJECTIVE_SETTINGS } from "./objective-settings.ts";
import { OIDC_SETTINGS } from "./oidc-settings.ts";
import { PROCESS_SETTINGS } from "./process-settings.ts";
import { REDACT_SETTINGS } from "./redact-settings.ts";
import { REGISTRY_SETTINGS } from "./registry-settings.ts";
import { RETENTION_SETTINGS } from "./retention-settings.ts";
import type { CheckedRows, SettingRow, SettingValue, ValueKind, ValueOf } from "./setting-row.ts";

// A row in one of the tables declares a setting. Its key, the type of its value, its variable, its option, the line of
// `sigma config show` and the line of the reference page follow from the row. Only the use of the value stands elsewhere.

type Rows = typeof HTTP_SETTINGS &
  typeof HTTP_TLS_SETTINGS &
  typeof OIDC_SETTINGS &
  typeof GATEWAY_SETTINGS &
  typeof LIMIT_SETTINGS &
  typeof PROCESS_SETTINGS &
  typeof LANE_SETTINGS &
  typeof REDACT_SETTINGS &
  typeof RETENTION_SETTINGS &
  typeof ENGINE_SETTINGS &
  typeof REGISTRY_SETTINGS &
  typeof ANCHOR_SETTINGS &
  typeof NOTIFY_SETTINGS &
  typeof OBJECTIVE_SETTINGS &
  typeof DIAGNOSIS_SETTINGS;

const ROWS: CheckedRows<Rows> = {
  ...HTTP_SETTINGS,
  ...HTTP_TLS_SETTINGS,
  ...OIDC_SETTINGS,
  ...GATEWAY_SETTINGS,
  ...LIMIT_SETTINGS,
  ...PROCESS_SETTINGS,
  ...LANE_SETTINGS,
  ...REDACT_SETTINGS,
  ...RETENTION_SETTINGS,
  ...ENGINE_SETTINGS,
  ...REGISTRY_SETTINGS,
  ...ANCHOR_SETTINGS,
  ...NOTIFY_SETTINGS,
  ...OBJECTIVE_SETTINGS,
  ...DIAGNOSIS_SETTINGS,
};

/** `http.port`: in the file, `port` stands in the mapping `http`. */
export type SettingKey = keyof Rows;

/** The value of every setting by its key, each of the type that its row says. */
export type SettingValues = { readonly [Key in SettingKey]: ValueOf<Rows[Key]> };

/** A setting as its row declares it, with what follows from the key and from what the row leaves out. */
export type Setting = {
  readonly key: SettingKey;
  readonly value: ValueKind;
  readonly byDefault: SettingValue;
  readonly description: string;
  readonly flag: string | null;
  /** The variable: `SIGMA_HTTP_PORT`. */
  readonly env: string;
  readonly alias: string | null;
  readonly secret: boolean;
};

/** Every setting, in the order in which people see them. */
export const SETTINGS: readonly Setting[] = Object.entries<SettingRow>(ROWS).map(
  ([key, { value, byDefault, description, flag = null, alias = null, secret = false }]) => {
    const env = `SIGMA_${key.replaceAll(".", "_").toUpperCase()}`;
    return { key: key as SettingKey, value, byDefault, description, flag, env, alias, secret };
  },
);

/** The value of a setting that takes effect, and where it came from: "default", a variable, an option, or file:line:column. */
export type SettingInForce = { readonly setting: Setting; readonly value: SettingValue; readonly origin: string };

/** Every setting: the value of each, and where it came from. */
export type SettingsByKey = {
  readonly values: SettingValues;
  readonly origins: Readonly<Record<SettingKey, string>>;
};

/** Variables that begin with SIGMA_ and are no setting. */
export const OTHER_VARIABLES: readonly string[] = [
  "SIGMA_API_KEY",
  "SIGMA_API_KEY_FILE",
  "SIGMA_CA_FILE",
  "SIGMA_DEBUG",
  "SIGMA_RELAUNCHED",
  "SIGMA_WORKER",
];
