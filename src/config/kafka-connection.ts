import { readFileSync } from "node:fs";
import type { KafkaConnection } from "../source/kafka-connection.ts";
import type { KafkaConfig, KafkaSaslConfig } from "./engines.ts";

/** The files of the configuration as the client wants them: secrets are read whenever it asks, so that they can be changed. */
export function kafkaConnection({ brokers, tls, sasl }: KafkaConfig): KafkaConnection {
  return {
    brokers,
    tls: tls === null ? null : { ca: read(tls.caFile), cert: read(tls.certFile), key: read(tls.keyFile) },
    sasl: sasl === null ? null : saslOf(sasl),
  };
}

function saslOf(sasl: KafkaSaslConfig): NonNullable<KafkaConnection["sasl"]> {
  if (sasl.mechanism === "OAUTHBEARER") {
    return { mechanism: sasl.mechanism, token: () => readFileSync(sasl.tokenFile, "utf8").trim() };
  }
  const { mechanism, username, password, passwordFile } = sasl;
  return { mechanism, username, password: () => password ?? read(passwordFile)?.trim() ?? "" };
}

function read(file: string | null): string | null {
  return file === null ? null : readFileSync(file, "utf8");
}
