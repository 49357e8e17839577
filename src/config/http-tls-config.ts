import { existsSync } from "node:fs";
import type { CertificateRole } from "../access/certificates.ts";
import { ROLES, type Role } from "../access/roles.ts";
import type { ConfigFault } from "./fault.ts";
import { listOf } from "./list-of.ts";
import type { SettingKey, SettingsByKey, SettingValues } from "./settings.ts";
import { textOrNull } from "./values.ts";

/** How the HTTP server speaks TLS. */
export type HttpTlsConfig = {
  readonly files: {
    readonly certFile: string;
    readonly keyFile: string;
    readonly passphrase: string | null;
    readonly clientCaFile: string | null;
  };
  /** Whether a client without a certificate cannot connect. */
  readonly isClientRequired: boolean;
  readonly clientRoles: readonly CertificateRole[];
  /** 0: the files are not looked at. */
  readonly reloadMs: number;
  /** 0: browsers are not told. */
  readonly hstsSeconds: number;
};

/** @param values in which {@link httpTlsFaults} finds no fault. @returns null: the server speaks plain HTTP. */
export function httpTlsConfig(values: SettingValues): HttpTlsConfig | null {
  const certFile = textOrNull(values["http.tls_cert_file"]);
  if (certFile === null) return null;
  return {
    files: {
      certFile,
      keyFile: values["http.tls_key_file"],
      passphrase: textOrNull(values["http.tls_key_passphrase"]),
      clientCaFile: textOrNull(values["http.tls_client_ca_file"]),
    },
    isClientRequired: values["http.tls_client_auth"] === "required",
    clientRoles: clientRolesOf(values["http.tls_client_roles"]) ?? [],
    reloadMs: values["http.tls_reload_seconds"] * 1_000,
    hstsSeconds: values["http.tls_hsts_days"] * 86_400,
  };
}

const ROW = /^([^=]{1,300}|uri:[^\s]{1,300}?)=([a-z+]{1,60})(?:\/([A-Za-z0-9._+-]{1,2000}))?$/;
const KIND = /^(?:cn|dns|uri|email):./;

/** Null when an item does not say which roles a name has. */
function clientRolesOf(text: string): readonly CertificateRole[] | null {
  const rows: CertificateRole[] = [];
  for (const item of listOf(text)) {
    const [, name = "", roles = "", topics] = ROW.exec(item) ?? [];
    const named = roles.split("+");
    if (name === "" || !named.every((role): role is Role => ROLES.includes(role as Role))) return null;
    const within = topics === undefined ? [] : topics.split("+");
    // Whoever appends names the topics, as for a key.
    if (within.includes("") || (named.includes("producer") && within.length === 0)) return null;
    rows.push({ name: KIND.test(name) ? name : `cn:${name}`, roles: named, topics: within });
  }
  return rows;
}

const FILES = ["http.tls_cert_file", "http.tls_key_file", "http.tls_client_ca_file"] as const;

/** Settings of TLS that lack another, contradict it, or name a file that does not exist. What is in the files is judged at the start. */
export function httpTlsFaults({ values, origins }: SettingsByKey): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  const add = (key: SettingKey, message: string, remedy: string): void =>
    void faults.push({ place: origins[key], code: "SIG-S-027", message, remedy });
  const needs = (key: SettingKey, other: SettingKey): void => {
    if (values[key] !== "" && values[other] === "")
      add(key, `Setting ${key} is of no use without ${other}`, `Set ${other}`);
  };
  needs("http.tls_cert_file", "http.tls_key_file");
  needs("http.tls_key_file", "http.tls_cert_file");
  needs("http.tls_client_ca_file", "http.tls_cert_file");
  needs("http.tls_client_roles", "http.tls_client_ca_file");
  if (values["http.tls_client_auth"] === "required") needs("http.tls_client_auth", "http.tls_client_ca_file");
  if (clientRolesOf(values["http.tls_client_roles"]) === null)
    add(
      "http.tls_client_roles",
      "Setting http.tls_client_roles is no list of names with roles, or names no topic for a producer",
      `Write name=role, or name=producer/topic; roles are ${ROLES.join(", ")}`,
    );
  for (const key of FILES)
    if (values[key] !== "" && !existsSync(values[key]))
      add(key, `Cannot read "${values[key]}": it does not exist`, "Name a file that can be read");
  return faults;
}
