import { onTestFinished } from "vitest";
import { kafkaJars } from "../servers/kafka.ts";
import { startMongo, type MongoServer } from "../servers/mongodb.ts";
import { kafkaForTests } from "../servers/with-kafka.ts";

/** A broker, and the jars of Apache Kafka's own client to read it with. */
export type Broker = { readonly brokers: string; readonly jars: string };

/** A broker for one test. @throws when none can be started. */
export async function needKafka(): Promise<Broker> {
  const { brokers, server } = await kafkaForTests();
  onTestFinished(async () => server?.stop());
  return { brokers, jars: server?.jars ?? kafkaJars() };
}

/** As {@link needKafka}, for a MongoDB of the test's own: 0 nodes is a standalone server. */
export async function needMongo(nodes: number): Promise<MongoServer> {
  const server = await startMongo(nodes);
  onTestFinished(async () => server.stop());
  return server;
}
