import { MongoClient } from "mongodb";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../patience.ts";
import { createTopic, withAdmin } from "../servers/kafka-for-tests.ts";
import { receiptsIn } from "../store/mongodb/receipts-in.ts";
import { engines, Program, shipmentText } from "./engines.ts";

const { kafka, mongo } = engines();

/** From two partitions. */
async function growToFour(brokers: string, topic: string): Promise<void> {
  await withAdmin(brokers, async (admin) =>
    admin.createPartitions({
      topics: [{ name: topic, count: 4, assignments: [{ brokerIds: [1] }, { brokerIds: [1] }] }],
      validateOnly: false,
    }),
  );
}

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
  await growToFour(brokers, topic);
  // A gateway that runs reads the new partitions by itself, and appends to them; what else appends is started again.
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

test("a topic that grows while records are appended takes every one, and the new partitions take theirs", async () => {
  const topic = "grows-on";
  const { brokers } = kafka();
  await createTopic(brokers, topic, 2);
  const program = new Program(brokers, mongo().uri.replace("/?", `/${topic}?`), topic);
  const gateway = await program.start();
  let sent = 0;
  const send = async (): Promise<readonly number[]> => {
    const body = Array.from({ length: 20 }, (_, at) => `${shipmentText(`S-${sent + at}`)}\n`).join("");
    const headers = { "content-type": "application/x-ndjson", prefer: "wait=30" };
    const answer = await fetch(`${gateway.url}/v1/events/${topic}`, { method: "POST", headers, body });
    expect([answer.status, await answer.clone().text()]).toEqual([200, expect.anything()]);
    sent += 20;
    const lines = (await answer.text()).matchAll(/"partition":(\d+)/g);
    return [...new Set([...lines].map(([, partition]) => Number(partition)))].toSorted((a, b) => a - b);
  };
  expect(await send()).toEqual([0, 1]);
  await growToFour(brokers, topic);
  await until(async () => (await send()).length === 4);
  gateway.child.kill("SIGTERM");
  expect((await gateway.ended).code).toBe(0);
  const audit = await program.run("audit", "--source", "--json");
  expect([audit.code, audit.stdout]).toEqual([0, expect.stringContaining(`"records":${sent},`) as string]);
});
