import { MongoClient } from "mongodb";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../patience.ts";
import { createTopic } from "../servers/kafka-for-tests.ts";
import { engines, Program } from "./engines.ts";
import { openLaneLatency } from "./lane-latency.ts";

const { kafka, mongo } = engines();

/** A record that FAILS, and belongs to the lane of priority 3. */
const POISON = `{"shipment_id":"","weight_kg":-1,"destination":"","priority":3,"note":"${"x".repeat(200)}"}`;

test("a lane that is poisoned until its breaker stops it does not delay another: its p99 moves less than 20 %", async () => {
  const [topic, { brokers }] = ["isolated", kafka()];
  await createTopic(brokers, topic, 1);
  for (const lane of ["poisoned", "rest"]) await createTopic(brokers, `${topic}.lane.${lane}`, 1);
  const uri = mongo().uri.replace("/?", "/isolated?");
  const lanes = "poisoned?priority=3&priority_field=/priority&consecutive=20&in_flight=200,rest";
  const program = new Program(brokers, uri, topic, { SIGMA_LANES: lanes });
  const gateway = await program.start();
  const client = new MongoClient(mongo().uri);
  onTestFinished(async () => client.close());
  const latency = await openLaneLatency(brokers, topic, client.db("isolated"), 100);
  onTestFinished(latency.close);
  const poison = Array.from({ length: 5 }, () => POISON);
  let [quiet, poisoned] = [Infinity, Infinity];
  // On a busy machine any round may be slow: the least of each kind says what the lanes themselves cost.
  await until(
    async () => {
      quiet = Math.min(quiet, await latency.round([]));
      poisoned = Math.min(poisoned, await latency.round(poison));
      return poisoned < quiet * 1.2;
    },
    () => `p99 was ${quiet} ms, and ${poisoned} ms beside a poisoned lane`,
  );
  const { streams } = await gateway.ready();
  const states = streams.map(({ state, trouble }) => `${state} ${trouble?.code ?? ""}`);
  expect(states.toSorted((a, b) => a.localeCompare(b))).toEqual(["halted BREAKER_OPEN", "running "]);
});
