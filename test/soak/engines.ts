import { tmpdir } from "node:os";
import { Admin } from "@platformatic/kafka";

/** What a gateway runs on. */
export type Engines = {
  readonly topic: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
};

/** The embedded engine of the data directory; or a broker and a replica set of one, which are the tests' own. */
export async function startEngines(servers: boolean): Promise<Engines> {
  if (!servers) {
    const topic = "soak";
    return { topic, env: { SIGMA_SOURCES: `${topic}=shipment@1` }, stop: async () => undefined };
  }
  const { startKafka } = await import("../servers/kafka.ts");
  const { startMongo } = await import("../servers/mongodb.ts");
  const [kafka, mongo] = await Promise.all([startKafka(), startMongo(1, undefined, undefined, tmpdir())]);
  const topic = "soak";
  const admin = new Admin({ clientId: "soak", bootstrapBrokers: [kafka.brokers], retries: 5, retryDelay: 200 });
  await admin.createTopics({ topics: [topic], partitions: 3, replicas: 1 });
  await admin.close();
  return {
    topic,
    env: {
      SIGMA_SOURCES: `${topic}=shipment@1`,
      KAFKA_BROKERS: kafka.brokers,
      MONGODB_URI: mongo.uri.replace("/?", "/soak?"),
      SIGMA_KAFKA_GROUP: "soak",
      SIGMA_KAFKA_SESSION_TIMEOUT_SECONDS: "6",
    },
    stop: async () => void (await Promise.all([kafka.stop(), mongo.stop()])),
  };
}
