import { existsSync } from "node:fs";
import { isIP } from "node:net";
import type { ConfigFault } from "./fault.ts";
import { listOf } from "./list-of.ts";
import type { SettingKey, SettingsByKey, SettingValues } from "./settings.ts";
import { textOrNull } from "./values.ts";

/** How to reach Kafka, and as whom. Passwords, tokens and certificates are read from their files at every connection. */
export type KafkaConfig = {
  readonly brokers: readonly string[];
  readonly group: string;
  readonly instanceId: string | null;
  /** Whether its place in the group waits for this process when it is stopped: it has a name that outlives it. */
  readonly staysInGroup: boolean;
  readonly sessionTimeoutMs: number;
  readonly tls: {
    readonly caFile: string | null;
    readonly certFile: string | null;
    readonly keyFile: string | null;
  } | null;
  readonly sasl: KafkaSaslConfig | null;
  readonly acceptCompacted: readonly string[];
  readonly mirror: SettingValues["kafka.mirror"];
  /** Null: no topic tells which producers send a deprecated version. */
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

/** @param values in which {@link kafkaFaults} finds no fault. @returns null when no broker is named. */
export function kafkaConfig(values: SettingValues): KafkaConfig | null {
  const brokers = listOf(values["kafka.brokers"]);
  if (brokers.length === 0) return null;
  return {
    brokers,
    group: values["kafka.group"],
    instanceId: textOrNull(values["kafka.instance_id"]),
    staysInGroup: values["kafka.instance_id"] !== "",
    sessionTimeoutMs: values["kafka.session_timeout_seconds"] * 1_000,
    tls: values["kafka.tls"]
      ? {
          caFile: textOrNull(values["kafka.tls_ca_file"]),
          certFile: textOrNull(values["kafka.tls_cert_file"]),
          keyFile: textOrNull(values["kafka.tls_key_file"]),
        }
      : null,
    sasl: readSasl(values).sasl,
    acceptCompacted: listOf(values["kafka.accept_compacted"]),
    mirror: values["kafka.mirror"],
    advisoryTopic: textOrNull(values["kafka.advisory_topic"]),
  };
}

/** As whom this client connects, and the credentials that its mechanism lacks; `lacking` is null when there are all. */
function readSasl(values: SettingValues): {
  readonly sasl: KafkaSaslConfig | null;
  readonly lacking: Described | null;
} {
  const mechanism = values["kafka.sasl_mechanism"];
  switch (mechanism) {
    case "none":
      return { sasl: null, lacking: null };
    case "PLAIN":
    case "SCRAM-SHA-256":
    case "SCRAM-SHA-512": {
      const username = values["kafka.sasl_username"];
      const password = textOrNull(values["kafka.sasl_password"]);
      const passwordFile = textOrNull(values["kafka.sasl_password_file"]);
      const isWhole = username !== "" && (password !== null || passwordFile !== null);
      const remedy = "Set kafka.sasl_username, and kafka.sasl_password or kafka.sasl_password_file";
      return {
        sasl: { mechanism, username, password, passwordFile },
        lacking: isWhole ? null : [`${mechanism} needs a user and a password`, remedy],
      };
    }
    case "OAUTHBEARER": {
      const tokenFile = values["kafka.sasl_token_file"];
      return {
        sasl: { mechanism, tokenFile },
        lacking: tokenFile === "" ? ["OAUTHBEARER needs a token", "Set kafka.sasl_token_file"] : null,
      };
    }
  }
}

/** Brokers that are no host:port, credentials and keys that are missing, and files that do not exist. */
export function kafkaFaults({ values, origins }: SettingsByKey): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  const fault = (key: SettingKey, message: string, remedy: string): void => {
    faults.push({ place: origins[key], code: "SIG-S-011", message, remedy });
  };
  for (const broker of listOf(values["kafka.brokers"])) {
    if (!isHostPort(broker)) fault("kafka.brokers", ...describeBroker(broker));
  }
  const { lacking } = readSasl(values);
  if (lacking !== null) fault("kafka.sasl_mechanism", ...lacking);
  if (values["kafka.tls_cert_file"] !== "" && values["kafka.tls_key_file"] === "") {
    fault("kafka.tls_cert_file", "A certificate of this client needs its key", "Set kafka.tls_key_file");
  }
  for (const key of FILES) {
    const file = values[key];
    if (file !== "" && !existsSync(file)) {
      fault(key, `Cannot read "${file}": it does not exist`, "Name a file that can be read");
    }
  }
  return faults;
}

const FILES = [
  "kafka.tls_ca_file",
  "kafka.tls_cert_file",
  "kafka.tls_key_file",
  "kafka.sasl_password_file",
  "kafka.sasl_token_file",
] as const;

type Described = readonly [message: string, remedy: string];

/** A broker that is no host:port is shown only when it can hold no password. */
function describeBroker(broker: string): Described {
  if (/^[A-Za-z0-9._[\]:-]{1,100}$/.test(broker)) {
    return [`Cannot use "${broker}" as a broker`, "Write host:port, separated by commas"];
  }
  const hasProtocol = broker.includes("://");
  const message = `A broker begins with a protocol or holds credentials, or is no host:port (it is not shown: ${broker.length} characters)`;
  const security = "credentials go to kafka.sasl_username and kafka.sasl_password_file";
  return [message, `Write host:port, separated by commas; ${security}${hasProtocol ? ", SSL is kafka.tls: true" : ""}`];
}

function isHostPort(text: string): boolean {
  const match = /^(?:\[([^\]]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text);
  if (match === null || Number(match[3]) < 1 || Number(match[3]) > 65_535) return false;
  return match[1] === undefined || isIP(match[1]) === 6;
}
