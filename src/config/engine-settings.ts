import { setting, type Setting } from "./setting.ts";

/** Settings of the breaker; 0 is off. */
export const BREAKER_SETTINGS: readonly Setting[] = [
  setting(
    "breaker.failed_percent",
    { kind: "integer", min: 0, max: 99 },
    0,
    "Stop a stream when more than this share of its last breaker.window records is FAILED; 0 is off",
    null,
  ),
  setting(
    "breaker.consecutive",
    { kind: "integer", min: 0, max: 1_000_000 },
    0,
    "Stop a stream at so many FAILED records in a row; 0 is off",
    null,
  ),
  setting(
    "breaker.window",
    { kind: "integer", min: 1, max: 1_000_000 },
    1_000,
    "Records the share is taken of, and how many pass unjudged after a stream was resumed",
    null,
  ),
];

/** Settings of Kafka and MongoDB. Empty is off: without brokers the log is embedded, without a URI the store is. */
export const ENGINE_SETTINGS: readonly Setting[] = [
  setting(
    "kafka.brokers",
    { kind: "text" },
    "",
    "Brokers to read from and append to, as host:port, separated by commas; without it the log is embedded",
    null,
    { alias: "KAFKA_BROKERS" },
  ),
  setting("kafka.group", { kind: "text" }, "sigma-aetl", "Consumer group that shares out the partitions", null),
  setting(
    "kafka.instance_id",
    { kind: "text" },
    "",
    "Name of this member that outlives a restart (static membership): its partitions wait for it that long",
    null,
  ),
  setting(
    "kafka.session_timeout_seconds",
    { kind: "integer", min: 1, max: 1_800 },
    30,
    "How long a member may be silent before its partitions go to others",
    null,
  ),
  setting("kafka.tls", { kind: "boolean" }, false, "Connect with TLS", null),
  setting("kafka.tls_ca_file", { kind: "path" }, "", "Certificates that sign the brokers' own, in PEM", null),
  setting("kafka.tls_cert_file", { kind: "path" }, "", "Certificate of this client, in PEM", null),
  setting("kafka.tls_key_file", { kind: "path" }, "", "Key of that certificate, in PEM", null),
  setting(
    "kafka.sasl_mechanism",
    { kind: "choice", values: ["none", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] },
    "none",
    "How to authenticate",
    null,
  ),
  setting("kafka.sasl_username", { kind: "text" }, "", "User for PLAIN and SCRAM", null),
  setting("kafka.sasl_password", { kind: "text" }, "", "Password for PLAIN and SCRAM", null, { secret: true }),
  setting(
    "kafka.sasl_password_file",
    { kind: "path" },
    "",
    "File that holds the password instead; read at every connection, so that it can be changed while running",
    null,
  ),
  setting(
    "kafka.sasl_token_file",
    { kind: "path" },
    "",
    "File that holds the token for OAUTHBEARER; read at every connection",
    null,
  ),
  setting(
    "kafka.accept_compacted",
    { kind: "text" },
    "",
    "Topics that are read although compaction may delete records before they are decided, separated by commas",
    null,
  ),
  setting(
    "kafka.mirror",
    { kind: "choice", values: ["off", "failed", "all"] },
    "off",
    "Also tell decisions on the topics NAME.failed, and with all NAME.validated; at least once, with ids to keep one of each",
    null,
  ),
  setting(
    "kafka.advisory_topic",
    { kind: "text" },
    "",
    "Also tell on this topic, hourly at most, which producers send a deprecated version; empty is off",
    null,
  ),
  setting(
    "mongodb.uri",
    { kind: "text" },
    "",
    "Where decisions go: mongodb://host/database; without it the store is embedded. Majority and journal are always asked for",
    null,
    { alias: "MONGODB_URI", secret: true },
  ),
];
