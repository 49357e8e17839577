import { ConfigResourceTypes } from "@platformatic/kafka";
import { MongoClient } from "mongodb";
import { expect, onTestFinished, test } from "vitest";
import { readPage } from "../observe/metrics/reading.ts";
import { until } from "../patience.ts";
import { createTopic, deleteTopic, withAdmin } from "../servers/kafka-for-tests.ts";
import { engines, produce, Program, shipmentText, type Gateway } from "./engines.ts";

const { kafka, mongo } = engines();

const LANES = "urgent?priority=1&priority_field=/priority,rest";

/** A topic with lanes, and the program in each of its roles. */
async function lanesOf(topic: string, lanes: readonly string[] = ["urgent", "rest"]) {
  const { brokers } = kafka();
  await createTopic(brokers, topic, 2);
  for (const lane of lanes) await createTopic(brokers, `${topic}.lane.${lane}`, 2);
  const uri = mongo().uri.replace("/?", `/${topic}?`);
  const as = (role: string, more: Readonly<Record<string, string>> = {}): Program =>
    new Program(brokers, uri, topic, { SIGMA_LANES: LANES, SIGMA_ROLE: role, ...more });
  const client = new MongoClient(uri);
  onTestFinished(async () => client.close());
  const facts = client.db().collection("validated_shipments");
  const send = async (from: number, to: number): Promise<void> => {
    for (const partition of [0, 1]) {
      const texts = Array.from({ length: to - from }, (_, at) => shipmentText(`S-${partition}-${from + at}`));
      await produce(
        brokers,
        topic,
        partition,
        texts.map((text, at) => (at % 3 === 0 ? text.replace('"priority":2', '"priority":1') : text)),
      );
    }
  };
  return { as, brokers, topic, facts: async () => facts.countDocuments(), send };
}

type Routed = { readonly state: string; readonly movedTo: number; readonly trouble: { readonly code: string } | null };

async function routed({ url }: Pick<Gateway, "url">) {
  const answer = await fetch(`${url}/readyz`);
  const { router } = (await answer.json()) as { readonly router: readonly Routed[] };
  return { status: answer.status, router };
}

async function metricsOf({ url }: Pick<Gateway, "url">): Promise<Readonly<Record<string, number>>> {
  return Object.fromEntries(readPage(await (await fetch(`${url}/metrics`)).text()));
}

test("a router moves records for workers of one machine, says how far it is, and ends at once on SIGTERM", async () => {
  const { as, topic, facts, send } = await lanesOf("routed");
  const router = await as("router").start();
  const workers = await as("worker", { SIGMA_WORKERS: "2", SIGMA_KAFKA_INSTANCE_ID: topic }).start();
  await send(0, 300);
  await expect.poll(facts).toBe(600);
  expect(await routed(router)).toEqual({
    status: 200,
    router: expect.toSatisfy((streams: readonly Routed[]) =>
      streams.every(({ state, movedTo, trouble }) => state === "running" && movedTo >= 300 && trouble === null),
    ) as unknown,
  });
  const metrics = await metricsOf(router);
  const moved = (lane: string): number =>
    metrics[`sigma_router_records_total{topic="${topic}",lane="${topic}.lane.${lane}"}`] ?? 0;
  expect([moved("urgent"), moved("rest"), metrics['sigma_router_streams{state="running"}']]).toEqual([200, 400, 2]);
  expect(metrics[`sigma_router_lag_records{topic="${topic}",partition="0"}`]).toBe(0);
  // Whatever is in the middle of being moved: each record is in its lane once.
  const sending = send(300, 1_500);
  await until(async () =>
    Object.values(await routed(router).then((one) => one.router)).some((one) => one.movedTo > 300),
  );
  router.child.kill("SIGTERM");
  expect((await router.ended).code).toBe(0);
  const next = await as("router").start();
  await sending;
  await expect.poll(facts).toBe(3_000);
  const owners = (await workers.ready()).streams.length;
  expect(owners).toBe(4);
  for (const { child, ended } of [next, workers]) {
    child.kill("SIGTERM");
    expect((await ended).code).toBe(0);
  }
  expect((await as("all").run("lanes", "check", "--quiet")).code).toBe(0);
  expect((await as("all").run("audit", "--source")).code).toBe(0);
});

test("one process with two workers moves and decides, and shows both", async () => {
  const { as, topic, facts, send } = await lanesOf("routed-and-decided");
  const gateway = await as("all", { SIGMA_WORKERS: "2", SIGMA_KAFKA_INSTANCE_ID: topic }).start();
  await send(0, 200);
  await expect.poll(facts).toBe(400);
  const status = (await (await fetch(`${gateway.url}/v1/status`)).json()) as { router: readonly Routed[] };
  expect(status.router).toMatchObject([
    { topic, partition: 0, state: "running", lag: 0, lagSeconds: 0, trouble: null },
    { topic, partition: 1, state: "running", lag: 0, lagSeconds: 0, trouble: null },
  ]);
  gateway.child.kill("SIGTERM");
  expect((await gateway.ended).code).toBe(0);
  expect((await as("all").run("lanes", "check", "--quiet")).code).toBe(0);
  expect((await as("all").run("audit", "--source")).code).toBe(0);
});

test("a router goes on when the only broker is killed right behind a commit, and each record is in its lane once", async () => {
  const { as, send } = await lanesOf("forgotten");
  const router = await as("router").start();
  for (const [from, to] of [
    [0, 30],
    [30, 60],
  ] as const) {
    await send(from, to);
    await until(async () => (await routed(router)).router.every(({ movedTo }) => movedTo >= to));
    // Within milliseconds of a commit, Kafka forgets its end.
    await kafka().restart();
    await until(async () => (await routed(router)).status === 200);
  }
  router.child.kill("SIGTERM");
  expect((await router.ended).code).toBe(0);
  expect((await as("all").run("lanes", "check")).stdout).toContain("each record is in its lanes exactly once");
});

test("a router says why it stands still, by a lane that takes no large record and by one that is gone, and goes on by itself", async () => {
  const { as, brokers, topic, send } = await lanesOf("stuck", ["urgent"]);
  const rest = `${topic}.lane.rest`;
  await createTopic(brokers, rest, 2, { "max.message.bytes": "2000" });
  const router = await as("router").start();
  await send(0, 10);
  await until(async () => (await routed(router)).router.every(({ movedTo }) => movedTo >= 10));
  const large = shipmentText("L-1").replace("}", `,"note":"${"x".repeat(10_000)}"}`);
  await produce(brokers, topic, 0, [large, shipmentText("L-2")]);
  // The other partition is not held up.
  await produce(brokers, topic, 1, [shipmentText("L-3")]);
  const troubles = async () =>
    (await routed(router)).router.map(({ movedTo, trouble }) => `${movedTo} ${trouble?.code ?? ""}`);
  await until(async () => (await troubles()).join() === "10 LOG_TOO_LARGE,11 ");
  expect((await routed(router)).status).toBe(503);
  const waits = `sigma_router_waits_total{topic="${topic}",code="LOG_TOO_LARGE"}`;
  expect((await metricsOf(router))[waits]).toBeGreaterThan(0);
  await withAdmin(brokers, async (admin) =>
    admin.incrementalAlterConfigs({
      resources: [
        {
          resourceType: ConfigResourceTypes.TOPIC,
          resourceName: rest,
          configs: [{ name: "max.message.bytes", configOperation: 0, value: "100000" }],
        },
      ],
    }),
  );
  await until(async () => (await troubles()).join() === "12 ,11 ");
  await deleteTopic(brokers, rest);
  await produce(brokers, topic, 0, [shipmentText("L-4")]);
  await until(async () => /^12 LOG_[A-Z_]+,11 $/.test((await troubles()).join()));
  await until(async () =>
    createTopic(brokers, rest, 2).then(
      () => true,
      () => false,
    ),
  );
  await until(async () => (await troubles()).join() === "13 ,11 ");
  await until(async () => (await routed(router)).status === 200);
  router.child.kill("SIGTERM");
  expect((await router.ended).code).toBe(0);
});
