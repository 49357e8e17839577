import { readFileSync } from "node:fs";
import { MongoClient } from "mongodb";
import { describe, expect, onTestFinished, test } from "vitest";
import { openGate } from "../servers/gate.ts";
import { createTopic } from "../servers/kafka-for-tests.ts";
import { engines, Program, produce, shipmentText, type Gateway } from "./engines.ts";

const { kafka, mongo } = engines();

const PARTITIONS = 2;
const PER_PARTITION = 20_000;

let count = 0;

/** A topic full of records, a database that is reached through a gate, and a gateway that reads them. */
async function filled() {
  count += 1;
  const [topic, database] = [`outage-${count}`, `outage_${count}`];
  const { brokers } = kafka();
  await createTopic(brokers, topic, PARTITIONS);
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    for (let from = 0; from < PER_PARTITION; from += 1_000) {
      const texts = Array.from({ length: 1_000 }, (_, index) => shipmentText(`S-${partition}-${from + index}`));
      await produce(brokers, topic, partition, texts);
    }
  }
  const gate = await openGate(mongo().ports[0] ?? 0);
  onTestFinished(async () => gate.shut().catch(() => undefined));
  const program = new Program(brokers, `mongodb://127.0.0.1:${gate.port}/${database}?directConnection=true`, topic);
  const client = new MongoClient(mongo().uri);
  onTestFinished(async () => client.close());
  const db = client.db(database);
  return {
    program,
    gate,
    stored: async () => db.collection("validated_shipments").countDocuments(),
    failed: async () => db.collection("failed_shipments").countDocuments(),
  };
}

async function troubles({ ready }: Gateway): Promise<readonly (string | undefined)[]> {
  return (await ready()).streams.map(({ trouble }) => trouble?.code);
}

function residentMb({ child }: Gateway): number {
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024;
}

/** How long it waited before each attempt, in milliseconds. */
function retries({ output }: Gateway): readonly number[] {
  return [...output().stderr.matchAll(/"sigma\.retry_ms":(\d+)/g)].map(([, ms]) => Number(ms));
}

const ALL = PARTITIONS * PER_PARTITION;

describe("an outage is no decision", () => {
  test("MongoDB away for a while: paused, alive, not ready, bounded, and then everything is stored and nothing is FAILED", async () => {
    const { program, gate, stored, failed } = await filled();
    const gateway = await program.start();
    await expect.poll(stored, { interval: 5 }).toBeGreaterThan(0);
    await gate.shut();
    await expect.poll(async () => troubles(gateway)).toEqual(["STORE_UNREACHABLE", "STORE_UNREACHABLE"]);
    const during = await stored();
    expect(during).toBeLessThan(ALL);
    expect((await gateway.ready()).status).toBe(503);
    expect((await fetch(`${gateway.url}/livez`)).status).toBe(200);
    const before = residentMb(gateway);
    const tries = retries(gateway).length;
    // It waits a little longer each time; what it holds meanwhile does not grow.
    await expect.poll(() => retries(gateway).length).toBeGreaterThan(tries + 4);
    expect(residentMb(gateway) - before).toBeLessThan(50);
    await gate.open();
    await expect.poll(stored).toBe(ALL);
    await expect.poll(async () => (await gateway.ready()).status).toBe(200);
    expect(await failed()).toBe(0);
    const waits = retries(gateway);
    expect(waits.length).toBeGreaterThan(1);
    expect(Math.max(...waits)).toBeLessThanOrEqual(30_000);
    expect((await program.run("audit")).code).toBe(0);
  });

  test("Kafka killed and started again: paused, alive, and then everything is stored once and nothing is FAILED", async () => {
    const { program, stored, failed } = await filled();
    const gateway = await program.start();
    await expect.poll(stored, { interval: 5 }).toBeGreaterThan(0);
    await kafka().kill();
    await expect.poll(async () => troubles(gateway)).toEqual(["LOG_UNREACHABLE", "LOG_UNREACHABLE"]);
    expect((await gateway.ready()).status).toBe(503);
    expect((await fetch(`${gateway.url}/livez`)).status).toBe(200);
    await kafka().restart();
    await expect.poll(stored).toBe(ALL);
    await expect.poll(async () => (await gateway.ready()).status).toBe(200);
    expect(await failed()).toBe(0);
    expect((await program.run("audit", "--source")).code).toBe(0);
  });

  test("a MongoDB that hangs is an outage as well, and is over when it answers again", async () => {
    const { program, stored, failed } = await filled();
    const gateway = await program.start();
    await expect.poll(stored, { interval: 5 }).toBeGreaterThan(0);
    mongo().freeze(0, true);
    try {
      await expect.poll(async () => (await gateway.ready()).status).toBe(503);
      expect((await fetch(`${gateway.url}/livez`)).status).toBe(200);
    } finally {
      mongo().freeze(0, false);
    }
    await expect.poll(stored).toBe(ALL);
    expect(await failed()).toBe(0);
  });
});
