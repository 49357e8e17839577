import { onTestFinished } from "vitest";
import { kafkaJars, startKafka, type KafkaServer } from "../servers/kafka.ts";
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

/** A broker that was killed is taken back only when its session with the controller is over: nine seconds by default. */
const SOON_BACK = ["broker.session.timeout.ms=3000", "broker.heartbeat.interval.ms=500"];

/** As {@link needKafka}, for a broker that the test may kill, whatever KAFKA_BROKERS names. */
export async function needOwnKafka(): Promise<KafkaServer> {
  const server = await startKafka(SOON_BACK);
  onTestFinished(async () => server.stop());
  return server;
}

/** As {@link needKafka}, for a MongoDB of the test's own: 0 nodes is a standalone server. */
export async function needMongo(nodes: number): Promise<MongoServer> {
  const server = await startMongo(nodes);
  onTestFinished(async () => server.stop());
  return server;
}
