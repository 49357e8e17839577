import { Producer, ProduceAcks } from "@platformatic/kafka";
import { MongoClient } from "mongodb";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../patience.ts";
import { createTopic } from "../servers/kafka-for-tests.ts";
import { engines, produce, Program, shipmentText, type Gateway } from "./engines.ts";

const { kafka, mongo } = engines();

const OF_PRIORITY = "?priority=1&priority_field=/priority,rest";
const OLD = `urgent${OF_PRIORITY}`;
/** The lane is renamed. */
const NEW = `quick${OF_PRIORITY}`;

async function lanesOf(topic: string) {
  const { brokers } = kafka();
  await createTopic(brokers, topic, 1);
  for (const lane of ["urgent", "quick", "rest"]) await createTopic(brokers, `${topic}.lane.${lane}`, 1);
  const uri = mongo().uri.replace("/?", `/${topic}?`);
  const as = (role: string, lanes: string): Program =>
    new Program(brokers, uri, topic, { SIGMA_LANES: lanes, SIGMA_ROLE: role });
  const client = new MongoClient(uri);
  onTestFinished(async () => client.close());
  const facts = client.db().collection("validated_shipments");
  return {
    as,
    brokers,
    facts: async () => facts.countDocuments(),
    /** Half of them are urgent. */
    send: async (name: string) => {
      const texts = Array.from({ length: 10 }, (_, at) => shipmentText(`${name}-${at}`));
      const half = texts.map((text, at) => (at % 2 === 0 ? text.replace('"priority":2', '"priority":1') : text));
      await produce(brokers, topic, 0, half);
    },
  };
}

/** A producer that gives its transaction up: its records take offsets, and nobody reads them. */
async function giveUpOne(brokers: string, topic: string): Promise<void> {
  const producer = new Producer({
    clientId: "tests",
    bootstrapBrokers: [brokers],
    retries: 100,
    acks: ProduceAcks.ALL,
    idempotent: true,
    transactionalId: `tests-${topic}`,
  });
  try {
    const transaction = await producer.beginTransaction({ producerId: -1n, producerEpoch: -1 });
    const value = Buffer.from(shipmentText("NEVER"));
    await transaction.send({ messages: [{ topic, partition: 0, value }], acks: ProduceAcks.ALL });
    await transaction.abort();
  } finally {
    await producer.close(true);
  }
}

async function end(gateway: Gateway): Promise<void> {
  gateway.child.kill("SIGTERM");
  expect((await gateway.ended).code).toBe(0);
}

type Check = { readonly name: string; readonly result: string; readonly message: string };

async function checksOf(program: Program): Promise<readonly Check[]> {
  const { stdout } = await program.run("doctor", "--port", "0", "--json");
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Check);
}

test("records that wait in a lane which was renamed are named by doctor and at the start, and are in their lanes all the same", async () => {
  const topic = "renamed";
  const { as, facts, send } = await lanesOf(topic);
  const old = await as("all", OLD).start();
  await send("A");
  await expect.poll(facts).toBe(10);
  await end(old);
  const router = await as("router", OLD).start();
  await send("B");
  await until(async () => {
    const { router: streams } = (await (await fetch(`${router.url}/readyz`)).json()) as {
      readonly router: readonly { readonly movedTo: number }[];
    };
    return streams[0]?.movedTo === 20;
  });
  await end(router);

  const found = await checksOf(as("all", NEW));
  const left = found.filter(({ name }) => name === "lanes");
  expect(left).toMatchObject([
    { result: "warn", message: expect.stringContaining(`"${topic}.lane.urgent" is of no lane`) as string },
  ]);
  const access = found.filter(({ name }) => name === "kafka access").map(({ message }) => message);
  expect(access).toEqual(
    expect.arrayContaining([
      expect.stringContaining(`topic "${topic}":`),
      expect.stringContaining(`group "group-${topic}.router": Read`),
    ]),
  );
  const routers = await checksOf(as("router", NEW));
  expect(routers.filter(({ name }) => name === "kafka access").map(({ message }) => message)).toEqual([
    `topic "${topic}": Read, Write, Describe, DescribeConfigs`,
    `topic "${topic}.lane.quick": Write, Describe`,
    `topic "${topic}.lane.rest": Write, Describe`,
    `group "group-${topic}.router": Read`,
  ]);
  // What was decided there, and what waits there, was moved.
  const checked = await as("all", NEW).run("lanes", "check");
  expect([checked.code, checked.stdout]).toEqual([0, expect.stringContaining("exactly once") as string]);
  const gateway = await as("all", NEW).start();
  await until(() => gateway.output().stderr.includes(`of ${topic}.lane.urgent/0 are not decided`));
  await expect.poll(facts).toBe(15);
  await end(gateway);

  const last = await as("worker", OLD).start();
  await expect.poll(facts).toBe(20);
  await end(last);
  expect((await checksOf(as("all", NEW))).filter(({ name }) => name === "lanes")).toEqual([]);
  const quiet = await as("all", NEW).start();
  await until(async () => (await quiet.ready()).status === 200);
  await end(quiet);
  expect(quiet.output().stderr).not.toContain("are not decided");
  expect((await as("all", NEW).run("audit", "--source")).code).toBe(0);
});

test("offsets of transactions without a record are no records that wait", async () => {
  const topic = "marks";
  const { as, brokers, facts, send } = await lanesOf(topic);
  const gateway = await as("all", OLD).start();
  await send("A");
  await expect.poll(facts).toBe(10);
  await end(gateway);
  // In a lane that nobody reads now, behind the mark of the router's own transaction.
  await giveUpOne(brokers, `${topic}.lane.rest`);
  const { stdout } = await as("all", OLD).run("status");
  expect(stdout.split("\n").filter((line) => line.includes(".lane."))).toEqual([
    expect.stringMatching(/^marks\.lane\.urgent\/0 .* everything decided$/),
    expect.stringMatching(/^marks\.lane\.rest\/0 .* everything decided$/),
  ]);
  await produce(brokers, `${topic}.lane.rest`, 0, [shipmentText("LATE")]);
  const waiting = await as("all", OLD).run("status");
  expect(waiting.stdout).toMatch(/^marks\.lane\.rest\/0 .* \d+ offsets? not decided yet$/m);
});
