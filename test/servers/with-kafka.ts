import { startKafka, type KafkaServer } from "./kafka.ts";

/**
 * The broker of a test file: the one KAFKA_BROKERS names (its server is null), else one of its own, which the caller
 * stops. Null, said on stderr, where none can be started; in CI that is a failure.
 */
export async function kafkaForTests(): Promise<{
  readonly brokers: string;
  readonly server: KafkaServer | null;
} | null> {
  const named = process.env["KAFKA_BROKERS"];
  if (named !== undefined) return { brokers: named, server: null };
  try {
    const server = await startKafka();
    return { brokers: server.brokers, server };
  } catch (error) {
    if (process.env["CI"] !== undefined) throw error;
    const why = error instanceof Error ? error.message.split("\n")[0] : "";
    process.stderr.write(`SKIPPED: Kafka cannot be started here: ${why}\n`);
    return null;
  }
}
