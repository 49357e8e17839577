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
const SLICE = 100;
/** Records that pass through before the outage, so that the memory is that of a gateway at work. */
const WARM = 20_000;
/** Records of 8 kB that arrive during the outage: more than a gateway has in flight at any time, as in an hour of it. */
const OUTAGE = 60_000;
const DESTINATION = "Dublin ".repeat(1_170);

/** Behind the outage a slice takes so long at least, in milliseconds: fewer than a gateway settles, on a busy machine too. */
const PACE_MS = 1_000;

/** Sends slices of records: so many as fast as Kafka takes them, or one after another until it is told to stop. */
function startFlow(brokers: string, topic: string) {
  const producer = new Producer({
    clientId: "flow",
    bootstrapBrokers: [brokers],
    idempotent: true,
    acks: ProduceAcks.ALL,
  });
  let [sent, sending] = [0, true];
  const send = async (): Promise<void> => {
    const messages = Array.from({ length: SLICE }, (_, index) => ({
      topic,
      partition: (sent / SLICE) % PARTITIONS,
      value: Buffer.from(shipmentText(`S-${sent + index}`).replace("Dublin", DESTINATION)),
    }));
    await producer.send({ messages });
    sent += SLICE;
  };
  const burst = async (count: number): Promise<void> => {
    for (const end = sent + count; sent < end;) await send();
  };
  let trickling = Promise.resolve();
  const trickle = (): void => {
    trickling = (async () => {
      for (; sending; await delay(PACE_MS)) await send();
    })();
    trickling.catch(() => undefined);
  };
  const stop = async (): Promise<number> => {
    sending = false;
    await trickling;
    return sent;
  };
  onTestFinished(async () => {
    await stop().catch(() => undefined);
    await producer.close(true);
  });
  return { sent: () => sent, burst, trickle, stop };
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
  const { sent, burst, trickle, stop } = startFlow(brokers, topic);
  await burst(WARM);
  await until(async () => (await stored()) >= WARM);
  const before = residentMib(gateway);

  mongo().freeze(0, true);
  let most = 0;
  try {
    for (const from = sent(); sent() < from + OUTAGE;) {
      await burst(SLICE);
      most = Math.max(most, residentMib(gateway));
    }
    // The outage was seen as one, and is no death.
    await expect.poll(async () => (await gateway.ready()).status).toBe(503);
    expect((await fetch(`${gateway.url}/livez`)).status).toBe(200);
    // Who looks at it sees the streams and why the rest is missing.
    const status = await program.run("status", "--url", gateway.url);
    expect(status).toMatchObject({ code: 40, stderr: "" });
    expect(status.stdout).toMatch(/^outage\/\d +paused .* STORE_/m);
    expect(status.stdout).toContain("GROUPS AND OBJECTIVES ARE NOT KNOWN NOW\nSTORE_");
  } finally {
    mongo().freeze(0, false);
  }
  trickle();
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
  // Room for what the collector has not taken away yet: V8 lets its heap double between two major collections, buffers counted.
  // Whoever held what arrived would hold 480 MiB as bytes, and as documents again.
  expect(most - before).toBeLessThan(400);
  gateway.child.kill("SIGTERM");
  expect((await gateway.ended).code).toBe(0);
  expect(await client.db().collection("failed_shipments").countDocuments()).toBe(0);
  expect((await program.run("audit", "--source")).code).toBe(0);
});
