import { startKafka, type KafkaServer } from "./kafka.ts";

/**
 * The broker of a test file: the one KAFKA_BROKERS names (its server is null), else one of its own, which the caller
 * stops. Where none can be had the whole file is left out (available.ts).
 */
export async function kafkaForTests(): Promise<{ readonly brokers: string; readonly server: KafkaServer | null }> {
  const named = process.env["KAFKA_BROKERS"];
  if (named !== undefined) return { brokers: named, server: null };
  const server = await startKafka();
  return { brokers: server.brokers, server };
}
