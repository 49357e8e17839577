import type { Quotas } from "../access/spending.ts";
import type { ConfigFault } from "./fault.ts";
import { httpTlsConfig, type HttpTlsConfig } from "./http-tls-config.ts";
import { listOf } from "./list-of.ts";
import type { SettingsByKey, SettingValues } from "./settings.ts";

/** How the HTTP server is reached, and how it answers the reference's clients. */
export type HttpConfig = {
  readonly host: string;
  readonly port: number;
  /** Null: plain HTTP. */
  readonly tls: HttpTlsConfig | null;
  /** Nobody needs a key until one is made, even where other machines reach the server. */
  readonly allowRemoteWithoutKeys: boolean;
  /** Host names under which clients ask the server, besides those of the loopback interface. */
  readonly hosts: readonly string[];
  /** Origins whose pages may ask. */
  readonly corsOrigins: readonly string[];
  readonly keepAliveMs: number;
  /** What one who asks may use. */
  readonly quotas: Quotas;
  /** How many records of a topic may wait to be decided, and the oldest of them for how many seconds; null: without end. */
  readonly backlog: { readonly recordsMax: number | null; readonly ageMaxS: number | null };
  /** Contract of `POST /api/validate`; null: that of the first source. */
  readonly validate: { readonly subject: string; readonly version: number | null } | null;
  /** Members of a payload that `POST /api/validate` does not judge where the contract does not name them. */
  readonly setAside: readonly string[];
};

const SUBJECT = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,248})(?:@([1-9][0-9]{0,8}))?$/;
const HOST = /^(?:\*|[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,20}|\[[0-9a-f:.]{2,45}\])$/;

/** @param values in which {@link httpFaults} finds no fault. */
export function httpConfig(values: SettingValues): HttpConfig {
  const [, subject, version] = SUBJECT.exec(values["http.validate_subject"]) ?? [];
  return {
    host: values["http.host"],
    port: values["http.port"],
    tls: httpTlsConfig(values),
    allowRemoteWithoutKeys: values["http.allow_remote_without_keys"],
    hosts: listOf(values["http.hosts"].toLowerCase()),
    corsOrigins: listOf(values["http.cors_origins"].toLowerCase()),
    quotas: {
      requests: positiveOrNull(values["limits.requests"]),
      bytes: positiveOrNull(values["limits.bytes"]),
      records: positiveOrNull(values["limits.records"]),
      topics: positiveOrNull(values["limits.topics"]),
      producers: positiveOrNull(values["limits.producers"]),
      groups: positiveOrNull(values["limits.groups"]),
    },
    keepAliveMs: values["http.keep_alive_seconds"] * 1_000,
    backlog: {
      recordsMax: values["http.backlog_records"] === 0 ? null : values["http.backlog_records"],
      ageMaxS: values["http.backlog_age_seconds"] === 0 ? null : values["http.backlog_age_seconds"],
    },
    validate: subject === undefined ? null : { subject, version: version === undefined ? null : Number(version) },
    setAside: values["http.set_aside"] === "none" ? [] : listOf(values["http.set_aside"]),
  };
}

/** 0 is no limit. */
function positiveOrNull(value: number): number | null {
  return value > 0 ? value : null;
}

/** Host names that are none, and a contract of `POST /api/validate` that is named in no way it can be found by. */
export function httpFaults({ values, origins }: SettingsByKey): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  const wrong = listOf(values["http.hosts"].toLowerCase()).find((name) => !HOST.test(name));
  if (wrong !== undefined) {
    const message = `Setting http.hosts names "${wrong.slice(0, 100)}", which is no host name`;
    const remedy = "Write names without port or scheme, as in gateway.example.com";
    faults.push({ place: origins["http.hosts"], code: "SIG-S-004", message, remedy });
  }
  const strange = listOf(values["http.cors_origins"].toLowerCase()).find((origin) => !isOrigin(origin));
  if (strange !== undefined) {
    const message = `Setting http.cors_origins names "${strange.slice(0, 100)}", which is no origin`;
    const remedy = "Write scheme, name and port alone, as in https://app.example.com or http://localhost:5173";
    faults.push({ place: origins["http.cors_origins"], code: "SIG-S-004", message, remedy });
  }
  const named = values["http.validate_subject"];
  if (named === "") return faults;
  const place = origins["http.validate_subject"];
  const match = SUBJECT.exec(named);
  const [, subject, version] = match ?? [];
  const hasDefault = values.sources.some((one) => one.subject === subject && one.defaultVersion !== null);
  if (match === null) {
    const message = `Setting http.validate_subject is "${named.slice(0, 100)}", which names no contract`;
    faults.push({ place, code: "SIG-S-004", message, remedy: "Write it as shipment or shipment@1" });
  } else if (version === undefined && !hasDefault) {
    const message = `Setting http.validate_subject is "${subject}", and no source says which version of it is the default`;
    faults.push({ place, code: "SIG-S-004", message, remedy: `Name the version, as in ${subject}@1` });
  }
  return faults;
}

/** Whether a text is an origin as browsers write it. `*` and `null` are none: they would be any page. */
function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/** Whether a host is 127.0.0.0/8, ::1 or localhost. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
