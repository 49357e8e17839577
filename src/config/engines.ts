import { existsSync } from "node:fs";
import { isIP } from "node:net";
import type { SettingInForce, SettingKey } from "./setting.ts";
import type { ConfigFault } from "./fault.ts";
import { describeValue } from "./values.ts";

/** How to reach Kafka, and as whom. Passwords and tokens are read from their files at every connection, certificates once. */
export type KafkaConfig = {
  readonly brokers: readonly string[];
  readonly group: string;
  readonly instanceId: string | null;
  readonly sessionTimeoutMs: number;
  readonly tls: {
    readonly caFile: string | null;
    readonly certFile: string | null;
    readonly keyFile: string | null;
  } | null;
  readonly sasl: KafkaSaslConfig | null;
  readonly acceptCompacted: readonly string[];
  readonly mirror: "off" | "failed" | "all";
  /** Null: producers of deprecated versions are not told on a topic. */
  readonly advisoryTopic: string | null;
};

export type KafkaSaslConfig =
  | {
      readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
      readonly username: string;
      readonly password: string | null;
      readonly passwordFile: string | null;
    }
  | { readonly mechanism: "OAUTHBEARER"; readonly tokenFile: string };

/** Reads the settings of Kafka; null when no broker is named. They have passed {@link engineFaults}. */
export function kafkaConfig(text: (key: SettingKey) => string): KafkaConfig | null {
  const brokers = listOf(text("kafka.brokers"));
  if (brokers.length === 0) return null;
  return {
    brokers,
    group: text("kafka.group"),
    instanceId: orNull(text("kafka.instance_id")),
    sessionTimeoutMs: Number(text("kafka.session_timeout_seconds")) * 1_000,
    tls:
      text("kafka.tls") === "true"
        ? {
            caFile: orNull(text("kafka.tls_ca_file")),
            certFile: orNull(text("kafka.tls_cert_file")),
            keyFile: orNull(text("kafka.tls_key_file")),
          }
        : null,
    sasl: saslOf(text),
    acceptCompacted: listOf(text("kafka.accept_compacted")),
    mirror: text("kafka.mirror") as KafkaConfig["mirror"],
    advisoryTopic: orNull(text("kafka.advisory_topic")),
  };
}

function saslOf(text: (key: SettingKey) => string): KafkaSaslConfig | null {
  const mechanism = text("kafka.sasl_mechanism");
  switch (mechanism) {
    case "PLAIN":
    case "SCRAM-SHA-256":
    case "SCRAM-SHA-512":
      return {
        mechanism,
        username: text("kafka.sasl_username"),
        password: orNull(text("kafka.sasl_password")),
        passwordFile: orNull(text("kafka.sasl_password_file")),
      };
    case "OAUTHBEARER":
      return { mechanism, tokenFile: text("kafka.sasl_token_file") };
    default:
      return null;
  }
}

/** A broker that is no host:port is shown only when it can hold no password. */
function describeBroker(broker: string): readonly [message: string, remedy: string] {
  if (/^[A-Za-z0-9._[\]:-]{1,100}$/.test(broker)) {
    return [`Cannot use "${broker}" as a broker`, "Write host:port, separated by commas"];
  }
  const hasProtocol = broker.includes("://");
  const message = `A broker begins with a protocol or holds credentials, or is no host:port (it is not shown: ${broker.length} characters)`;
  const security = "credentials go to kafka.sasl_username and kafka.sasl_password_file";
  return [message, `Write host:port, separated by commas; ${security}${hasProtocol ? ", SSL is kafka.tls: true" : ""}`];
}

/** What the settings of Kafka and MongoDB lack or contradict. */
export function engineFaults(settings: ReadonlyMap<SettingKey, SettingInForce>): readonly ConfigFault[] {
  const text = (key: SettingKey): string => describeValue(settings.get(key)?.value ?? "");
  const faults: ConfigFault[] = [];
  const fault = (key: SettingKey, message: string, remedy: string): void => {
    faults.push({ place: settings.get(key)?.origin ?? key, code: "SIG-S-011", message, remedy });
  };
  for (const broker of listOf(text("kafka.brokers"))) {
    if (isHostPort(broker)) continue;
    fault("kafka.brokers", ...describeBroker(broker));
  }
  const mechanism = text("kafka.sasl_mechanism");
  if (mechanism === "OAUTHBEARER" && text("kafka.sasl_token_file") === "") {
    fault("kafka.sasl_mechanism", "OAUTHBEARER needs a token", "Set kafka.sasl_token_file");
  }
  if (mechanism === "PLAIN" || mechanism.startsWith("SCRAM")) {
    const password = text("kafka.sasl_password") !== "" || text("kafka.sasl_password_file") !== "";
    if (text("kafka.sasl_username") === "" || !password) {
      const remedy = "Set kafka.sasl_username, and kafka.sasl_password or kafka.sasl_password_file";
      fault("kafka.sasl_mechanism", `${mechanism} needs a user and a password`, remedy);
    }
  }
  if (text("kafka.tls_cert_file") !== "" && text("kafka.tls_key_file") === "") {
    fault("kafka.tls_cert_file", "A certificate of this client needs its key", "Set kafka.tls_key_file");
  }
  for (const key of FILES) {
    if (text(key) !== "" && !existsSync(text(key))) {
      fault(key, `Cannot read "${text(key)}": it does not exist`, "Name a file that can be read");
    }
  }
  const uri = text("mongodb.uri");
  if (uri !== "" && !/^mongodb(?:\+srv)?:\/\/./.test(uri)) {
    fault("mongodb.uri", "The URI does not begin with mongodb://", "Write mongodb://host:27017/database");
  }
  if (uri !== "" && Number(text("limits.depth")) > BSON_DEPTH_MAX) {
    const message = `MongoDB keeps documents up to 100 levels deep, and limits.depth allows ${text("limits.depth")}`;
    fault("limits.depth", message, `Set limits.depth to ${BSON_DEPTH_MAX} or less`);
  }
  return faults;
}

/** The server's limit is 100, of which the document around the payload takes one. */
const BSON_DEPTH_MAX = 98;

const FILES: readonly SettingKey[] = [
  "kafka.tls_ca_file",
  "kafka.tls_cert_file",
  "kafka.tls_key_file",
  "kafka.sasl_password_file",
  "kafka.sasl_token_file",
];

function isHostPort(text: string): boolean {
  const match = /^(?:\[([^\]]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text);
  if (match === null || Number(match[3]) < 1 || Number(match[3]) > 65_535) return false;
  return match[1] === undefined || isIP(match[1]) === 6;
}

function listOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function orNull(text: string): string | null {
  return text === "" ? null : text;
}
