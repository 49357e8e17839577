import { readFileSync } from "node:fs";
import { describeIoError } from "../contract/source-text.ts";
import { Unavailable } from "../core/unavailable.ts";
import type { KafkaConnection } from "../source/kafka-connection.ts";
import type { KafkaConfig, KafkaSaslConfig } from "./kafka-config.ts";

/**
 * What the Kafka client needs to connect, from what is configured. Certificates are read from their files now. Passwords and tokens are read whenever the
 * client asks for them, so that their files can be changed while the program runs.
 * @throws `Unavailable` with code LOG_CANTOPEN, which names the file that cannot be read; the returned functions throw it too.
 */
export function readKafkaCredentials({
  brokers,
  tls,
  sasl,
}: Pick<KafkaConfig, "brokers" | "tls" | "sasl">): KafkaConnection {
  return {
    brokers,
    tls:
      tls === null
        ? null
        : { ca: readOrNull(tls.caFile), cert: readOrNull(tls.certFile), key: readOrNull(tls.keyFile) },
    sasl: sasl === null ? null : saslOf(sasl),
  };
}

function saslOf(sasl: KafkaSaslConfig): NonNullable<KafkaConnection["sasl"]> {
  if (sasl.mechanism === "OAUTHBEARER") {
    return { mechanism: sasl.mechanism, token: () => read(sasl.tokenFile).trim() };
  }
  const { mechanism, username, password, passwordFile } = sasl;
  return { mechanism, username, password: () => password ?? readOrNull(passwordFile)?.replace(/\r?\n$/, "") ?? "" };
}

function readOrNull(file: string | null): string | null {
  return file === null ? null : read(file);
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const message = `Cannot read "${file}": ${describeIoError(error)}`;
    throw new Unavailable("LOG_CANTOPEN", message, "name a file that can be read, or correct its permissions", error);
  }
}
