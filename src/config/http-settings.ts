import { setting, type Setting, type SourceSetting } from "./setting.ts";
import type { ConfigFault } from "./fault.ts";

/** How the HTTP server is reached, and how it answers the reference's clients. */
export type HttpConfig = {
  readonly host: string;
  readonly port: number;
  /** Names under which it is asked besides those of the loopback interface. */
  readonly hosts: readonly string[];
  readonly keepAliveMs: number;
  /** Contract of `POST /api/validate`; null: that of the first source. */
  readonly validate: { readonly subject: string; readonly version: number | null } | null;
  readonly setAside: readonly string[];
};

export const HTTP_SETTINGS: readonly Setting[] = [
  setting(
    "http.host",
    { kind: "text" },
    "127.0.0.1",
    "Address the HTTP server listens on; 127.0.0.1 is ::1 too",
    "--host",
  ),
  setting(
    "http.port",
    { kind: "integer", min: 0, max: 65_535 },
    8_000,
    "Port of the HTTP server; 0 picks a free one",
    "--port",
  ),
  setting(
    "http.allow_remote",
    { kind: "boolean" },
    false,
    "Listen on an address other machines reach. There is no authentication yet: put a proxy that has one in front",
    null,
  ),
  setting(
    "http.hosts",
    { kind: "text" },
    "",
    "Host names, separated by commas, under which the server is asked besides localhost and, with http.allow_remote, its " +
      "addresses; others are refused, so that no web page reaches it by a name of its own. * is any name, for a proxy that checks them",
    null,
  ),
  setting(
    "http.keep_alive_seconds",
    { kind: "integer", min: 1, max: 3_600 },
    75,
    "How long a connection that is not in use stays open; longer than that of a proxy in front",
    null,
  ),
  setting(
    "http.validate_subject",
    { kind: "text" },
    "",
    "Contract by which POST /api/validate judges what declares none, as in shipment or shipment@1; without it that of the first source",
    null,
  ),
  setting(
    "http.set_aside",
    { kind: "text" },
    "raw_payload",
    "Members, separated by commas, that POST /api/validate does not judge where the contract does not name them: the " +
      "reference's clients send them beside the payload; none for none",
    null,
  ),
];

const SUBJECT = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,248})(?:@([1-9][0-9]{0,8}))?$/;
const HOST = /^(?:\*|[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,20}|\[[0-9a-f:.]{2,45}\])$/;

/** @param text reads a setting as text; only what {@link httpFaults} has nothing against. */
export function httpConfig(text: (key: Setting["key"]) => string): HttpConfig {
  const [, subject, version] = SUBJECT.exec(text("http.validate_subject")) ?? [];
  return {
    host: text("http.host"),
    port: Number(text("http.port")),
    hosts: listOf(text("http.hosts").toLowerCase()),
    keepAliveMs: Number(text("http.keep_alive_seconds")) * 1_000,
    validate: subject === undefined ? null : { subject, version: version === undefined ? null : Number(version) },
    setAside: text("http.set_aside") === "none" ? [] : listOf(text("http.set_aside")),
  };
}

type InForce = { readonly value: string; readonly origin: string };

/** What of these settings cannot be meant so. */
export function httpFaults(
  inForce: (key: Setting["key"]) => InForce,
  sources: readonly SourceSetting[],
): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  const hosts = inForce("http.hosts");
  const wrong = listOf(hosts.value.toLowerCase()).find((name) => !HOST.test(name));
  if (wrong !== undefined) {
    const message = `Setting http.hosts names "${wrong.slice(0, 100)}", which is no host name`;
    faults.push({
      place: hosts.origin,
      code: "SIG-S-004",
      message,
      remedy: "Write names without port or scheme, as in gateway.example.com",
    });
  }
  const asked = inForce("http.validate_subject");
  if (asked.value === "") return faults;
  const match = SUBJECT.exec(asked.value);
  const [, subject, version] = match ?? [];
  if (match === null) {
    const message = `Setting http.validate_subject is "${asked.value.slice(0, 100)}", which names no contract`;
    faults.push({ place: asked.origin, code: "SIG-S-004", message, remedy: "Write it as shipment or shipment@1" });
  } else if (
    version === undefined &&
    !sources.some((source) => source.subject === subject && source.defaultVersion !== null)
  ) {
    const message = `Setting http.validate_subject is "${subject}", and no source says which version of it is the default`;
    faults.push({ place: asked.origin, code: "SIG-S-004", message, remedy: `Name the version, as in ${subject}@1` });
  }
  return faults;
}

function listOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
