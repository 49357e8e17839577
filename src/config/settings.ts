import type { Code } from "../codes.ts";

/** A topic and the contract its records are judged by. */
export type SourceSetting = {
  readonly topic: string;
  readonly subject: string;
  /** Version of records that declare none; null: such records are FAILED contract-undeclared. */
  readonly defaultVersion: number | null;
  readonly partitions: number;
};

export type SettingValue = string | number | boolean | readonly SourceSetting[];

/** What a value may be. `bytes` may be written with a unit: 1048576, 1024 KiB, 1 MiB. */
export type ValueKind =
  | { readonly kind: "text" | "path" | "boolean" | "sources" }
  | { readonly kind: "integer" | "bytes"; readonly min: number; readonly max: number }
  | { readonly kind: "choice"; readonly values: readonly string[] };

export type SettingKey =
  | "http.host"
  | "http.port"
  | "http.allow_remote"
  | "data.dir"
  | "contracts.dir"
  | "sources"
  | "limits.record_bytes"
  | "limits.depth"
  | "batch.records"
  | "batch.bytes"
  | "log.level"
  | "log.format"
  | "shutdown.deadline_seconds"
  | "passed.raw";

/** One setting. The table below drives parsing, `sigma config show`, the options of the commands and the reference page. */
export type Setting = {
  readonly key: SettingKey;
  readonly value: ValueKind;
  readonly byDefault: SettingValue;
  readonly description: string;
  /** Long option, where a command takes it. */
  readonly flag: string | null;
  readonly env: string;
};

export const DEFAULT_SOURCE: SourceSetting = {
  topic: "sigma-aetl.shipments",
  subject: "shipment",
  defaultVersion: 1,
  partitions: 1,
};

const MIB = 1_048_576;

export const SETTINGS: readonly Setting[] = [
  setting("http.host", { kind: "text" }, "127.0.0.1", "Address the HTTP server listens on", "--host"),
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
  setting("data.dir", { kind: "path" }, ".sigma/data", "Directory of the embedded log and store", "--data"),
  setting("contracts.dir", { kind: "path" }, "contracts", "Directory of the contracts", "--contracts"),
  setting(
    "sources",
    { kind: "sources" },
    [DEFAULT_SOURCE],
    "Topics, each with the contract its records are judged by. A list of topic, subject, default (the version of records " +
      "that declare none) and partitions (1); as text: topic=subject@default:partitions, separated by commas",
    null,
  ),
  setting("limits.record_bytes", { kind: "bytes", min: 1, max: 64 * MIB }, MIB, "Largest record that can pass", null),
  setting("limits.depth", { kind: "integer", min: 1, max: 1_000 }, 64, "Deepest nesting that can pass", null),
  setting(
    "batch.records",
    { kind: "integer", min: 1, max: 100_000 },
    1_000,
    "Most records decided and stored at once",
    null,
  ),
  setting(
    "batch.bytes",
    { kind: "bytes", min: 1_024, max: 64 * MIB },
    MIB,
    "Most bytes decided and stored at once",
    null,
  ),
  setting(
    "log.level",
    { kind: "choice", values: ["trace", "debug", "info", "warn", "error", "silent"] },
    "info",
    "Least severe log line to write; debug has one for each batch",
    "--log-level",
  ),
  setting(
    "log.format",
    { kind: "choice", values: ["auto", "json", "pretty"] },
    "auto",
    "Form of log lines; auto is pretty on a terminal, else json",
    "--log-format",
  ),
  setting(
    "shutdown.deadline_seconds",
    { kind: "integer", min: 1, max: 3_600 },
    20,
    "Longest time to finish the batches in flight after SIGTERM",
    null,
  ),
  setting(
    "passed.raw",
    { kind: "choice", values: ["keep", "drop"] },
    "keep",
    "Whether the exact bytes of PASSED records are kept; the embedded store can only keep",
    null,
  ),
];

/** Variables that begin with SIGMA_ and are no setting. */
export const OTHER_VARIABLES: readonly string[] = ["SIGMA_DEBUG", "SIGMA_RELAUNCHED"];

/** Something wrong with the configuration: where (file:line:column, variable or option), what, and what to do. */
export type ConfigFault = {
  readonly place: string;
  readonly code: Code;
  readonly message: string;
  readonly remedy: string;
};

function setting(
  key: SettingKey,
  value: ValueKind,
  byDefault: SettingValue,
  description: string,
  flag: string | null,
): Setting {
  return { key, value, byDefault, description, flag, env: `SIGMA_${key.replaceAll(".", "_").toUpperCase()}` };
}
