import { MongoClient } from "mongodb";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../patience.ts";
import { createTopic } from "../servers/kafka-for-tests.ts";
import { engines, produce, Program, shipmentText } from "./engines.ts";

const { kafka, mongo } = engines();

/** A record that FAILS, and belongs to the lane of priority 3. */
const POISON = `{"shipment_id":"","weight_kg":-1,"destination":"","priority":3,"note":"${"x".repeat(200)}"}`;

// How late the healthy ones are is measured by bench/lanes.ts: a clock says nothing on a machine that does something else besides.
test("a lane that is poisoned until its breaker stops it keeps no record of another lane from being decided", async () => {
  const [topic, { brokers }] = ["isolated", kafka()];
  await createTopic(brokers, topic, 1);
  for (const lane of ["poisoned", "rest"]) await createTopic(brokers, `${topic}.lane.${lane}`, 1);
  const uri = mongo().uri.replace("/?", "/isolated?");
  const lanes = "poisoned?priority=3&priority_field=/priority&consecutive=20&in_flight=200,rest";
  const program = new Program(brokers, uri, topic, { SIGMA_LANES: lanes });
  const gateway = await program.start();
  const client = new MongoClient(mongo().uri);
  onTestFinished(async () => client.close());
  const facts = client.db("isolated").collection("validated_shipments");
  const failures = client.db("isolated").collection("failed_shipments");
  const states = async (): Promise<readonly string[]> => {
    const { streams } = await gateway.ready();
    return streams.map(({ state, trouble }) => `${state} ${trouble?.code ?? ""}`).toSorted((a, b) => (a < b ? -1 : 1));
  };
  let sent = 0;
  const round = async (): Promise<void> => {
    // Five that FAIL before each healthy one, in one partition of one topic.
    const texts = Array.from({ length: 50 }, (_, at) => [
      ...Array.from({ length: 5 }, () => POISON),
      shipmentText(`S-${sent + at}`),
    ]);
    await produce(brokers, topic, 0, texts.flat());
    sent += texts.length;
  };
  await round();
  await expect.poll(async () => facts.countDocuments()).toBe(sent);
  await until(async () => (await states()).includes("halted BREAKER_OPEN"));
  // While the lane stands still with what it did not decide, the other one goes on as if it were alone.
  const standing = await failures.countDocuments();
  for (let more = 0; more < 4; more += 1) {
    await round();
    await expect.poll(async () => facts.countDocuments()).toBe(sent);
  }
  expect([await states(), await failures.countDocuments()]).toEqual([["halted BREAKER_OPEN", "running "], standing]);
  const status = (await (await fetch(`${gateway.url}/v1/status`)).json()) as {
    readonly streams: readonly { readonly topic: string; readonly lag: number }[];
  };
  const lagOf = (lane: string): number =>
    status.streams.find((one) => one.topic === `${topic}.lane.${lane}`)?.lag ?? -1;
  expect(lagOf("poisoned")).toBeGreaterThan(5 * 50 * 4 - 1);
});
