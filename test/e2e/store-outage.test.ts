import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { Producer, ProduceAcks } from "@platformatic/kafka";
import { MongoClient } from "mongodb";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../patience.ts";
import { createTopic } from "../servers/kafka-for-tests.ts";
import { engines, Program, shipmentText, type Gateway } from "./engines.ts";

const { kafka, mongo } = engines();

const PARTITIONS = 6;
const SLICE = 1_000;
/** Records that pass through before the outage, so that the memory is that of a gateway at work. */
const WARM = 30_000;
/** Records that arrive during the outage: some hundred times what a gateway has in flight, as in an hour of it. */
const OUTAGE = 150_000;

/** Behind the outage a slice takes so long at least, in milliseconds: fewer than a gateway settles, on a busy machine too. */
const PACE_MS = 200;

/** Sends slices of records without end: as fast as Kafka takes them, until it is told otherwise. */
function startFlow(brokers: string, topic: string) {
  const producer = new Producer({
    clientId: "flow",
    bootstrapBrokers: [brokers],
    idempotent: true,
    acks: ProduceAcks.ALL,
  });
  let [sent, sending, full] = [0, true, true];
  const flow = async (): Promise<void> => {
    for (let slice = 0; sending; slice += 1) {
      const messages = Array.from({ length: SLICE }, (_, index) => ({
        topic,
        partition: slice % PARTITIONS,
        value: Buffer.from(shipmentText(`S-${sent + index}`)),
      }));
      await producer.send({ messages });
      sent += SLICE;
      if (!full) await delay(PACE_MS);
    }
  };
  const flowing = flow();
  flowing.catch(() => undefined);
  const stop = async (): Promise<number> => {
    sending = false;
    await flowing;
    return sent;
  };
  onTestFinished(async () => {
    await stop().catch(() => undefined);
    await producer.close(true);
  });
  return { sent: () => sent, atFullRate: (is: boolean) => void (full = is), stop };
}

function residentMib({ child }: Gateway): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1_024;
}

test("records keep coming while the store hangs: memory is bounded, the backlog is worked off while more arrive, nothing is lost", async () => {
  const topic = "outage";
  const { brokers } = kafka();
  await createTopic(brokers, topic, PARTITIONS);
  const uri = mongo().uri.replace("/?", `/${topic}?`);
  const program = new Program(brokers, uri, topic);
  const client = new MongoClient(uri);
  onTestFinished(async () => client.close());
  const stored = async (): Promise<number> => client.db().collection("validated_shipments").estimatedDocumentCount();
  const gateway = await program.start();
  const { sent, atFullRate, stop } = startFlow(brokers, topic);
  await until(async () => (await stored()) >= WARM);
  const before = residentMib(gateway);

  mongo().freeze(0, true);
  let most = 0;
  try {
    const from = sent();
    await until(() => {
      most = Math.max(most, residentMib(gateway));
      return sent() >= from + OUTAGE;
    });
    // The outage was seen as one, and is no death.
    await expect.poll(async () => (await gateway.ready()).status).toBe(503);
    expect((await fetch(`${gateway.url}/livez`)).status).toBe(200);
  } finally {
    mongo().freeze(0, false);
    atFullRate(false);
  }
  // What arrived until now is decided although more keeps arriving.
  const all = sent();
  await until(async () => {
    most = Math.max(most, residentMib(gateway));
    return (await stored()) >= all;
  });
  expect(sent()).toBeGreaterThan(all);
  expect(await stop()).toBeGreaterThan(all);
  const count = async (): Promise<number> => client.db().collection("validated_shipments").countDocuments();
  await expect.poll(count).toBe(sent());
  // Room for what the collector has not taken away yet; the documents of what arrived are 35 MiB.
  expect(most - before).toBeLessThan(120);
  gateway.child.kill("SIGTERM");
  expect((await gateway.ended).code).toBe(0);
  expect(await client.db().collection("failed_shipments").countDocuments()).toBe(0);
  expect((await program.run("audit", "--source")).code).toBe(0);
}, 480_000);
