import { type SettingInForce, setting, type Setting, type SettingKey } from "./setting.ts";
import type { ConfigFault } from "./fault.ts";
import { describeValue } from "./values.ts";

/** A registry that says what schema ids stand for. */
export type RegistryConfig = {
  readonly url: string;
  readonly authorization: string | null;
  readonly timeoutMs: number;
  readonly unknownMs: number;
};

export const REGISTRY_SETTINGS: readonly Setting[] = [
  setting(
    "registry.url",
    { kind: "text" },
    "",
    "A registry with Confluent's REST interface that knows the schema ids before payloads, as http://host:8081; empty is none",
    null,
  ),
  setting("registry.username", { kind: "text" }, "", "User for the registry", null),
  setting("registry.password", { kind: "text" }, "", "Password for the registry", null, { secret: true }),
  setting("registry.token", { kind: "text" }, "", "Bearer token for the registry; it goes before a user", null, {
    secret: true,
  }),
  setting(
    "registry.timeout_seconds",
    { kind: "integer", min: 1, max: 60 },
    5,
    "How long the registry may take to answer; nothing is decided meanwhile",
    null,
  ),
  setting(
    "registry.unknown_seconds",
    { kind: "integer", min: 1, max: 3_600 },
    60,
    "How long an id that the registry does not know is not asked again",
    null,
  ),
];

/** Null without a registry. The settings have passed {@link registryFaults}. */
export function registryConfig(text: (key: SettingKey) => string): RegistryConfig | null {
  const url = text("registry.url");
  if (url === "") return null;
  const [user, password, token] = [text("registry.username"), text("registry.password"), text("registry.token")];
  const basic = user === "" ? null : `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  return {
    url,
    authorization: token === "" ? basic : `Bearer ${token}`,
    timeoutMs: Number(text("registry.timeout_seconds")) * 1_000,
    unknownMs: Number(text("registry.unknown_seconds")) * 1_000,
  };
}

/** What the settings of the registry have wrong. */
export function registryFaults(settings: ReadonlyMap<SettingKey, SettingInForce>): readonly ConfigFault[] {
  const text = (key: SettingKey): string => describeValue(settings.get(key)?.value ?? "");
  const fault = (key: SettingKey, message: string, remedy: string): readonly ConfigFault[] => [
    { place: settings.get(key)?.origin ?? key, code: "SIG-S-013", message, remedy },
  ];
  const url = text("registry.url");
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (url !== "" && (parsed === null || !/^https?:$/.test(parsed.protocol) || parsed.username !== "")) {
    const remedy = "Write http://host:8081; a user and a password have settings of their own";
    return fault("registry.url", "Cannot use this as the URL of a registry", remedy);
  }
  return [];
}
