import { readFileSync } from "node:fs";
import { Producer, ProduceAcks } from "@platformatic/kafka";
import { MongoClient } from "mongodb";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../patience.ts";
import { createTopic } from "../servers/kafka-for-tests.ts";
import { engines, Program, shipmentText, type Gateway } from "./engines.ts";

const { kafka, mongo } = engines();

const PARTITIONS = 12;
const RECORDS = 40;
const MIB = 1_048_576;
/** Room for the head of the record: a broker takes messages of 1 MiB with it. */
const RECORD_BYTES = MIB - 1_024;

/** A status field of a process in MiB, as VmRSS or VmHWM, the most that it ever was. */
function memoryMib({ child }: Gateway, field: string): number {
  const line = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${child.pid}/status`, "utf8"));
  return Math.round(Number(line?.[1]) / 1_024);
}

/** Records of nearly 1 MiB in each partition, 480 MiB together. */
async function produceLarge(brokers: string, topic: string): Promise<void> {
  const producer = new Producer({
    clientId: "large",
    bootstrapBrokers: [brokers],
    idempotent: true,
    acks: ProduceAcks.ALL,
  });
  const blank = " ".repeat(RECORD_BYTES - shipmentText("00-00").length);
  for (let record = 0; record < RECORDS; record += 1) {
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      const id = `${String(record).padStart(2, "0")}-${String(partition).padStart(2, "0")}`;
      await producer.send({ messages: [{ topic, partition, value: Buffer.from(shipmentText(id) + blank) }] });
    }
  }
  await producer.close();
}

test("records of 1 MiB in 12 partitions stay in the log while the store hangs: memory is bounded, nothing is lost", async () => {
  const topic = "large";
  const { brokers } = kafka();
  await createTopic(brokers, topic, PARTITIONS);
  const uri = mongo().uri.replace("/?", `/${topic}?`);
  const client = new MongoClient(uri);
  onTestFinished(async () => client.close());
  const gateway = await new Program(brokers, uri, topic, { SIGMA_BATCH_IN_FLIGHT_BYTES: String(4 * MIB) }).start();
  await until(async () => {
    const { status, streams } = await gateway.ready();
    return status === 200 && streams.length === PARTITIONS;
  });
  const before = memoryMib(gateway, "VmRSS");
  mongo().freeze(0, true);
  try {
    await produceLarge(brokers, topic);
  } finally {
    mongo().freeze(0, false);
  }
  const facts = async (): Promise<number> => client.db().collection("validated_shipments").countDocuments();
  await expect.poll(facts).toBe(PARTITIONS * RECORDS);
  const most = memoryMib(gateway, "VmHWM");
  // What is in flight, a page of each partition, and what deciding and writing them leaves to the garbage collector; 480 MiB came.
  expect(most - before).toBeLessThan(300);
  gateway.child.kill("SIGTERM");
  expect((await gateway.ended).code).toBe(0);
});
