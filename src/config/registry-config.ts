import type { ConfigFault } from "./fault.ts";
import type { SettingsByKey, SettingValues } from "./settings.ts";

/** The registry that says what schema ids stand for, and how the gateway asks it. */
export type RegistryConfig = {
  readonly url: string;
  /** Value of the `Authorization` header; null: the header is not sent. */
  readonly authorization: string | null;
  readonly timeoutMs: number;
  /** How long an id that the registry does not know is not asked again. */
  readonly unknownMs: number;
};

/** @param values in which {@link registryFaults} finds no fault. @returns null without a registry. */
export function registryConfig(values: SettingValues): RegistryConfig | null {
  const url = values["registry.url"];
  if (url === "") return null;
  const [user, password, token] = [values["registry.username"], values["registry.password"], values["registry.token"]];
  const basic = user === "" ? null : `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  return {
    url,
    authorization: token === "" ? basic : `Bearer ${token}`,
    timeoutMs: values["registry.timeout_seconds"] * 1_000,
    unknownMs: values["registry.unknown_seconds"] * 1_000,
  };
}

/** A URL that is no HTTP URL, or that holds a user. The fault does not show the URL: a password could be in it. */
export function registryFaults({ values, origins }: SettingsByKey): readonly ConfigFault[] {
  const url = values["registry.url"];
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (url === "" || (parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.username === "")) return [];
  const message = "Cannot use this as the URL of a registry";
  const remedy = "Write http://host:8081; a user and a password have settings of their own";
  return [{ place: origins["registry.url"], code: "SIG-S-013", message, remedy }];
}
