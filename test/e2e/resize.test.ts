import { MongoClient } from "mongodb";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../patience.ts";
import { createTopic, withAdmin } from "../servers/kafka-for-tests.ts";
import { receiptsIn } from "../store/mongodb/receipts-in.ts";
import { engines, Program, shipmentText } from "./engines.ts";

const { kafka, mongo } = engines();

test("a topic grows by the procedure: doctor says when, identities that moved are known, and nothing is decided twice", async () => {
  const topic = "grown";
  const { brokers } = kafka();
  await createTopic(brokers, topic, 2);
  const uri = mongo().uri.replace("/?", `/${topic}?`);
  const program = new Program(brokers, uri, topic);
  const client = new MongoClient(uri);
  onTestFinished(async () => client.close());
  const db = client.db();
  let gateway = await program.start();
  const ids = Array.from({ length: 60 }, (_, index) => `S-${index}`);
  // Keyed by their identity, as is everything that comes by HTTP.
  const send = async (): Promise<number> => {
    const body = ids.map((id) => `${shipmentText(id)}\n`).join("");
    const headers = { "content-type": "application/x-ndjson", prefer: "wait=30" };
    return (await fetch(`${gateway.url}/v1/events/${topic}`, { method: "POST", headers, body })).status;
  };
  const resize = async (): Promise<string> => (await program.run("doctor", "--resize", `${topic}=4`, "--json")).stdout;
  expect(await send()).toBe(200);
  expect(await resize()).toMatch(/50 % of the keys[^]*"undecided","result":"ok"/);
  await withAdmin(brokers, async (admin) =>
    admin.createPartitions({
      topics: [{ name: topic, count: 4, assignments: [{ brokerIds: [1] }, { brokerIds: [1] }] }],
      validateOnly: false,
    }),
  );
  // A gateway that runs reads the new partitions, and appends to the old ones for some minutes more: so it is started again.
  const runs = async (): Promise<boolean> =>
    (await gateway.ready()).streams.filter(({ state }) => state === "running").length === 4;
  await until(runs);
  gateway.child.kill("SIGTERM");
  expect((await gateway.ended).code).toBe(0);
  gateway = await program.start();
  await until(runs);
  expect(await send()).toBe(200);
  // Each identity is known again, also where its records lie in another partition now.
  expect(await db.collection("validated_shipments").countDocuments()).toBe(60);
  expect((await receiptsIn(db)).size).toBe(60);
  expect((await gateway.ready()).streams.filter(({ settledTo }) => (settledTo ?? 0) > 0).length).toBe(4);
  gateway.child.kill("SIGTERM");
  expect((await gateway.ended).code).toBe(0);
  expect((await program.run("audit", "--source")).code).toBe(0);
});
