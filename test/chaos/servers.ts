import { onTestFinished } from "vitest";
import { kafkaJars } from "../servers/kafka.ts";
import { startMongo, type MongoServer } from "../servers/mongodb.ts";
import { kafkaForTests } from "../servers/with-kafka.ts";

/** A broker, and the jars of Apache Kafka's own client to read it with. */
export type Broker = { readonly brokers: string; readonly jars: string };

/** A broker for one test; null, said on stderr, where there can be none. In CI that is a failure. */
export async function needKafka(): Promise<Broker | null> {
  const kafka = await kafkaForTests();
  if (kafka === null) return null;
  onTestFinished(async () => kafka.server?.stop());
  return need("the Java consumer", () => ({ brokers: kafka.brokers, jars: kafka.server?.jars ?? kafkaJars() }));
}

/** As {@link needKafka}, for a MongoDB of the test's own: 0 nodes is a standalone server. */
export async function needMongo(nodes: number): Promise<MongoServer | null> {
  const server = await need("MongoDB", async () => startMongo(nodes));
  onTestFinished(async () => server?.stop());
  return server;
}

async function need<T>(name: string, start: () => T | Promise<T>): Promise<T | null> {
  try {
    return await start();
  } catch (error) {
    if (process.env["CI"] !== undefined) throw error;
    const why = error instanceof Error ? error.message.split("\n")[0] : "";
    process.stderr.write(`SKIPPED: ${name} cannot be started here: ${why}\n`);
    return null;
  }
}
