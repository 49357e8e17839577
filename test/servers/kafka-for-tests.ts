import { Admin } from "@platformatic/kafka";
import { afterAll, beforeAll } from "vitest";
import { SHORT_LIVED, startKafka, type KafkaServer } from "./kafka.ts";

/** A broker of its own for the tests of a file. Where none can be had the whole file is left out (available.ts). */
export function kafkaForFile(settings: readonly string[] = []): { readonly server: () => KafkaServer } {
  let server: KafkaServer | null = null;
  beforeAll(async () => {
    server = await startKafka(settings, [], SHORT_LIVED);
  });
  afterAll(async () => server?.stop());
  return {
    server: () => {
      if (server === null) throw new Error("the broker is not there");
      return server;
    },
  };
}

/** Makes a topic, and waits until it is there. */
export async function createTopic(
  brokers: string,
  topic: string,
  partitions: number,
  configs: Readonly<Record<string, string>> = {},
): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    await admin.createTopics({
      topics: [topic],
      partitions,
      replicas: 1,
      configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
    });
  });
}

export async function deleteTopic(brokers: string, topic: string): Promise<void> {
  await withAdmin(brokers, async (admin) => admin.deleteTopics({ topics: [topic] }));
}

export async function withAdmin<T>(brokers: string, run: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin({ clientId: "tests", bootstrapBrokers: [brokers], retries: 5, retryDelay: 200 });
  try {
    return await run(admin);
  } finally {
    await admin.close();
  }
}
