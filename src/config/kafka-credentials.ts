import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { describeIoError } from "../contract/source-text.ts";
import { Unavailable } from "../core/unavailable.ts";
import type { KafkaConnection, KafkaTls } from "../source/kafka-connection.ts";
import type { KafkaConfig, KafkaSaslConfig } from "./kafka-config.ts";

/**
 * What the Kafka client needs to connect, from what is configured. Certificates, passwords and tokens are read whenever the client makes a
 * connection, so that their files can be changed while the program runs. Certificates that cannot be read then, or do not belong to their key,
 * leave those before: whoever renews them writes one file after the other.
 * @throws `Unavailable` with code LOG_CANTOPEN, which names the file that cannot be read; the returned functions throw it too.
 */
export function readKafkaCredentials({
  brokers,
  tls,
  sasl,
}: Pick<KafkaConfig, "brokers" | "tls" | "sasl">): KafkaConnection {
  return {
    brokers,
    tls: tls === null ? null : certificatesOf(tls),
    sasl: sasl === null ? null : saslOf(sasl),
  };
}

function certificatesOf({ caFile, certFile, keyFile }: NonNullable<KafkaConfig["tls"]>): () => KafkaTls {
  const readAll = (): KafkaTls => ({ ca: readOrNull(caFile), cert: readOrNull(certFile), key: readOrNull(keyFile) });
  let last = readAll();
  return () => {
    try {
      const now = readAll();
      if (belongTogether(now) || !belongTogether(last)) last = now;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
    }
    return last;
  };
}

/** Whether a client can be made of these texts. */
function belongTogether({ ca, cert, key }: KafkaTls): boolean {
  try {
    if (ca !== null) void new X509Certificate(ca);
    return cert === null || new X509Certificate(cert).checkPrivateKey(createPrivateKey(key ?? ""));
  } catch {
    return false;
  }
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
