import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connectJars } from "./brought.ts";

/** What a MongoDB collection can judge of a shipment: the sink itself judges nothing. */
export const SHIPMENT_VALIDATOR: Readonly<Record<string, unknown>> = {
  $jsonSchema: {
    bsonType: "object",
    additionalProperties: false,
    required: ["shipment_id", "weight_kg", "destination", "priority"],
    properties: {
      _id: {},
      shipment_id: { bsonType: "string", minLength: 1 },
      weight_kg: { bsonType: "number", minimum: 0, exclusiveMinimum: true, maximum: 1000 },
      destination: { bsonType: "string", minLength: 1 },
      priority: { bsonType: ["int", "long"], minimum: 1, maximum: 3 },
    },
  },
};

/**
 * Kafka Connect in one process with a task for each partition, MongoDB's sink, the business id as `_id`, and a dead letter queue
 * for what is no JSON. What the collection refuses is logged and passed over.
 */
export function startConnect(
  folder: string,
  run: {
    readonly brokers: string;
    readonly topic: string;
    readonly mongodb: string;
    readonly database: string;
    readonly partitions: number;
  },
): ChildProcess {
  const own = mkdtempSync(join(folder, "connect-"));
  const worker = {
    "bootstrap.servers": run.brokers,
    "key.converter": "org.apache.kafka.connect.storage.StringConverter",
    "value.converter": "org.apache.kafka.connect.storage.StringConverter",
    "offset.storage.file.filename": join(own, "offsets"),
    listeners: "http://127.0.0.1:0",
    "consumer.auto.offset.reset": "earliest",
    "consumer.max.poll.records": "3000",
    "consumer.max.partition.fetch.bytes": "1048576",
  };
  const sink = {
    name: run.database,
    "connector.class": "com.mongodb.kafka.connect.MongoSinkConnector",
    "tasks.max": String(run.partitions),
    topics: run.topic,
    "connection.uri": run.mongodb.replace("/?", "/?w=majority&journal=true&"),
    database: run.database,
    collection: "validated_shipments",
    "document.id.strategy": "com.mongodb.kafka.connect.sink.processor.id.strategy.PartialValueStrategy",
    "document.id.strategy.partial.value.projection.type": "AllowList",
    "document.id.strategy.partial.value.projection.list": "shipment_id",
    "writemodel.strategy": "com.mongodb.kafka.connect.sink.writemodel.strategy.InsertOneDefaultStrategy",
    "max.batch.size": "3000",
    "bulk.write.ordered": "false",
    "errors.tolerance": "all",
    "mongo.errors.tolerance": "all",
    "errors.deadletterqueue.topic.name": `${run.topic}.failed`,
    "errors.deadletterqueue.topic.replication.factor": "1",
  };
  for (const [name, lines] of Object.entries({ worker, sink })) {
    const text = Object.entries(lines).map(([key, value]) => `${key}=${value}`);
    writeFileSync(join(own, `${name}.properties`), text.join("\n"));
  }
  writeFileSync(join(own, "log4j2.yaml"), LOGGING);
  const main = [
    "org.apache.kafka.connect.cli.ConnectStandalone",
    join(own, "worker.properties"),
    join(own, "sink.properties"),
  ];
  const flags = ["-Xmx1g", `-Dlog4j2.configurationFile=${join(own, "log4j2.yaml")}`, "-cp", `${connectJars()}/*`];
  return spawn("java", [...flags, ...main], { stdio: ["ignore", "ignore", "inherit"] });
}

/** Only what ends the process: a line for each refused record would be measured with it. */
const LOGGING = `Configuration:
  Appenders: { Console: { name: STDERR, target: SYSTEM_ERR, PatternLayout: { pattern: "%p %m%n" } } }
  Loggers: { Root: { level: FATAL, AppenderRef: [{ ref: STDERR }] } }
`;
