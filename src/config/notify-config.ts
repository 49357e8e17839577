import { existsSync } from "node:fs";
import { isIP } from "node:net";
import { createAddressRule, parseNetwork } from "../notify/address.ts";
import { parseSecret } from "../notify/signature.ts";
import type { ConfigFault } from "./fault.ts";
import { listOf } from "./list-of.ts";
import type { WebhookSetting } from "./setting-row.ts";
import type { SettingKey, SettingsByKey, SettingValues } from "./settings.ts";
import { textOrNull } from "./values.ts";

/** Who is told of what, and how often. */
export type NotifyConfig = {
  /** Each with the secrets that sign for it; null: they are read from `secretsFile` at each attempt. */
  readonly webhooks: readonly (WebhookSetting & { readonly secrets: readonly string[] | null })[];
  readonly secretsFile: string | null;
  /** Addresses and blocks that are not public, or that are asked without TLS. */
  readonly allowAddresses: readonly string[];
  readonly caFile: string | null;
  readonly timeoutMs: number;
  readonly file: string | null;
  readonly stdout: boolean;
  /** Null: off. */
  readonly threshold: number | null;
  readonly perMinute: number;
  /** Null: the address that the gateway listens on. Without a slash at its end. */
  readonly apiUrl: string | null;
};

/** @param values in which {@link notifyFaults} finds no fault. */
export function notifyConfig(values: SettingValues): NotifyConfig {
  const secretsFile = textOrNull(values["notify.secrets_file"]);
  const shared = secretsFile === null ? listOf(values["notify.secrets"]) : null;
  const { "notify.threshold": threshold } = values;
  return {
    webhooks: values["notify.webhooks"].map((one) => ({ ...one, secrets: one.secrets ?? shared })),
    secretsFile,
    allowAddresses: listOf(values["notify.allow_addresses"]),
    caFile: textOrNull(values["notify.ca_file"]),
    timeoutMs: values["notify.timeout_seconds"] * 1_000,
    file: textOrNull(values["notify.file"]),
    stdout: values["notify.stdout"],
    threshold: threshold === 0 ? null : threshold,
    perMinute: values["notify.per_minute"],
    apiUrl: textOrNull(values["notify.api_url"].replace(/\/+$/, "")),
  };
}

const WEBHOOKS_MAX = 16;
const MAKE_SECRET = "Make one: echo whsec_$(openssl rand -base64 32)";

/**
 * Webhooks that nothing can be sent to, secrets that are none or missing, addresses that are none, files that do not exist. No fault
 * shows a URL's path or a secret.
 */
export function notifyFaults({ values, origins }: SettingsByKey): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  const fault = (key: SettingKey, message: string, remedy: string): void => {
    faults.push({ place: origins[key], code: "SIG-S-016", message, remedy });
  };
  const wrong = listOf(values["notify.allow_addresses"]).find((one) => parseNetwork(one) === null);
  if (wrong !== undefined) {
    const message = `Setting notify.allow_addresses names "${wrong.slice(0, 100)}", which is no address and no block`;
    fault("notify.allow_addresses", message, "Write 10.1.0.0/16,127.0.0.1; names of hosts cannot be allowed");
  }
  for (const key of ["notify.ca_file", "notify.secrets_file"] as const) {
    const file = values[key];
    if (file !== "" && !existsSync(file))
      fault(key, `Cannot read "${file}": it does not exist`, "Name a file that can be read");
  }
  if (listOf(values["notify.secrets"]).some((one) => parseSecret(one) === null))
    fault("notify.secrets", "One of the secrets is not whsec_ and the base64 of 24 to 64 bytes", MAKE_SECRET);
  const api = values["notify.api_url"];
  if (api !== "" && urlOf(api) === null) {
    const message = "Cannot use this as the URL of the gateway";
    fault("notify.api_url", message, "Write https://sigma.example.com, without user and password");
  }
  const webhooks = values["notify.webhooks"];
  if (webhooks.length > WEBHOOKS_MAX)
    fault("notify.webhooks", `There are ${webhooks.length} webhooks`, `Keep at most ${WEBHOOKS_MAX}`);
  webhooks.forEach((webhook, index) => {
    const [message, remedy] = faultOf(webhook, values) ?? [];
    if (message !== undefined && remedy !== undefined)
      fault("notify.webhooks", `Webhook ${index + 1} ${message}`, remedy);
  });
  return faults;
}

type Described = readonly [message: string, remedy: string];

function faultOf({ url, format, secrets }: WebhookSetting, values: SettingValues): Described | null {
  const parsed = urlOf(url);
  if (parsed === null) return ["has no URL that can be used", "Write https://host/path, without user and password"];
  const host = parsed.hostname.replace(/^\[|\]$/g, "");
  const found = createAddressRule(listOf(values["notify.allow_addresses"]))(host);
  if (isIP(host) !== 0 && found === "refused")
    return [`is at ${host}, which is no public address`, "Name it in notify.allow_addresses to allow it"];
  if (isIP(host) !== 0 && found === "public" && parsed.protocol === "http:")
    return [`is asked at ${host} without TLS`, "Write https, or name the address in notify.allow_addresses"];
  if (secrets?.some((one) => parseSecret(one) === null) === true)
    return ["has a secret that is not whsec_ and the base64 of 24 to 64 bytes", MAKE_SECRET];
  if (format !== "standard") return null;
  const isSigned = [values["notify.secrets"], values["notify.secrets_file"], ...(secrets ?? [])].some(
    (one) => one !== "",
  );
  return isSigned ? null : ["has no secret that signs what is sent to it", `Set notify.secrets. ${MAKE_SECRET}`];
}

function urlOf(text: string): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
  return isPlain && url.hash === "" ? url : null;
}
