/** A topic and the contract its records are judged by. */
export type SourceSetting = {
  readonly topic: string;
  readonly subject: string;
  /** Versions the topic's records may be of; null: any version in force. */
  readonly accepts: readonly number[] | null;
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
  | "http.hosts"
  | "http.keep_alive_seconds"
  | "http.validate_subject"
  | "http.set_aside"
  | "data.dir"
  | "contracts.dir"
  | "contracts.reload_seconds"
  | "contracts.url"
  | "sources"
  | "limits.record_bytes"
  | "limits.depth"
  | "batch.records"
  | "batch.bytes"
  | "log.level"
  | "log.format"
  | "log.retention_hours"
  | "shutdown.deadline_seconds"
  | "evidence"
  | "kafka.brokers"
  | "kafka.group"
  | "kafka.instance_id"
  | "kafka.session_timeout_seconds"
  | "kafka.tls"
  | "kafka.tls_ca_file"
  | "kafka.tls_cert_file"
  | "kafka.tls_key_file"
  | "kafka.sasl_mechanism"
  | "kafka.sasl_username"
  | "kafka.sasl_password"
  | "kafka.sasl_password_file"
  | "kafka.sasl_token_file"
  | "kafka.accept_compacted"
  | "kafka.mirror"
  | "registry.url"
  | "registry.username"
  | "registry.password"
  | "registry.token"
  | "registry.timeout_seconds"
  | "registry.unknown_seconds"
  | "kafka.advisory_topic"
  | "mongodb.uri"
  | "breaker.failed_percent"
  | "breaker.consecutive"
  | "breaker.window"
  | "shadow.versions"
  | "anchor.file"
  | "anchor.topic"
  | "anchor.key_file"
  | "anchor.entries"
  | "anchor.minutes";

/** One setting. The table below drives parsing, `sigma config show`, the options of the commands and the reference page. */
export type Setting = {
  readonly key: SettingKey;
  readonly value: ValueKind;
  readonly byDefault: SettingValue;
  readonly description: string;
  /** Long option, where a command takes it. */
  readonly flag: string | null;
  readonly env: string;
  /** Another variable that means the same, as other tools have it; the first one wins. */
  readonly alias: string | null;
  /** Its value is never shown. */
  readonly secret: boolean;
};

/** One row of the table; the variable follows from the key. */
export function setting(
  key: SettingKey,
  value: ValueKind,
  byDefault: SettingValue,
  description: string,
  flag: string | null,
  { alias = null, secret = false }: { readonly alias?: string | null; readonly secret?: boolean } = {},
): Setting {
  const env = `SIGMA_${key.replaceAll(".", "_").toUpperCase()}`;
  return { key, value, byDefault, description, flag, env, alias, secret };
}

/** A setting in force and where it came from: "default", a variable, an option, or file:line:column. */
export type SettingInForce = { readonly setting: Setting; readonly value: SettingValue; readonly origin: string };
