import { onTestFinished, expect, test } from "vitest";
import { MongoClient } from "mongodb";
import { createTopic } from "../servers/kafka-for-tests.ts";
import { engines, Program, shipmentText, type Gateway } from "./engines.ts";

const { kafka, mongo } = engines();

test("ingest takes records, workers decide them, and a console shows what became of them", async () => {
  const topic = "roles";
  const { brokers } = kafka();
  await createTopic(brokers, topic, 2);
  const uri = mongo().uri.replace("/?", `/${topic}?`);
  const as = (role: string): Program =>
    new Program(brokers, uri, topic, { SIGMA_ROLE: role, SIGMA_HTTP_BACKLOG_RECORDS: "60" });
  const client = new MongoClient(uri);
  onTestFinished(async () => client.close());
  const ingest = await as("ingest").start();
  const workers = [await as("worker").start(), await as("worker").start()];
  const streams = async (): Promise<number> =>
    (await Promise.all(workers.map(async ({ ready }) => (await ready()).streams.length))).reduce((a, b) => a + b, 0);
  await expect.poll(streams).toBe(2);
  const lines = Array.from({ length: 50 }, (_, index) => shipmentText(`S-${index}`));
  // The ingest waits for what the workers decide, and finds it in the store.
  const sent = await fetch(`${ingest.url}/v1/events/${topic}`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson", prefer: "wait=30" },
    body: [...lines, '{"shipment_id":""}', ""].join("\n"),
  });
  expect([sent.status, (await sent.text()).includes('"FAILED"')]).toEqual([200, true]);
  expect(await client.db().collection("validated_shipments").countDocuments()).toBe(50);
  const console = await as("console").start();
  const groups = await (await fetch(`${console.url}/v1/failures/groups`)).json();
  expect(groups).toMatchObject({ groups: [{ count: 1 }] });
  const refused = await fetch(`${workers[0]?.url}/v1/failures/groups`);
  expect([refused.status, await refused.json()]).toMatchObject([404, { code: "other-role" }]);
  const stop = async (all: readonly Gateway[]): Promise<void> => {
    for (const { child, ended } of all) {
      child.kill("SIGTERM");
      expect((await ended).code).toBe(0);
    }
  };
  await stop([console, ...workers]);
  // It knows from the ledger how much waits for the workers, of all partitions.
  const appendMore = async () => {
    const headers = { "content-type": "application/x-ndjson" };
    const body = Array.from({ length: 20 }, (_, index) => shipmentText(`T-${index}`)).join("\n");
    const response = await fetch(`${ingest.url}/v1/events/${topic}`, { method: "POST", headers, body });
    return [response.status, response.headers.get("ratelimit")];
  };
  expect(await appendMore()).toEqual([202, '"backlog";r=60;t=0']);
  await expect.poll(appendMore).toEqual([503, '"backlog";r=0;t=60']);
  await stop([ingest]);
  expect((await as("all").run("audit", "--source")).code).toBe(0);
});
