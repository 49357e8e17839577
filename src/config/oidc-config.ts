import { ROLES, type Role } from "../access/roles.ts";
import type { ConfigFault } from "./fault.ts";
import { listOf } from "./list-of.ts";
import type { SettingKey, SettingsByKey, SettingValues } from "./settings.ts";
import { textOrNull } from "./values.ts";

/** How people are known. */
export type OidcConfig = {
  readonly issuer: string;
  /** Null: access tokens are not taken. */
  readonly audience: string | null;
  /** Null: nobody signs in with a browser. */
  readonly client: { readonly id: string; readonly secret: string | null; readonly redirectUrl: string } | null;
  readonly groupsClaim: string;
  /** Groups, each with its role. */
  readonly roles: readonly (readonly [group: string, role: Role])[];
  readonly clockSkewSeconds: number;
  readonly session: { readonly idleMs: number; readonly absoluteMs: number };
};

/** @param values in which {@link oidcFaults} finds no fault. @returns null: there are keys alone. */
export function oidcConfig(values: SettingValues): OidcConfig | null {
  const issuer = textOrNull(values["oidc.issuer"]);
  if (issuer === null) return null;
  const id = textOrNull(values["oidc.client_id"]);
  const secret = textOrNull(values["oidc.client_secret"]);
  return {
    issuer,
    audience: textOrNull(values["oidc.audience"]),
    client: id === null ? null : { id, secret, redirectUrl: values["oidc.redirect_url"] },
    groupsClaim: values["oidc.groups_claim"],
    roles: rolesOf(values["oidc.roles"]) ?? [],
    clockSkewSeconds: values["oidc.clock_skew_seconds"],
    session: {
      idleMs: values["oidc.session_idle_minutes"] * 60_000,
      absoluteMs: values["oidc.session_hours"] * 3_600_000,
    },
  };
}

/** Null when an item is no group with a role. */
function rolesOf(text: string): OidcConfig["roles"] | null {
  const pairs = listOf(text).map((item) => /^(.{1,200})=([a-z]+)$/.exec(item));
  const roles: (readonly [string, Role])[] = [];
  for (const pair of pairs) {
    const [, group = "", role = ""] = pair ?? [];
    if (!ROLES.includes(role as Role)) return null;
    roles.push([group, role as Role]);
  }
  return roles;
}

/** The callback of the gateway; the path is the route's. */
export const CALLBACK_PATH = "/auth/callback";

/** Settings of the provider that are wrong, or of no use without another. */
export function oidcFaults({ values, origins }: SettingsByKey): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  const add = (key: SettingKey, state: string, remedy: string): void =>
    void faults.push({ place: origins[key], code: "SIG-S-017", message: `Setting ${key} ${state}`, remedy });
  if (values["oidc.issuer"] === "") return faults;
  if (!isSafeUrl(values["oidc.issuer"]))
    add("oidc.issuer", "is no https URL", "Write https://login.example.com; http is taken on this machine alone");
  if (values["oidc.audience"] === "" && values["oidc.client_id"] === "")
    add("oidc.issuer", "is of no use alone", "Set oidc.audience for access tokens, or oidc.client_id for sign-in");
  const redirect = values["oidc.redirect_url"];
  if (values["oidc.client_id"] !== "" && !(isSafeUrl(redirect) && new URL(redirect).pathname === CALLBACK_PATH))
    add("oidc.redirect_url", "is no https URL of the callback", `Write https://gateway.example.com${CALLBACK_PATH}`);
  if (rolesOf(values["oidc.roles"]) === null)
    add("oidc.roles", "is no list of groups with roles", `Write group=role; roles are ${ROLES.join(", ")}`);
  return faults;
}

/** Whether what is sent there cannot be read on the way. */
function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === "https:" || (protocol === "http:" && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(hostname));
}
