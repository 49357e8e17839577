/** Kafka and MongoDB. Empty is off: without brokers the log is embedded, without a URI the store is. */
export const ENGINE_SETTINGS = {
  "kafka.brokers": {
    value: { kind: "texts" },
    byDefault: "",
    description:
      "Brokers to read from and append to, as host:port, separated by commas; without it the log is embedded",
    alias: "KAFKA_BROKERS",
  },
  "kafka.group": {
    value: { kind: "text" },
    byDefault: "sigma-aetl",
    description: "Consumer group that shares out the partitions",
  },
  "kafka.instance_id": {
    value: { kind: "text" },
    byDefault: "",
    description:
      "Name of this member that outlives a restart (static membership): its partitions wait for it that long",
  },
  "kafka.session_timeout_seconds": {
    value: { kind: "integer", min: 1, max: 1_800 },
    byDefault: 30,
    description: "How long a member may be silent before its partitions go to others",
  },
  "kafka.tls": {
    value: { kind: "boolean" },
    byDefault: false,
    description: "Connect with TLS",
  },
  "kafka.tls_ca_file": {
    value: { kind: "path" },
    byDefault: "",
    description: "Certificates that sign the brokers' own, in PEM",
  },
  "kafka.tls_cert_file": {
    value: { kind: "path" },
    byDefault: "",
    description: "Certificate of this client, in PEM",
  },
  "kafka.tls_key_file": {
    value: { kind: "path" },
    byDefault: "",
    description: "Key of that certificate, in PEM",
  },
  "kafka.sasl_mechanism": {
    value: { kind: "choice", values: ["none", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] },
    byDefault: "none",
    description: "How to authenticate",
  },
  "kafka.sasl_username": {
    value: { kind: "text" },
    byDefault: "",
    description: "User for PLAIN and SCRAM",
  },
  "kafka.sasl_password": {
    value: { kind: "text" },
    byDefault: "",
    description: "Password for PLAIN and SCRAM",
    secret: true,
  },
  "kafka.sasl_password_file": {
    value: { kind: "path" },
    byDefault: "",
    description:
      "File that holds the password instead; read at every connection, so that it can be changed while running",
  },
  "kafka.sasl_token_file": {
    value: { kind: "path" },
    byDefault: "",
    description: "File that holds the token for OAUTHBEARER; read at every connection",
  },
  "kafka.accept_compacted": {
    value: { kind: "texts" },
    byDefault: "",
    description:
      "Topics that are read although compaction may delete records before they are decided, separated by commas",
  },
  "kafka.mirror": {
    value: { kind: "choice", values: ["off", "failed", "all"] },
    byDefault: "off",
    description:
      "Also tell decisions on the topics NAME.failed, and with all NAME.validated; at least once, with ids to keep one of each",
  },
  "kafka.advisory_topic": {
    value: { kind: "text" },
    byDefault: "",
    description: "Also tell on this topic, hourly at most, which producers send a deprecated version; empty is off",
  },
  "mongodb.uri": {
    value: { kind: "text" },
    byDefault: "",
    description:
      "Where decisions go: mongodb://host/database; without it the store is embedded. Majority and journal are always asked for",
    alias: "MONGODB_URI",
    secret: true,
  },
} as const;
